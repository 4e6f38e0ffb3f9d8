"""The registry's routes."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, fields
from pathlib import Path

import msgspec
from aiohttp import web

from client.transport import open_session
from services.common import belonging, wire
from services.common.app import base_app
from services.common.background import running
from services.common.database import open_database
from services.common.errors import Invalid
from services.common.keys import DATABASE
from services.common.lifecycle import LIFECYCLE
from services.common.logs import logger
from services.common.pages import page_routes
from services.common.paging import Page, Place, decode_cursor, encode_cursor, page_response
from services.common.routing import Nothing, Route
from services.common.settings import Settings

from . import store
from .addresses import allowed_address
from .board import BOARD, Board
from .event_stream import stream_events
from .leases import LeaseTable
from .model import Event, Instance, UnknownInstance
from .shapes import (
    Away,
    Id,
    Lease,
    Leaving,
    NewRegistration,
    OneService,
    Registered,
    Report,
    Services,
    StateWord,
    Watch,
)

ALLOWED: web.AppKey[Collection[str]] = web.AppKey("allowed_hosts", Collection)


@dataclass(frozen=True, kw_only=True)
class RegistrySettings(Settings):
    """`allowed_hosts` are those that instances may be at, beside loopback and its own."""

    allowed_hosts: tuple[str, ...] = ()


def create_app(settings: RegistrySettings) -> web.Application:
    """The registry."""
    app = base_app(settings, ROUTES)
    own = {host for host in (settings.host, settings.advertise) if host}
    app[ALLOWED] = frozenset(host.lower() for host in (*own, *settings.allowed_hosts))
    schema = belonging.SCHEMA + (Path(__file__).parent / "schema.sql").read_text()

    async def board(app: web.Application) -> AsyncIterator[None]:
        async with (
            open_database(
                settings.data_dir / "registry.db", [schema], end_process=_go_on_from_memory
            ) as database,
            open_session() as session,
        ):
            app[DATABASE] = database
            shop = await database.write(store.open_shop, str(uuid.uuid4()))
            # A new epoch at each start: what memory had and the disk had not cannot be told again.
            table = LeaseTable(epoch=secrets.token_hex(8))
            table.restore(*await database.read(store.load), now=time.monotonic())
            app[BOARD] = Board(table, database, shop, session)
            app[LIFECYCLE].shop = shop
            app[LIFECYCLE].registered = True
            async with running(app[BOARD].expire, "expiry of leases"):
                yield

    async def end_streams(app: web.Application) -> None:
        app[BOARD].end()

    app.cleanup_ctx.append(board)
    app.on_shutdown.append(end_streams)
    return app


async def register(request: web.Request, new: NewRegistration) -> web.Response:
    """Register an instance, or register it again, under a new lease."""
    board = request.app[BOARD]
    service, instance_id = _name(request)
    url = allowed_address(new.url, request.app[ALLOWED])
    known = _is_known(board, service, instance_id)
    now = time.monotonic()
    made, events = board.table.register(
        service,
        instance_id,
        url,
        now=now,
        version=new.version,
        meta=new.meta,
        ttl=float(new.ttl),
    )
    shown = _instance(board, service, instance_id)
    registered = Registered(
        lease=made.lease,
        heartbeat_every=made.heartbeat_every,
        index=board.table.index,
        epoch=board.table.epoch,
        shop=board.shop,
    )
    answer = {field.name: getattr(shown, field.name) for field in fields(shown)}
    answer |= msgspec.structs.asdict(registered)
    await board.record(events)
    return web.json_response(body=wire.encode(answer), status=200 if known else 201)


async def heartbeat(request: web.Request, lease: Lease) -> web.Response:
    """Renew a lease. 404: register again. 409: another has taken this one's place; stop."""
    board = request.app[BOARD]
    service, instance_id = _name(request)
    events = board.table.heartbeat(service, instance_id, lease.lease, now=time.monotonic())
    shown = _instance(board, service, instance_id)
    await board.record(events)
    return web.json_response(body=wire.encode(shown))


async def set_state(request: web.Request, word: StateWord) -> web.Response:
    """Drain an instance or take it back, by its own word or the operator's.

    The operator's is kept for one that is away as well, and answered with its names, `down`.
    """
    board = request.app[BOARD]
    service, instance_id = _name(request)
    now = time.monotonic()
    if word.lease is not None:
        events = board.table.set_own_word(service, instance_id, word.lease, word.state, now=now)
    else:
        events = board.table.set_operator_word(service, instance_id, word.state, now=now)
    try:
        shown: Instance | Away = _instance(board, service, instance_id)
    except UnknownInstance:
        drained = "; drained by the operator" if word.state == "draining" else ""
        shown = Away(service=service, instance_id=instance_id, reason=f"not registered{drained}")
    await board.record(events, must_last=True)
    return web.json_response(body=wire.encode(shown))


