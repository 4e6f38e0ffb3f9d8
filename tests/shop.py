"""A real shop in the test's own process: every service on a free port, its data in a folder of the
test's. Any service may be left out, stopped, started again, or stood in for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

import registry.app
import registry.hub
import services.cart.app
import services.catalog.app
import services.order.app
import services.payment.app
import services.storefront.app
from services.common.core.currency import currency_of
from services.common.core.settings import DEVELOPMENT_KEY, Settings
from services.common.core.token_keys import TokenKeys
from services.common.process.serve import listen
from services.common.web.auth import Keyring
from services.common.web.batch import serve_batch
from services.common.web.keys import BOUND
from services.common.web.lifecycle import LIFECYCLE
from services.common.web.parts import BATCH, MOST_BYTES
from services.common.web.unsent import UNSENT, Unsent
from tests.token_keys import KEYS

OPERATOR = DEVELOPMENT_KEY
Maker = tuple[type[Settings], Callable[[Any], web.Application]]
MAKERS: Mapping[str, Maker] = {
    "registry": (registry.app.RegistrySettings, registry.app.create_app),
    "catalog": (services.catalog.app.CatalogSettings, services.catalog.app.create_app),
    "cart": (Settings, services.cart.app.create_app),
    "order": (services.order.app.OrderSettings, services.order.app.create_app),
    "payment": (Settings, services.payment.app.create_app),
    "storefront": (services.storefront.app.StorefrontSettings, services.storefront.app.create_app),
}
QUICK = {
    # Short, so that a peer that is away is noticed soon; not so short that a busy machine looks it.
    "order": {"peer_deadline": 2.0, "no_expiry": 0.0},
    "payment": {"peer_deadline": 5.0},  # for an order service that asks the catalog first
    "cart": {"peer_deadline": 2.0},
    "storefront": {"peer_deadline": 2.0},
}


@dataclass(frozen=True)
class Reply:
    """An answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_float=Decimal)

    @property
    def code(self) -> str:
        """The code of a problem."""
        assert self.headers["Content-Type"].startswith("application/problem+json"), self.body
        return str(self.json["code"])


