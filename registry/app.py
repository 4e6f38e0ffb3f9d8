"""The registry's routes."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from services.common.core import wire
from services.common.core.background import running
from services.common.core.errors import Invalid
from services.common.core.settings import Settings
from services.common.pages.files import page_routes
from services.common.process.app import base_app
from services.common.storage.migrations import service_schema
from services.common.web.keys import DATABASE, KEYRING
from services.common.web.lifecycle import LIFECYCLE
from services.common.web.paging import (
    CursorNumber,
    Page,
    decode_cursor,
    encode_cursor,
    page_response,
)
from services.common.web.routing import Route

from . import store
from .addresses import allowed_address
from .event_stream import stream_events
from .hub import HUB, Hub, open_hub
from .messages import (
    AbsentInstance,
    Deregistration,
    Heartbeat,
    NewRegistration,
    OneService,
    RegisteredInstance,
    RenewedInstance,
    Report,
    Services,
    StateChange,
    TokenKeyChange,
    TokenKeyView,
    Watch,
)
from .model import Event, Instance, UnknownInstance
from .token_keys import put_token_key

ALLOWED: web.AppKey[Collection[str]] = web.AppKey("allowed_hosts", Collection)


@dataclass(frozen=True, kw_only=True)
class RegistrySettings(Settings):
    """`allowed_hosts` are the hosts where instances may be, besides loopback and the registry's."""

    allowed_hosts: tuple[str, ...] = ()


def create_app(settings: RegistrySettings) -> web.Application:
    """The registry."""
    app = base_app(settings, ROUTES)
    own = {host for host in (settings.host, settings.advertise) if host}
    app[ALLOWED] = frozenset(host.lower() for host in (*own, *settings.allowed_hosts))
    migrations = Path(__file__).parent / "migrations"
    schema = service_schema(settings.service, migrations, shared=["shop"])

    async def hub(app: web.Application) -> AsyncIterator[None]:
        path = settings.data_dir / "registry.db"
        async with open_hub(path, schema, app[KEYRING]) as (opened, database):
            app[HUB], app[DATABASE] = opened, database
            app[LIFECYCLE].shop = opened.shop
            app[LIFECYCLE].registered = True
            async with running(opened.expire, "expiry of leases"):
                yield

    async def end_streams(app: web.Application) -> None:
        app[HUB].end()

    app.cleanup_ctx.append(hub)
    app.on_shutdown.append(end_streams)
    return app


async def register(request: web.Request, new: NewRegistration) -> web.Response:
    """Register an instance, new or again, with a new lease."""
    hub = request.app[HUB]
    service, instance_id = _name(request)
    url = allowed_address(new.url, request.app[ALLOWED])
    known = _is_known(hub, service, instance_id)
    made, events = hub.table.register(
        service,
        instance_id,
        url,
        now=time.monotonic(),
        version=new.version,
        meta=new.meta,
        ttl=float(new.ttl),
    )
    hub.adopt(new.token_keys)
    registered = RegisteredInstance(
        **_members(_instance(hub, service, instance_id)),
        lease=made.lease,
        heartbeat_every=made.heartbeat_every,
        index=hub.table.index,
        epoch=hub.table.epoch,
        shop=hub.shop,
        token_keys=hub.token_keys(),
    )
    await hub.record(events)
    return web.json_response(body=wire.encode(registered), status=200 if known else 201)


async def heartbeat(request: web.Request, beat: Heartbeat) -> web.Response:
    """Renew a lease. 404: register again. 409: another has taken this one's place; stop.

    An instance that has not the keys of tokens of now is told them.
    """
    hub = request.app[HUB]
    service, instance_id = _name(request)
    events = hub.table.heartbeat(service, instance_id, beat.lease, now=time.monotonic())
    answer = _members(_instance(hub, service, instance_id))
    keys = hub.token_keys()
    if beat.token_keys_version not in (None, keys.version):
        answer["token_keys"] = keys
    await hub.record(events)
    return web.json_response(body=wire.encode(answer))


async def set_state(request: web.Request, change: StateChange) -> web.Response:
    """Drain an instance or make it `up` again, at its own request or by the operator's override.

    An override is kept while the instance is not registered; then the response has its names and
    `down`.
    """
    hub = request.app[HUB]
    service, instance_id = _name(request)
    now = time.monotonic()
    if change.lease is not None:
        events = hub.table.set_own_state(service, instance_id, change.lease, change.state, now=now)
    else:
        events = hub.table.set_override(service, instance_id, change.state, now=now)
    try:
        shown: Instance | AbsentInstance = _instance(hub, service, instance_id)
    except UnknownInstance:
        drained = "; drained by the operator" if change.state == "draining" else ""
        shown = AbsentInstance(
            service=service, instance_id=instance_id, reason=f"not registered{drained}"
        )
    await hub.record(events, must_last=True)
    return web.json_response(body=wire.encode(shown))


