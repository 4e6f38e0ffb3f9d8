"""Every process of a shop is killed in the midst of purchases: nothing that was said is undone."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from uuid import uuid4

from client import Order, OrderLine, PaymentReceipt, ShopClient
from services.operations.audit.command import look

from .conftest import Start
from .real_shop import OPERATOR, PATIENCE, RealShop, run, until

CUSTOMERS = 8
PAID_BEFORE = 24
"""Payments that were acknowledged when everything is killed."""
SETTLED_WITHIN = 10.0
"""Seconds, as it is promised."""


@dataclass
class Purchase:
    """What a customer asked for, by which key, and what was said to that so far."""

    user_id: str
    from_cart: bool
    key: str = field(default_factory=lambda: str(uuid4()))
    order: Order | None = None
    payment: PaymentReceipt | None = None

    async def go_on(self, client: ShopClient) -> None:
        """Ask for all of it, from the beginning, and take down what is said."""
        items = [OrderLine(product_id=1, quantity=1)]
        if self.from_cart:
            await client.cart.add(self.user_id, 1, idempotency_key=self.key)
        lines = None if self.from_cart else items
        self.order = await client.orders.create(self.user_id, lines, idempotency_key=self.key)
        self.payment = await client.payments.pay(
            self.order.order_id, self.order.total_amount, idempotency_key=self.key
        )


class Killed(Exception):
    """Nobody is there to buy from any more."""


def customer(shop: RealShop) -> ShopClient:
    return ShopClient(shop.registry_url, api_key=OPERATOR, timeout=PATIENCE)


async def buy_until_killed(shop: RealShop) -> list[Purchase]:
    """Have customers buy at the same time, and kill the shop when enough was acknowledged."""
    purchases: list[Purchase] = []

    async def buy(name: str) -> None:
        async with customer(shop) as client:
            while sum(each.payment is not None for each in purchases) < PAID_BEFORE:
                from_cart = len(purchases) % 2 == 0
                purchases.append(Purchase(f"{name}-{len(purchases)}", from_cart))
                await purchases[-1].go_on(client)
            shop.kill()
            raise Killed

    try:
        async with asyncio.TaskGroup() as group:
            for number in range(CUSTOMERS):
                group.create_task(buy(f"customer{number}"))
    except* Killed:
        pass
    return purchases


async def test_a_killed_shop_goes_on_from_where_it_was(start: Start) -> None:
    shop = start().ready()
    purchases = await buy_until_killed(shop)
    acknowledged = [each for each in purchases if each.payment]
    assert len(acknowledged) >= PAID_BEFORE

    shop = start(shop).ready()
    ready_at = time.monotonic()
    wait_until_settled(shop)
    assert time.monotonic() - ready_at < SETTLED_WITHIN

    async with customer(shop) as client:
        for purchase in purchases:
            await nothing_is_missing(client, purchase)
        for purchase in purchases:
            await the_answers_are_the_same(client, purchase)
        orders = [order async for order in client.orders.iter(limit=1000)]
        payments = [payment async for payment in client.payments.iter(limit=1000)]
    assert [order.status for order in orders] == ["PAID"] * len(purchases)
    assert [payment.status for payment in payments] == ["COMPLETED"] * len(purchases)
    wait_until_settled(shop)

    assert shop.stop() == 0
    assert not list(shop.folder.glob("*-wal"))
    done = run("audit", "--data-dir", str(shop.folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"orders      {len(purchases)}: {len(purchases)} PAID\n" in done.stdout
    assert f", {len(purchases)} sold\n" in done.stdout


def wait_until_settled(shop: RealShop) -> None:
    until(lambda: not look(shop.folder).figures.in_flight)


async def nothing_is_missing(client: ShopClient, purchase: Purchase) -> None:
    """What was acknowledged before the kill is there."""
    if purchase.order:
        order = await client.orders.get(purchase.order.order_id)
        assert order.items == purchase.order.items
        assert order.total_amount == purchase.order.total_amount
    if purchase.payment:
        payment = await client.payments.get(purchase.payment.payment_id)
        assert (payment.status, payment.order_id) == ("COMPLETED", purchase.payment.order_id)
        assert payment.amount == purchase.payment.amount
        assert order.payment_id == payment.payment_id


async def the_answers_are_the_same(client: ShopClient, purchase: Purchase) -> None:
    """The same keys get the answers that they got before, or now the one that was on its way."""
    before = (purchase.order, purchase.payment)
    await purchase.go_on(client)
    for said, now in zip(before, (purchase.order, purchase.payment), strict=True):
        assert said in (None, now)
