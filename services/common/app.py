"""Assembly: what every service is made of. It opens no resource and reads no environment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path

from aiohttp import web

from client.discovery import Discovery
from client.transport import Transport, open_session

from . import health, idempotency
from .auth import Keyring
from .background import running
from .belonging import SCHEMA as BELONGING_SCHEMA
from .belonging import keep_to_currency, load_shop
from .clock import utc_now
from .database import DatabaseError, open_database
from .keys import BOUND, DATABASE, DISCOVERY, KEYRING, PEERS, SESSION, SETTINGS, TRANSPORT
from .lifecycle import LIFECYCLE, Lifecycle
from .logs import logger
from .metrics import METRICS, Metrics
from .middleware import observe
from .openapi import documentation_routes
from .registration import registration
from .routing import BODY_LIMIT, Route, add_routes
from .settings import Settings
from .tracing import onward_headers

KIT_SCHEMA = BELONGING_SCHEMA + idempotency.SCHEMA
Resource = Callable[[web.Application], AsyncIterator[None]]

PURGE_SECONDS = 3600.0


def base_app(settings: Settings, routes: Sequence[Route]) -> web.Application:
    """An application with the routes that every service has; the registry is built on it, too."""
    app = web.Application(middlewares=[observe], client_max_size=BODY_LIMIT)
    app[SETTINGS] = settings
    app[KEYRING] = Keyring(settings.api_key)
    app[LIFECYCLE] = Lifecycle(settings.service)
    app[METRICS] = Metrics(settings.service)
    app[idempotency.LIVE_KEYS] = set()
    every = [*routes, *health.ROUTES]
    add_routes(app, [*every, *documentation_routes(settings.service, every)])
    app.cleanup_ctx.append(_bound)
    return app


def service_app(
    settings: Settings,
    routes: Sequence[Route],
    *,
    database: str | None = None,
    schema: Path | None = None,
    peers: Sequence[str] = (),
    resources: Sequence[Resource] = (),
) -> web.Application:
    """A service: its routes, its place in the registry, its way to its peers (their names), and its
    database, if it has one (a file name in the data folder, and the script that makes its tables).
    `resources` are cleanup contexts of its own.
    """
    app = base_app(settings, routes)
    app[PEERS] = peers
    if database is not None and schema is not None:
        migrations = [KIT_SCHEMA + schema.read_text()]
        app.cleanup_ctx.append(_own_database(settings.data_dir / database, migrations))
        app.cleanup_ctx.append(_purge)
    app.cleanup_ctx.extend([_peers, *resources, registration])
    return app


def _own_database(path: Path, migrations: Sequence[str]) -> Resource:
    async def open_own_database(app: web.Application) -> AsyncIterator[None]:
        async with open_database(path, migrations) as opened:
            app[DATABASE] = opened
            app[LIFECYCLE].shop = await opened.read(load_shop)
            await opened.write(keep_to_currency, app[SETTINGS].currency)
            async with running(partial(_end_when_failed, app), "watch on the database"):
                yield

    return open_own_database


async def _end_when_failed(app: web.Application) -> None:
    app[LIFECYCLE].end(await app[DATABASE].failed())


async def _bound(app: web.Application) -> AsyncIterator[None]:
    app[BOUND] = asyncio.get_running_loop().create_future()
    yield
    app[BOUND].cancel()


async def _peers(app: web.Application) -> AsyncIterator[None]:
    settings = app[SETTINGS]
    async with (
        open_session() as session,
        Discovery(
            session,
            settings.registry_url,
            settings.api_key,
            name=f"{settings.service}/{settings.instance_id}",
        ) as discovery,
    ):
        app[SESSION] = session
        app[DISCOVERY] = discovery
        app[TRANSPORT] = Transport(
            session, discovery, settings.api_key, context_headers=onward_headers
        )
        yield


async def _purge(app: web.Application) -> AsyncIterator[None]:
    async def purge() -> None:
        while True:
            try:
                await app[DATABASE].write(idempotency.forget_old_keys, utc_now())
            except DatabaseError as error:
                logger.warning("old idempotency keys stay", extra={"reason": str(error)})
            await asyncio.sleep(PURGE_SECONDS)

    async with running(purge, "purge of idempotency keys"):
        yield
