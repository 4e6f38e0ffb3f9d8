"""Hoarding: guests who order everything and pay nothing, from one address. Others still buy.

The limits on rates are out of the way here: what is shown is what the bounds on unpaid orders do.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import pytest

from services.order.app import OrderSettings
from tests.shop import OPERATOR, Shop

ATTACKER = "127.0.0.2"
PURCHASES = 20
NO_LIMITS = {
    **{
        f"{whose}_{what}": 1_000_000.0
        for whose in ("customer", "session")
        for what in ("rate", "burst")
    },
    "customer_requests": 0,
    "address_requests": 0,
}
BOUNDS = OrderSettings


class Guest:
    """A guest of the storefront, who comes from the address that the session is bound to."""

    def __init__(self, session: aiohttp.ClientSession, origin: str) -> None:
        self._session = session
        self._origin = origin
        self.user_id = ""
        self._token = ""

    async def arrive(self) -> Guest:
        _, session = await self._call("POST", "/session")
        self.user_id, self._token = session["user_id"], session["token"]
        return self

    async def order(self, product_id: int, quantity: int) -> tuple[int, Any]:
        items = [{"product_id": product_id, "quantity": quantity}]
        return await self._call("POST", "/orders", {"user_id": self.user_id, "items": items})

    async def buy(self, product_id: int) -> bool:
        """Order one of a product and pay it; returns whether both were done."""
        status, order = await self.order(product_id, 1)
        if status != 201:
            return False
        body = {"order_id": order["order_id"], "amount": order["total_amount"]}
        status, _ = await self._call("POST", "/pay", body)
        return status == 200

    async def _call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        headers = {"X-API-Key": self._token} if self._token else {}
        url = f"{self._origin}/api{path}"
        async with self._session.request(method, url, json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)


@pytest.fixture
async def demo_shop(shop: Shop) -> Shop:
    """A whole shop with the demo goods."""
    await shop.start("catalog", demo=True)
    await shop.start("cart", "order", "payment", customer_requests=0)
    await shop.start("storefront", **NO_LIMITS)
    return shop


@pytest.fixture
async def attacker() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections from the attacker's address."""
    connector = aiohttp.TCPConnector(local_addr=(ATTACKER, 0), limit=32)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session


async def stocks(shop: Shop) -> dict[int, int]:
    """What can be bought of each product that is on sale."""
    products = (await shop.call("catalog", "GET", "/products?limit=1000&in_stock=true")).json
    return {product["id"]: product["stock"] for product in products}


async def purchases(shop: Shop) -> int:
    """How many of some purchases succeed, one after the other, by a guest from elsewhere of what is
    on sale.
    """
    guest = await Guest(shop.session, shop.urls["storefront"]).arrive()
    wanted = [product for product, stock in (await stocks(shop)).items() for _ in range(stock)]
    return sum([await guest.buy(product) for product in wanted[:PURCHASES]])


def told(answers: Sequence[tuple[int, Any]], held: int, before: int, bought: int) -> str:
    counts = Counter(f"{status} {body.get('code', '')}".strip() for status, body in answers)
    answered = ", ".join(f"{number} {what}" for what, number in counts.most_common())
    return (
        f"{len(answers)} orders: {answered}; {held} of {before} units held;"
        f" {bought} of {PURCHASES} purchases by another"
    )


async def test_one_guest_cannot_hold_the_shop(
    demo_shop: Shop, attacker: aiohttp.ClientSession, record_property: Any
) -> None:
    before = await stocks(demo_shop)
    guest = await Guest(attacker, demo_shop.urls["storefront"]).arrive()
    answers = await asyncio.gather(*(guest.order(*each) for each in before.items()))
    held = sum(before.values()) - sum((await stocks(demo_shop)).values())
    bought = await purchases(demo_shop)
    record_property(
        "told", f"everything by one: {told(answers, held, sum(before.values()), bought)}"
    )
    assert held <= BOUNDS.unpaid_units
    assert Counter(status for status, _ in answers)[201] <= BOUNDS.unpaid_orders
    assert bought == PURCHASES


async def test_one_guest_has_no_300_unpaid_orders(
    demo_shop: Shop, attacker: aiohttp.ClientSession, record_property: Any
) -> None:
    product = await demo_shop.product(stock=1_000_000)
    guest = await Guest(attacker, demo_shop.urls["storefront"]).arrive()
    large = await asyncio.gather(*(guest.order(product, 1000) for _ in range(300)))
    small = await asyncio.gather(*(guest.order(product, 1) for _ in range(300)))
    held = 1_000_000 - await demo_shop.stock(product)
    bought = await purchases(demo_shop)
    record_property("told", f"600 by one: {told([*large, *small], held, 1_000_000, bought)}")
    assert held <= BOUNDS.unpaid_units
    assert Counter(status for status, _ in large) == {201: 1, 409: 299}
    assert bought == PURCHASES


async def test_many_guests_of_one_address_cannot_hold_the_shop(
    demo_shop: Shop, attacker: aiohttp.ClientSession, record_property: Any
) -> None:
    before = await stocks(demo_shop)
    origin = demo_shop.urls["storefront"]
    guests = await asyncio.gather(*(Guest(attacker, origin).arrive() for _ in before))
    answers = await asyncio.gather(
        *(guest.order(*each) for guest, each in zip(guests, before.items(), strict=True)),
        *(guest.order(product, 1) for guest in guests for product in list(before)[:10]),
    )
    held = sum(before.values()) - sum((await stocks(demo_shop)).values())
    bought = await purchases(demo_shop)
    (hold,) = (await demo_shop.call("order", "GET", "/holds?by=network", key=OPERATOR)).json
    record_property(
        "told", f"by {len(guests)} guests: {told(answers, held, sum(before.values()), bought)}"
    )
    assert (hold["network"], hold["units"]) == (ATTACKER, held)
    assert held <= BOUNDS.address_unpaid_units
    assert hold["orders"] <= BOUNDS.address_unpaid_orders
    assert bought == PURCHASES
