"""A small service for the tests of what every service is built from: it bakes what a test needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from services.common.core.settings import Settings
from services.common.process.app import service_app
from services.common.process.serve import listen
from services.common.web.keys import BOUND, KEYRING
from services.common.web.routing import Route
from tests.shop import Shop
from tests.token_keys import KEYS

SCHEMA = """
CREATE TABLE loaves (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
"""


async def open_bakery(
    shop: Shop,
    routes: Sequence[Route],
    *,
    peers: Sequence[str] = (),
    knows_keys: bool = True,
    **settings: Any,
) -> web.Application:
    """Add a service `bakery` with these routes to a shop; it need not be registered yet, but knows
    the keys of tokens, unless it is to hear of them from the registry.
    """
    migrations = shop.folder / "bakery"
    migrations.mkdir(exist_ok=True)
    (migrations / "0001_loaves.sql").write_text(SCHEMA)
    given = {"registry_url": shop.urls["registry"], "grace": 1.0, **settings}
    app = service_app(
        Settings(service="bakery", data_dir=shop.folder, **given),
        routes,
        database="bakery.db",
        migrations=migrations,
        peers=peers,
    )
    shop.runners["bakery"] = await listen(app)
    shop.urls["bakery"] = app[BOUND].result()
    if knows_keys:
        app[KEYRING].token_keys = KEYS
    return app
