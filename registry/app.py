"""The registry's routes."""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from client.transport import open_session
from services.common import registration, wire
from services.common.app import base_app
from services.common.background import running
from services.common.database import open_database
from services.common.errors import Invalid
from services.common.keys import DATABASE
from services.common.lifecycle import LIFECYCLE
from services.common.logs import logger
from services.common.paging import Page, decode_cursor, encode_cursor, page_response
from services.common.routing import Nothing, Route
from services.common.settings import Settings, is_loopback
from services.common.tracing import current_request_id

from . import store
from .board import Board
from .leases import LeaseTable
from .model import DEFAULT_TTL, Event, Instance, UnknownInstance, Word

STREAM_PAUSE = 15.0
"""Seconds of silence after which a stream says that it is still there."""

BOARD: web.AppKey[Board] = web.AppKey("board", Board)
ALLOWED: web.AppKey[frozenset[str]] = web.AppKey("allowed_hosts", frozenset)

Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z")]
Text = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\Z")]


@dataclass(frozen=True, kw_only=True)
class RegistrySettings(Settings):
    """`allowed_hosts` are those that instances may be at, beside loopback and its own."""

    allowed_hosts: tuple[str, ...] = ()


class NewRegistration(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What an instance says of itself; its lease lasts `ttl` seconds."""

    url: Annotated[str, msgspec.Meta(max_length=300)]
    version: Text | None = None
    meta: Annotated[dict[str, Any], msgspec.Meta(max_length=50)] = {}
    ttl: wire.Seconds = wire.Seconds(DEFAULT_TTL)


class Lease(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The lease that an instance was given."""

    lease: Text


class Leaving(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """With a lease, only the instance that holds it is taken out."""

    lease: Text | None = None


class StateWord(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """With a lease the instance's own word, without one the operator's."""

    state: Word
    lease: Text | None = None


class Watch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """From where on to tell, for how many seconds to wait for it, and who is asking."""

    epoch: Text | None = None
    index: Annotated[int, msgspec.Meta(ge=0, le=wire.LARGEST_INTEGER)] = 0
    wait: Annotated[int, msgspec.Meta(ge=0, le=60)] = 0
    as_: Text | None = msgspec.field(name="as", default=None)


class Report(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An instance that could not be reached, and what happened."""

    service: Id
    instance_id: Id
    what: Text


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a registration, beside the instance itself."""

    lease: str
    heartbeat_every: float
    index: int
    epoch: str
    shop: str


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """Services with their instances, each whole; all of them after a reset."""

    index: int
    epoch: str
    reset: bool
    shop: str
    services: dict[str, list[Instance]]


class OneService(msgspec.Struct, frozen=True, kw_only=True):
    """One service's instances."""

    index: int
    service: str
    instances: list[Instance]


def create_app(settings: RegistrySettings) -> web.Application:
    """The registry."""
    app = base_app(settings, ROUTES)
    own = {host for host in (settings.host, settings.advertise) if host}
    app[ALLOWED] = frozenset(own | set(settings.allowed_hosts))
    schema = registration.SCHEMA + (Path(__file__).parent / "schema.sql").read_text()

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
            async with running(app[BOARD].expire(), "expiry of leases"):
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
    _require_allowed(new.url, request.app[ALLOWED])
    known = _is_known(board, service, instance_id)
    now = time.monotonic()
    made, events = board.table.register(
        service,
        instance_id,
        new.url.rstrip("/"),
        now=now,
        version=new.version,
        meta=new.meta,
        ttl=float(new.ttl),
    )
    await board.record(events)
    answer = _shown(board, service, instance_id) | msgspec.structs.asdict(
        Registered(
            lease=made.lease,
            heartbeat_every=made.heartbeat_every,
            index=board.table.index,
            epoch=board.table.epoch,
            shop=board.shop,
        )
    )
    return web.json_response(body=wire.encode(answer), status=200 if known else 201)


async def heartbeat(request: web.Request, lease: Lease) -> web.Response:
    """Renew a lease. 404: register again. 409: another has taken this one's place; stop."""
    board = request.app[BOARD]
    service, instance_id = _name(request)
    events = board.table.heartbeat(service, instance_id, lease.lease, now=time.monotonic())
    await board.record(events)
    return web.json_response(body=wire.encode(_shown(board, service, instance_id)))


async def set_state(request: web.Request, word: StateWord) -> web.Response:
    """Drain an instance or take it back, by its own word or the operator's."""
    board = request.app[BOARD]
    service, instance_id = _name(request)
    now = time.monotonic()
    if word.lease is not None:
        events = board.table.set_own_word(service, instance_id, word.lease, word.state, now=now)
    else:
        events = board.table.set_operator_word(service, instance_id, word.state, now=now)
    await board.record(events, must_last=True)
    return web.json_response(body=wire.encode(_shown(board, service, instance_id)))


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
    instance = board.table.instance(report.service, report.instance_id, now=time.monotonic())
    await board.look(instance, report.what)
    return web.json_response(
        body=wire.encode(_shown(board, report.service, report.instance_id)), status=202
    )


async def history(request: web.Request, page: Page) -> web.Response:
    """What happened, newest first."""
    after = None if page.after is None else decode_cursor(page.after, int)
    events, next_id = await request.app[DATABASE].read(store.list_history, page.limit, after)
    return page_response(request, events, None if next_id is None else encode_cursor(next_id))


async def stream_events(request: web.Request, _parameters: Nothing) -> web.StreamResponse:
    """What happens, live, as server-sent events named for what it is."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            "X-Request-ID": current_request_id(),
        }
    )
    with request.app[BOARD].stream() as stream:
        await response.prepare(request)
        await response.write(b": from now on\n\n")
        while True:
            try:
                async with asyncio.timeout(STREAM_PAUSE):
                    event = await stream.get()
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if event is None:
                return response
            data = wire.encode(event).decode()
            await response.write(f"event: {event.what}\ndata: {data}\n\n".encode())


def _name(request: web.Request) -> tuple[str, str]:
    """The service and the instance in the path. Raises Invalid."""
    try:
        service, instance_id = request.match_info["service"], request.match_info["instance_id"]
        return msgspec.convert(service, Id), msgspec.convert(instance_id, Id)
    except msgspec.ValidationError:
        raise Invalid("A service and an instance are named with A-Z a-z 0-9 . _ -") from None


def _require_allowed(url: str, allowed: frozenset[str]) -> None:
    """Raise Invalid (`url_not_allowed`) for what is no http(s)://host:port on an allowed host."""
    try:
        parts = urlsplit(url)
        plain = (
            parts.scheme in ("http", "https")
            and parts.port
            and not (parts.username or parts.password or parts.query or parts.fragment)
            and parts.path in ("", "/")
        )
    except ValueError:
        plain = False
    if not plain or not parts.hostname:
        raise Invalid("url: expected http(s)://host:port", code="url_not_allowed")
    if not is_loopback(parts.hostname) and parts.hostname not in allowed:
        raise Invalid(
            f"url: {parts.hostname} is not an allowed host; see --allow-host",
            code="url_not_allowed",
        )


def _is_known(board: Board, service: str, instance_id: str) -> bool:
    try:
        board.table.instance(service, instance_id, now=time.monotonic())
    except UnknownInstance:
        return False
    return True


def _shown(board: Board, service: str, instance_id: str) -> dict[str, Any]:
    return asdict(board.table.instance(service, instance_id, now=time.monotonic()))


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
]
