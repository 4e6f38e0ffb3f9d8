"""Orders that are not paid in time: the worker cancels them, and until then they can be paid."""

from datetime import datetime, timedelta

import pytest

from tests.shop import Shop

from .orders import notify, standing
from .peers import order_is, write


@pytest.fixture
async def patient(shop: Shop) -> Shop:
    """A shop with orders that do not expire yet: the service has just been started."""
    await shop.start("order", peer_deadline=0.02, no_expiry=3600.0)
    return shop


@pytest.fixture
async def strict(shop: Shop) -> Shop:
    """A shop with a catalog, and orders that expire at once when their time is over."""
    await shop.start("catalog", "order")
    return shop


async def overdue(shop: Shop, order_id: str) -> None:
    """Have an order's time be over."""
    sql = "UPDATE orders SET expires_at = '2020-01-01T00:00:00.000Z' WHERE order_id = ?"
    await write(shop, "order", sql, order_id)


async def test_an_unpaid_order_is_cancelled_when_it_expires_and_its_stock_is_let_go(
    strict: Shop,
) -> None:
    product = await strict.product(stock=10)
    order = await strict.order(product, quantity=4)
    await overdue(strict, order["order_id"])
    expired = await order_is(strict, order["order_id"], "CANCELLED", "RELEASED")
    assert expired["reason"] == "expired"
    assert await strict.stock(product) == 10


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
async def test_only_orders_that_wait_for_a_payment_expire(strict: Shop, stock_state: str) -> None:
    order = await standing(strict, stock_state)
    await overdue(strict, order.order_id)
    waiting = await strict.order(await strict.product())
    await overdue(strict, waiting["order_id"])
    await order_is(strict, waiting["order_id"], "CANCELLED")
    found = await order_is(strict, order.order_id, *order.state)
    assert found["reason"] == order.reason


async def test_after_a_start_none_expires_until_payments_made_before_have_had_their_time(
    patient: Shop,
) -> None:
    late = await standing(patient, "HELD")
    await overdue(patient, late.order_id)
    await patient.start("catalog")
    cancelled = await patient.order(await patient.product())
    await patient.call("order", "POST", f"/orders/{cancelled['order_id']}/cancel")
    await order_is(patient, cancelled["order_id"], "CANCELLED", "RELEASED")
    await order_is(patient, late.order_id, "CREATED", "HELD")


async def test_an_overdue_order_that_is_not_cancelled_yet_can_be_paid(patient: Shop) -> None:
    order = await standing(patient, "HELD")
    await overdue(patient, order.order_id)
    reply = await notify(patient, order.order_id)
    assert (reply.status, reply.json["status"]) == (200, "PAID")


async def test_an_order_that_expired_before_it_was_held_tells_so_by_its_key(shop: Shop) -> None:
    await shop.start("order", peer_deadline=0.05)
    body = {"user_id": "ada", "items": [{"product_id": 1, "quantity": 1}]}
    placed = await shop.call("order", "POST", "/orders", json=body, idempotency_key="one")
    await overdue(shop, placed.json["order_id"])
    await order_is(shop, placed.json["order_id"], "CANCELLED")
    reply = await shop.call("order", "POST", "/orders", json=body, idempotency_key="one")
    assert (reply.status, reply.code) == (409, "order_closed")


async def test_a_payment_and_an_expiry_at_once_leave_one_of_them(strict: Shop) -> None:
    order = await strict.order(await strict.product(price="5.00"))
    await overdue(strict, order["order_id"])
    reply = await notify(strict, order["order_id"])
    found = (await strict.call("order", "GET", f"/orders/{order['order_id']}")).json
    assert (reply.status, found["status"]) in ((200, "PAID"), (409, "CANCELLED"))
