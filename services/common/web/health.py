"""The routes that every service has: liveness, readiness, metrics and version."""

from __future__ import annotations

import platform
import sqlite3
from typing import Any

from aiohttp import web

from ..core import wire
from ..core.errors import Forbidden
from ..core.version import VERSION
from ..storage.database import DatabaseError
from .admission import authenticate
from .keys import DATABASE, DISCOVERY, PEERS, SETTINGS
from .lifecycle import LIFECYCLE
from .metrics import METRICS
from .routing import Access, Route

ALIVE = {"status": "alive"}


async def livez(_request: web.Request) -> web.Response:
    """Whether the process runs."""
    return web.json_response(ALIVE)


async def readyz(request: web.Request) -> web.Response:
    """Whether it can do its work; if not, 503 with the reasons. Peers are shown, not required."""
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


async def metrics(request: web.Request) -> web.Response:
    """Prometheus metrics; needs the operator key unless only this machine can reach the service."""
    app = request.app
    if not app[SETTINGS].on_loopback and not authenticate(request).is_operator:
        raise Forbidden("This takes the operator key; a customer token will not do.")
    from .exposition import CONTENT_TYPE, exposition

    return web.Response(body=exposition(app[METRICS]), headers={"Content-Type": CONTENT_TYPE})


async def version(request: web.Request) -> web.Response:
    """The service, its instance, its version, and the versions of Python and SQLite."""
    return web.json_response(
        {
            "service": request.app[SETTINGS].service,
            "instance_id": request.app[SETTINGS].instance_id,
            "version": VERSION,
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
        }
    )


READY = {"status": "ready", "reasons": [], "peers": {"catalog": ["up"]}}
NOT_READY = {**READY, "status": "not ready", "reasons": ["not registered yet"]}
METRIC = "# TYPE tuckshop_in_flight gauge\ntuckshop_in_flight 1.0\n"
VERSIONS = {
    "service": "cart",
    "instance_id": "cart-1",
    "version": VERSION,
    "python": "3.11.9",
    "sqlite": "3.46.1",
}
ROUTES = [
    Route("GET", "/livez", livez, Access.PUBLIC, gives=dict, examples={200: ALIVE}, ungated=True),
    Route(
        "GET",
        "/readyz",
        readyz,
        Access.PUBLIC,
        gives=dict,
        examples={200: READY, 503: NOT_READY},
        ungated=True,
        also=(503,),
    ),
    Route(
        "GET",
        "/metrics",
        metrics,
        Access.PUBLIC,
        gives=str,
        examples={200: METRIC},
        rejections=("invalid_api_key", "forbidden"),
        ungated=True,
    ),
    Route("GET", "/version", version, Access.PUBLIC, gives=dict, examples={200: VERSIONS}),
]