async def remove(request: web.Request, leaving: Leaving) -> web.Response:
    """Take an instance out."""
    board = request.app[BOARD]
    name = _name(request)
    if leaving.lease is not None:
        board.table.heartbeat(*name, leaving.lease, now=time.monotonic())
    await board.record(board.table.remove(*name), must_last=True)
    return web.Response(status=204)


async def list_services(request: web.Request, watch: Watch) -> web.Response:
    """Every service; with `epoch`, `index` and `wait`, what changed since, once it has."""
    board = request.app[BOARD]
    changes = await board.changes(watch.epoch, watch.index, watch.wait)
    answer = Services(
        index=changes.index,
        epoch=changes.epoch,
        reset=changes.reset,
        shop=board.shop,
        services=changes.services,
    )
    return web.json_response(body=wire.encode(answer))


async def get_service(request: web.Request, _parameters: Nothing) -> web.Response:
    """One service's instances."""
    board = request.app[BOARD]
    service = request.match_info["service"]
    instances = board.table.instances(service, now=time.monotonic())
    answer = OneService(index=board.table.index, service=service, instances=instances)
    return web.json_response(body=wire.encode(answer))


async def report(request: web.Request, report: Report) -> web.Response:
    """Somebody could not reach an instance: the registry looks for itself, at once."""
    board = request.app[BOARD]
    instance = _instance(board, report.service, report.instance_id)
    await board.look(instance, report.what)
    shown = _instance(board, report.service, report.instance_id)
    return web.json_response(body=wire.encode(shown), status=202)


async def history(request: web.Request, page: Page) -> web.Response:
    """What happened, newest first."""
    after = None if page.after is None else decode_cursor(page.after, Place)
    events, next_id = await request.app[DATABASE].read(store.list_history, page.limit, after)
    return page_response(request, events, None if next_id is None else encode_cursor(next_id))


def _name(request: web.Request) -> tuple[str, str]:
    """The service and the instance in the path. Raises Invalid."""
    try:
        service, instance_id = request.match_info["service"], request.match_info["instance_id"]
        return msgspec.convert(service, Id), msgspec.convert(instance_id, Id)
    except msgspec.ValidationError:
        raise Invalid("A service and an instance are named with A-Z a-z 0-9 . _ -") from None


def _is_known(board: Board, service: str, instance_id: str) -> bool:
    try:
        _instance(board, service, instance_id)
    except UnknownInstance:
        return False
    return True


def _instance(board: Board, service: str, instance_id: str) -> Instance:
    """An instance as it stands. Raises UnknownInstance."""
    return board.table.instance(service, instance_id, now=time.monotonic())


def _go_on_from_memory(reason: str) -> None:
    logger.error("going on from memory", extra={"reason": reason})


ROUTES = [
    Route(
        "PUT",
        "/services/{service}/{instance_id}",
        register,
        takes=NewRegistration,
        gives=dict,
        refusals=("url_not_allowed",),
    ),
    Route(
        "POST",
        "/services/{service}/{instance_id}/heartbeat",
        heartbeat,
        takes=Lease,
        gives=Instance,
        refusals=("unknown_instance", "superseded"),
        quiet=True,
    ),
    Route(
        "PUT",
        "/services/{service}/{instance_id}/state",
        set_state,
        takes=StateWord,
        gives=Instance,
        refusals=("unknown_instance", "superseded"),
    ),
    Route(
        "DELETE",
        "/services/{service}/{instance_id}",
        remove,
        takes=Leaving,
        status=204,
        refusals=("unknown_instance", "superseded"),
    ),
    Route("GET", "/services", list_services, takes=Watch, gives=Services, streams=True, quiet=True),
    Route(
        "GET", "/services/{service}", get_service, gives=OneService, refusals=("unknown_service",)
    ),
    Route(
        "POST",
        "/reports",
        report,
        takes=Report,
        gives=Instance,
        status=202,
        refusals=("unknown_instance",),
        quiet=True,
    ),
    Route("GET", "/history", history, takes=Page, gives=list[Event]),
    Route("GET", "/events", stream_events, streams=True),
    *page_routes(Path(__file__).parent / "dashboard", ["/"]),
]
