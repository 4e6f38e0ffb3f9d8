"""Assembles a service from its parts. Opens no resource, and reads no environment variable."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

from aiohttp import web

from client.discovery import Discovery
from client.transport import Transport, open_session

from ..core.background import running
from ..core.settings import Settings
from ..core.tracing import onward_headers
from ..durable.purge import Forget, purge
from ..pages.docs import documentation_routes
from ..storage.database import open_database
from ..storage.migrations import Schema, service_schema
from ..storage.shop_identity import load_shop, remember_currency, require_currency
from ..storage.token_keys import load_token_keys
from ..web import health
from ..web.addresses import TRUSTED_PROXIES
from ..web.admission import GATES, WRONG_KEYS, places_for_customers
from ..web.auth import Keyring
from ..web.batch import BATCH_ROUTE
from ..web.idempotency import LIVE_KEYS
from ..web.idempotency_keys import forget_old_keys
from ..web.keys import (
    BOUND,
    DATABASE,
    DISCOVERY,
    KEYRING,
    PEERS,
    SESSION,
    SETTINGS,
    TRANSPORT,
    Resource,
)
from ..web.lanes import open_lanes
from ..web.lifecycle import LIFECYCLE, Lifecycle
from ..web.metrics import METRICS, Metrics
from ..web.routing import Route, add_routes
from ..web.token_buckets import TokenBuckets
from ..web.unsent import UNSENT, Unsent, unsent
from .handles import watch_handles
from .registration import registration


def base_app(settings: Settings, routes: Sequence[Route]) -> web.Application:
    """An application with the routes that every service has. The registry uses it directly."""
    app = web.Application()
    app[SETTINGS] = settings
    app[KEYRING] = Keyring(settings.api_key)
    app[LIFECYCLE] = Lifecycle(settings.service)
    app[METRICS] = Metrics(settings.service)
    app[LIVE_KEYS] = set()
    app[TRUSTED_PROXIES] = ()
    app[WRONG_KEYS] = TokenBuckets(settings.wrong_key_rate, settings.wrong_key_burst)
    app[GATES] = [places_for_customers(settings.customer_requests)]
    app[UNSENT] = Unsent()
    every = [*routes, *health.ROUTES]
    add_routes(app, [*every, *documentation_routes(settings.service, every, settings.currency)])
    app.cleanup_ctx.extend([_bound, unsent, watch_handles])
    return app


def service_app(
    settings: Settings,
    routes: Sequence[Route],
    *,
    database: str | None = None,
    migrations: Path | None = None,
    peers: Sequence[str] = (),
    resources: Sequence[Resource] = (),
    forgets: Sequence[Forget] = (),
) -> web.Application:
    """An application with `routes`, a registration, a transport to its `peers` (their names) and a
    database if it has one (`database` is its file name in the data folder, `migrations` the folder
    of its scripts). `resources` are the service's own cleanup contexts, and `forgets` the units of
    work that delete what it need not keep.
    """
    # One that keeps nothing is called by no other.
    app = base_app(settings, [*routes, BATCH_ROUTE] if database is not None else routes)
    app[PEERS] = peers
    if database is not None and migrations is not None:
        schema = service_schema(settings.service, migrations)
        app.cleanup_ctx.append(_own_database(settings.data_dir / database, schema))
        app.cleanup_ctx.append(purge([forget_old_keys, *forgets]))
    app.cleanup_ctx.extend([_peers, *resources, registration])
    return app


def _own_database(path: Path, schema: Schema) -> Resource:
    async def open_own_database(app: web.Application) -> AsyncIterator[None]:
        currency = app[SETTINGS].currency
        accept = partial(require_currency, currency=currency)
        async with open_database(path, schema, accept=accept) as opened:
            app[DATABASE] = opened
            app[LIFECYCLE].shop = await opened.read(load_shop)
            app[KEYRING].token_keys = await opened.read(load_token_keys)
            await opened.write(remember_currency, currency)
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
        open_lanes(session, settings.api_key) as send,
    ):
        app[SESSION] = session
        app[DISCOVERY] = discovery
        app[TRANSPORT] = Transport(
            session, discovery, settings.api_key, context_headers=onward_headers, send=send
        )
        yield