@dataclass
class Shop:
    """The services that run, by name, and a way to call them."""

    folder: Path
    session: aiohttp.ClientSession
    runners: dict[str, web.AppRunner] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)

    async def start(self, *names: str, **settings: Any) -> None:
        """Start services, the registry first where it is among them and the others together, and
        wait until each is registered. `settings` are for all of those named here.
        """
        if names[:1] == ("registry",):
            await self.open("registry", **settings)
            self.app("registry")[registry.hub.HUB].adopt(KEYS)
        await asyncio.gather(*(self.open(name, **settings) for name in names if name != "registry"))
        for name in names:
            await until(lambda name=name: self.app(name)[LIFECYCLE].registered)  # type: ignore[misc]

    async def open(self, name: str, **settings: Any) -> None:
        """Start a service, which need not be registered yet."""
        kind, create_app = MAKERS[name]
        given: dict[str, Any] = {"grace": 1.0, **QUICK.get(name, {}), **settings}
        if "currency" in given:
            given["currency"] = currency_of(given["currency"])
        if name != "registry":
            given["registry_url"] = self.urls["registry"]
        app = create_app(kind(service=name, data_dir=self.folder, **given))
        self.runners[name] = await listen(app)
        self.urls[name] = app[BOUND].result()

    async def start_all(self, **settings: Any) -> None:
        """Start everything."""
        await self.start(*MAKERS, **settings)

    async def stop(self, *names: str) -> None:
        """Stop services as SIGTERM does."""
        for name in names:
            await self.runners.pop(name).cleanup()

    async def restart(self, *names: str) -> None:
        """Stop services, and start them again on the data they left."""
        await self.stop(*names)
        await self.start(*names)

    async def stand_in(
        self, name: str, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> None:
        """Have `handler` answer for a service, registered under its name. It is given what comes in
        a batch one by one.
        """

        async def answer_batch(request: web.Request) -> web.StreamResponse:
            return await serve_batch(request, await request.read())

        app = web.Application(client_max_size=MOST_BYTES)
        app[UNSENT] = Unsent()
        app.router.add_post(BATCH, answer_batch)
        app.router.add_route("*", "/{path:.*}", handler)
        self.runners[name] = runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.urls[name] = f"http://127.0.0.1:{runner.addresses[0][1]}"
        reply = await self.call(
            "registry",
            "PUT",
            f"/services/{name}/{name}-1",
            json={"url": self.urls[name], "ttl": 600},
        )
        assert reply.status in (200, 201), reply.body

    def app(self, name: str) -> web.Application:
        """A running service's application."""
        app = self.runners[name].app
        assert isinstance(app, web.Application)
        return app

    async def call(
        self,
        service: str,
        method: str,
        path: str,
        *,
        key: str | None = OPERATOR,
        idempotency_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        **request: Any,
    ) -> Reply:
        """Call a service as an HTTP client does: `key` is the operator's, a customer's or None."""
        sent = dict(headers or {})
        if key is not None:
            sent["X-API-Key"] = key
        if idempotency_key is not None:
            sent["Idempotency-Key"] = idempotency_key
        async with self.session.request(
            method, self.urls[service] + path, headers=sent, allow_redirects=False, **request
        ) as response:
            return Reply(response.status, response.headers.copy(), await response.read())

    async def product(self, *, price: str = "2.50", stock: int = 100, **details: Any) -> int:
        """Add a product; returns its id."""
        body = f'{{"name": "Pear Drops", "price": {price}, "stock": {stock}}}'
        product = {**json.loads(body, parse_float=Decimal), **details}
        reply = await self.call("catalog", "POST", "/products", **as_json(product))
        assert reply.status == 201, reply.body
        return int(reply.json["id"])

    async def stock(self, product_id: int) -> int:
        """What can be bought of a product now."""
        reply = await self.call("catalog", "GET", f"/products/{product_id}")
        return int(reply.json["stock"])

    async def order(self, product_id: int, *, quantity: int = 1, user_id: str = "ada") -> Any:
        """Order a product; returns the order."""
        body = {
            "user_id": user_id,
            "items": [{"product_id": product_id, "quantity": quantity}],
        }
        reply = await self.call("order", "POST", "/orders", json=body)
        assert reply.status in (201, 202), reply.body
        order = reply.json

        async def held() -> Any:
            # On a busy machine the catalog may not have answered in time.
            answer = await self.call("order", "GET", f"/orders/{order['order_id']}")
            return answer.json if answer.json["stock_state"] != "REQUESTED" else None

        return order if reply.status == 201 else await until(held)

    async def pay(self, order: Any, **request: Any) -> Reply:
        """Pay an order with its total."""
        body = {"order_id": order["order_id"], "amount": order["total_amount"]}
        return await self.call("payment", "POST", "/pay", **as_json(body), **request)


def as_json(value: Any) -> dict[str, Any]:
    """The arguments of a request with a JSON body in which Decimals are exact numbers."""
    text = json.dumps(value, default=lambda number: f"@{number}@")
    text = text.replace('"@', "").replace('@"', "")
    return {"data": text.encode(), "headers": {"Content-Type": "application/json"}}


def token(
    user_id: str,
    *,
    lifetime: timedelta = timedelta(hours=1),
    network: str | None = None,
    keys: TokenKeys = KEYS,
) -> str:
    """A customer's token, as the shop signs it for who comes from a network."""
    now = datetime.now(UTC)
    return Keyring(OPERATOR, keys).sign_token(user_id, now=now, lifetime=lifetime, network=network)


async def until(condition: Callable[[], Any], *, seconds: float = 10.0) -> Any:
    """Wait for a condition, which may be a coroutine function; returns what it was, once true."""
    async with asyncio.timeout(seconds):
        while True:
            value = condition()
            if asyncio.iscoroutine(value):
                value = await value
            if value:
                return value
            await asyncio.sleep(0.005)


@asynccontextmanager
async def open_shop(folder: Path) -> AsyncIterator[Shop]:
    """A shop of which nothing runs yet."""
    async with aiohttp.ClientSession() as session:
        shop = Shop(folder, session)
        try:
            yield shop
        finally:
            others = [name for name in shop.runners if name != "registry"]
            await asyncio.gather(*(shop.stop(name) for name in others))
            await shop.stop(*shop.runners)
