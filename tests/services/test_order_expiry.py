"""Orders that are not paid in time: the worker cancels them, and until then they can be paid."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.common.durable.recovery import RECOVERY
from services.common.web.keys import DATABASE
from services.order.steps import ExpiryGate
from tests.shop import Shop

from .held_writes import held_writes
from .orders import notify, stored_order
from .peers import order_is, write

Ending = Callable[[Shop, str], Coroutine[Any, Any, Any]]


@pytest.fixture
async def order_not_expiring(shop: Shop) -> Shop:
    """A shop with orders that do not expire yet: the service has just been started."""
    await shop.start("order", peer_deadline=0.02, no_expiry=3600.0)
    return shop


@pytest.fixture
async def catalog_and_order(shop: Shop) -> Shop:
    """A shop with a catalog, and orders that expire at once when their time is over."""
    await shop.start("catalog", "order")
    return shop


async def overdue(shop: Shop, order_id: str) -> None:
    """Have an order's time be over."""
    sql = "UPDATE orders SET expires_at = '2020-01-01T00:00:00.000Z' WHERE order_id = ?"
    await write(shop, "order", sql, order_id)


async def test_an_unpaid_order_is_cancelled_when_it_expires_and_its_stock_is_released(
    catalog_and_order: Shop,
) -> None:
    product = await catalog_and_order.product(stock=10)
    order = await catalog_and_order.order(product, quantity=4)
    await overdue(catalog_and_order, order["order_id"])
    expired = await order_is(catalog_and_order, order["order_id"], "CANCELLED", "RELEASED")
    assert expired["reason"] == "expired"
    assert await catalog_and_order.stock(product) == 10


@pytest.mark.parametrize(
    ("settings", "wait"), [({}, timedelta(minutes=15)), ({"seconds_to_pay": 90}, timedelta(0, 90))]
)
async def test_an_order_waits_fifteen_minutes_for_its_payment_or_as_it_is_set(
    shop: Shop, settings: dict[str, float], wait: timedelta
) -> None:
    await shop.start("catalog")
    await shop.start("order", **settings)
    order = await shop.order(await shop.product())
    placed, ends = (datetime.fromisoformat(order[at]) for at in ("created_at", "expires_at"))
    assert ends - placed == wait


@pytest.mark.parametrize("stock_state", ["COMMITTED", "RETURNED", "RELEASED", "NONE"])
async def test_only_orders_that_wait_for_a_payment_expire(
    catalog_and_order: Shop, stock_state: str
) -> None:
    order = await stored_order(catalog_and_order, stock_state)
    await overdue(catalog_and_order, order.order_id)
    waiting = await catalog_and_order.order(await catalog_and_order.product())
    await overdue(catalog_and_order, waiting["order_id"])
    await order_is(catalog_and_order, waiting["order_id"], "CANCELLED")
    found = await order_is(catalog_and_order, order.order_id, *order.state)
    assert found["reason"] == order.reason


async def test_after_a_start_no_order_expires_until_earlier_payments_had_their_time(
    order_not_expiring: Shop,
) -> None:
    late = await stored_order(order_not_expiring, "HELD")
    await overdue(order_not_expiring, late.order_id)
    await order_not_expiring.start("catalog")
    cancelled = await order_not_expiring.order(await order_not_expiring.product())
    await order_not_expiring.call("order", "POST", f"/orders/{cancelled['order_id']}/cancel")
    await order_is(order_not_expiring, cancelled["order_id"], "CANCELLED", "RELEASED")
    await order_is(order_not_expiring, late.order_id, "CREATED", "HELD")


async def test_an_overdue_order_that_is_not_cancelled_yet_can_be_paid(
    order_not_expiring: Shop,
) -> None:
    order = await stored_order(order_not_expiring, "HELD")
    await overdue(order_not_expiring, order.order_id)
    reply = await notify(order_not_expiring, order.order_id)
    assert (reply.status, reply.json["status"]) == (200, "PAID")


async def test_the_key_of_an_order_that_expired_before_it_was_held_gets_order_closed(
    shop: Shop,
) -> None:
    await shop.start("order", peer_deadline=0.05)
    body = {"user_id": "ada", "items": [{"product_id": 1, "quantity": 1}]}
    placed = await shop.call("order", "POST", "/orders", json=body, idempotency_key="one")
    await overdue(shop, placed.json["order_id"])
    await order_is(shop, placed.json["order_id"], "CANCELLED")
    reply = await shop.call("order", "POST", "/orders", json=body, idempotency_key="one")
    assert (reply.status, reply.code) == (409, "order_closed")


async def pay(shop: Shop, order_id: str) -> tuple[int, str]:
    """Notify the order of its payment; returns the status, and the order's status or the code."""
    reply = await notify(shop, order_id)
    return reply.status, reply.json["status"] if reply.status == 200 else reply.code


async def cancel(shop: Shop, order_id: str) -> tuple[int, str]:
    """Cancel the order as an operator does; returns the same."""
    reply = await shop.call("order", "POST", f"/orders/{order_id}/cancel")
    return reply.status, reply.json["status"] if reply.status == 200 else reply.code


async def expire(shop: Shop, order_id: str) -> None:
    """Take the order's next step as the worker does: it expires."""
    await shop.app("order")[RECOVERY].advance(order_id, within=10.0)


@pytest.mark.parametrize(
    ("first", "second", "outcomes", "status", "reason"),
    [
        (pay, expire, [(200, "PAID"), None], "PAID", None),
        (pay, cancel, [(200, "PAID"), (409, "order_not_cancellable")], "PAID", None),
        (expire, pay, [None, (409, "order_closed")], "CANCELLED", "expired"),
        (expire, cancel, [None, (200, "CANCELLED")], "CANCELLED", "expired"),
        (cancel, pay, [(200, "CANCELLED"), (409, "order_closed")], "CANCELLED", "operator_request"),
        (cancel, expire, [(200, "CANCELLED"), None], "CANCELLED", "operator_request"),
    ],
)
async def test_of_a_payment_a_cancel_and_an_expiry_at_the_same_moment_the_first_wins(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    first: Ending,
    second: Ending,
    outcomes: list[tuple[int, str] | None],
    status: str,
    reason: str | None,
) -> None:
    await shop.start("catalog")
    await shop.start("order", no_expiry=3600.0)
    product = await shop.product(price="5.00", stock=10)
    order_id = (await shop.order(product))["order_id"]
    await overdue(shop, order_id)
    async with held_writes(shop.app("order")[DATABASE]) as asked:
        # Both have begun, in this order, before either changes anything.
        endings: list[asyncio.Task[Any]] = []
        for ending in (first, second):
            if ending is expire:
                monkeypatch.setattr(ExpiryGate, "is_open", True)
            endings.append(asyncio.create_task(ending(shop, order_id)))
            await asked.come(len(endings))
    assert await asyncio.gather(*endings) == outcomes
    stock_state = "COMMITTED" if status == "PAID" else "RELEASED"
    found = await order_is(shop, order_id, status, stock_state)
    assert found.get("reason") == reason
    assert await shop.stock(product) == (9 if status == "PAID" else 10)