async def remove(request: web.Request, deregistration: Deregistration) -> web.Response:
    """Remove an instance."""
    hub = request.app[HUB]
    name = _name(request)
    if deregistration.lease is not None:
        hub.table.heartbeat(*name, deregistration.lease, now=time.monotonic())
    await hub.record(hub.table.remove(*name), must_last=True)
    return web.Response(status=204)


async def list_services(request: web.Request, watch: Watch) -> web.Response:
    """Every service. With `epoch`, `index` and `wait`: the services that changed since then, after
    waiting for a change.
    """
    hub = request.app[HUB]
    wait = 0.0 if request.method == "HEAD" else watch.wait
    changes = await hub.changes(watch.epoch, watch.index, wait)
    answer = Services(
        index=changes.index,
        epoch=changes.epoch,
        reset=changes.reset,
        shop=hub.shop,
        services=changes.services,
    )
    return web.json_response(body=wire.encode(answer))


async def get_service(request: web.Request) -> web.Response:
    """The instances of one service."""
    hub = request.app[HUB]
    service = request.match_info["service"]
    instances = hub.table.instances(service, now=time.monotonic())
    answer = OneService(index=hub.table.index, service=service, instances=instances)
    return web.json_response(body=wire.encode(answer))


async def report(request: web.Request, report: Report) -> web.Response:
    """Report that an instance could not be reached. The registry checks that itself."""
    hub = request.app[HUB]
    instance = _instance(hub, report.service, report.instance_id)
    await hub.look(instance, report.what)
    shown = _instance(hub, report.service, report.instance_id)
    return web.json_response(body=wire.encode(shown), status=202)


async def history(request: web.Request, page: Page) -> web.Response:
    """The history of events, newest first."""
    after = None if page.after is None else decode_cursor(page.after, CursorNumber)
    events, next_id = await request.app[DATABASE].read(store.list_history, page.limit, after)
    return page_response(request, events, None if next_id is None else encode_cursor(next_id))


def _members(instance: Instance) -> dict[str, Any]:
    return {field.name: getattr(instance, field.name) for field in fields(instance)}


def _name(request: web.Request) -> tuple[str, str]:
    """The service and the instance in the path. Raises Invalid."""
    try:
        service, instance_id = request.match_info["service"], request.match_info["instance_id"]
        return msgspec.convert(service, wire.Id), msgspec.convert(instance_id, wire.Id)
    except msgspec.ValidationError:
        raise Invalid("A service and an instance are named with A-Z a-z 0-9 . _ -") from None


def _is_known(hub: Hub, service: str, instance_id: str) -> bool:
    try:
        _instance(hub, service, instance_id)
    except UnknownInstance:
        return False
    return True


def _instance(hub: Hub, service: str, instance_id: str) -> Instance:
    """An instance as it is now. Raises UnknownInstance."""
    return hub.table.instance(service, instance_id, now=time.monotonic())


ROUTES = [
    Route(
        "PUT",
        "/services/{service}/{instance_id}",
        register,
        takes=NewRegistration,
        gives=RegisteredInstance,
        also=(201,),
        rejections=("url_not_allowed",),
    ),
    Route(
        "POST",
        "/services/{service}/{instance_id}/heartbeat",
        heartbeat,
        takes=Heartbeat,
        gives=RenewedInstance,
        rejections=("unknown_instance", "superseded"),
        quiet=True,
    ),
    Route(
        "PUT",
        "/services/{service}/{instance_id}/state",
        set_state,
        takes=StateChange,
        gives=Instance | AbsentInstance,
        rejections=("unknown_instance", "superseded"),
    ),
    Route(
        "DELETE",
        "/services/{service}/{instance_id}",
        remove,
        takes=Deregistration,
        status=204,
        rejections=("unknown_instance", "superseded"),
    ),
    Route(
        "PUT",
        "/token-keys/{kid}",
        put_token_key,
        takes=TokenKeyChange,
        gives=list[TokenKeyView],
        also=(201,),
        rejections=("too_many_token_keys",),
    ),
    Route("GET", "/services", list_services, takes=Watch, gives=Services, streams=True, quiet=True),
    Route(
        "GET", "/services/{service}", get_service, gives=OneService, rejections=("unknown_service",)
    ),
    Route(
        "POST",
        "/reports",
        report,
        takes=Report,
        gives=Instance,
        status=202,
        rejections=("unknown_instance",),
        quiet=True,
    ),
    Route("GET", "/history", history, takes=Page, gives=list[Event]),
    Route("GET", "/events", stream_events, streams=True),
    *page_routes(Path(__file__).parent / "dashboard", ["/"]),
]
