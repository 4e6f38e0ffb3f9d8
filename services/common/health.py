"""The routes that every service has: is it alive, is it ready, its metrics and its version."""

from __future__ import annotations

import platform
import sqlite3
from typing import Any

from aiohttp import web
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from . import wire
from .database import DatabaseError
from .errors import Forbidden
from .keys import DATABASE, DISCOVERY, KEYRING, PEERS, SETTINGS
from .lifecycle import LIFECYCLE
from .metrics import METRICS
from .routing import Access, Route
from .version import VERSION


async def livez(_request: web.Request, _parameters: Any) -> web.Response:
    """Whether the process runs."""
    return web.json_response({"status": "alive"})


async def readyz(request: web.Request, _parameters: Any) -> web.Response:
    """Whether it can do its work: 503 with the reasons when not. Peers are told, not required."""
    app = request.app
    lifecycle = app[LIFECYCLE]
    reasons = []
    if lifecycle.draining:
        reasons.append("draining")
    if not lifecycle.registered:
        reasons.append("not registered yet")
    if DATABASE in app:
        try:
            await app[DATABASE].check()
        except DatabaseError as error:
            reasons.append(str(error))
    answer: dict[str, Any] = {"status": "not ready" if reasons else "ready", "reasons": reasons}
    if PEERS in app:
        answer["peers"] = {
            name: [instance.state for instance in app[DISCOVERY].instances(name)]
            for name in app[PEERS]
        }
    return web.json_response(
        body=wire.encode(answer),
        status=503 if reasons else 200,
        headers={"Retry-After": "1"} if reasons else None,
    )


async def metrics(request: web.Request, _parameters: Any) -> web.Response:
    """Prometheus metrics; on an address that others reach it wants the operator key."""
    app = request.app
    if not app[SETTINGS].on_loopback and not app[KEYRING].authenticate(request).is_operator:
        raise Forbidden("This takes the operator key; a customer token will not do.")
    return web.Response(body=app[METRICS].text(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def version(request: web.Request, _parameters: Any) -> web.Response:
    """Which service this is, of which version, on what it runs."""
    return web.json_response(
        {
            "service": request.app[SETTINGS].service,
            "instance_id": request.app[SETTINGS].instance_id,
            "version": VERSION,
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
        }
    )


ROUTES = [
    Route("GET", "/livez", livez, Access.PUBLIC, gives=dict),
    Route("GET", "/readyz", readyz, Access.PUBLIC, gives=dict),
    Route("GET", "/metrics", metrics, Access.PUBLIC, gives=str),
    Route("GET", "/version", version, Access.PUBLIC, gives=dict),
]
