"""Every cell of the order's table: each state against a notification, a cancel and a refund."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from services.order.model import Order
from tests.shop import Reply, Shop, open_shop

from .orders import notify, some_uuid, stored_order
from .peers import rows

STATES = (
    "REQUESTED",
    "HELD",
    "COMMIT_DUE",
    "COMMITTED",
    "RETURN_DUE",
    "RETURNED",
    "RELEASE_DUE",
    "RELEASED",
    "NONE",
)
PAID = ("COMMIT_DUE", "COMMITTED")
REFUNDED = ("RETURN_DUE", "RETURNED")
CANCELLED = ("RELEASE_DUE", "RELEASED")


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def orders(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """A shop with orders alone: nothing moves on by itself. Each test has orders of its own."""
    async with open_shop(tmp_path_factory.mktemp("orders")) as shop:
        await shop.start("registry")
        await shop.start("order", peer_deadline=0.02)
        yield shop


async def order_in(shop: Shop, stock_state: str) -> tuple[Order, str]:
    """An order, and the payment that has paid it or may pay it."""
    payment_id = some_uuid()
    return await stored_order(shop, stock_state, payment_id=payment_id), payment_id


async def cancel(shop: Shop, order_id: str, **request: Any) -> Reply:
    return await shop.call("order", "POST", f"/orders/{order_id}/cancel", **request)


async def refund(shop: Shop, order_id: str, payment_id: str = "", **request: Any) -> Reply:
    body = {"payment_id": payment_id or some_uuid()}
    return await shop.call("order", "POST", f"/orders/{order_id}/refund", json=body, **request)


def outcome(reply: Reply) -> tuple[int, str]:
    """The status, and the order's status or the problem's code."""
    return reply.status, reply.code if reply.status >= 400 else reply.json["status"]


async def state(shop: Shop, order_id: str) -> tuple[str, str]:
    query = "SELECT status, stock_state FROM orders WHERE order_id = ?"
    (row,) = await rows(shop, "order", query, order_id)
    return row["status"], row["stock_state"]


@pytest.mark.parametrize(
    ("stock_state", "answer", "becomes"),
    [
        ("REQUESTED", (503, "order_not_ready"), ("CREATED", "REQUESTED")),
        ("HELD", (200, "PAID"), ("PAID", "COMMIT_DUE")),
        ("COMMIT_DUE", (200, "PAID"), ("PAID", "COMMIT_DUE")),
        ("COMMITTED", (200, "PAID"), ("PAID", "COMMITTED")),
        ("RETURN_DUE", (200, "REFUNDED"), ("REFUNDED", "RETURN_DUE")),
        ("RETURNED", (200, "REFUNDED"), ("REFUNDED", "RETURNED")),
        ("RELEASE_DUE", (409, "order_closed"), ("CANCELLED", "RELEASE_DUE")),
        ("RELEASED", (409, "order_closed"), ("CANCELLED", "RELEASED")),
        ("NONE", (409, "order_closed"), ("REJECTED", "NONE")),
    ],
)
async def test_a_notification_of_the_payment_that_paid_or_may_pay_has_the_outcome_of_the_table(
    orders: Shop,
    stock_state: str,
    answer: tuple[int, str],
    becomes: tuple[str, str],
) -> None:
    order, p = await order_in(orders, stock_state)
    assert outcome(await notify(orders, order.order_id, p)) == answer
    assert await state(orders, order.order_id) == becomes
    (row,) = await rows(orders, "order", "SELECT * FROM orders WHERE order_id = ?", order.order_id)
    assert row["payment_id"] == (p if becomes[0] in ("PAID", "REFUNDED") else None)


@pytest.mark.parametrize("stock_state", PAID + REFUNDED)
async def test_a_notification_of_another_payment_is_already_paid(
    orders: Shop, stock_state: str
) -> None:
    order, _ = await order_in(orders, stock_state)
    q = some_uuid()
    reply = await notify(orders, order.order_id, q)
    assert outcome(reply) == (409, "already_paid")
    assert (reply.json["order_id"], reply.json["payment_id"]) == (order.order_id, q)
    assert await state(orders, order.order_id) == order.state


@pytest.mark.parametrize("cents", [499, 501, 1])
async def test_a_notification_of_another_amount_leaves_the_order_to_be_paid(
    orders: Shop, cents: int
) -> None:
    order, p = await order_in(orders, "HELD")
    wrong = await notify(orders, order.order_id, some_uuid(), cents)
    assert outcome(wrong) == (422, "amount_mismatch")
    assert outcome(await notify(orders, order.order_id, p)) == (200, "PAID")


async def test_a_notification_of_an_order_not_ready_may_be_repeated(orders: Shop) -> None:
    order, p = await order_in(orders, "REQUESTED")
    reply = await notify(orders, order.order_id, p)
    assert reply.headers["Retry-After"] == "1"


@pytest.mark.parametrize("stock_state", STATES)
async def test_a_notification_for_another_customer_is_404_in_every_state(
    orders: Shop, stock_state: str
) -> None:
    order, p = await order_in(orders, stock_state)
    reply = await notify(orders, order.order_id, p, user_id="mallory")
    assert outcome(reply) == (404, "order_not_found")
    assert (reply.json["order_id"], reply.json["payment_id"]) == (order.order_id, p)


async def test_the_operator_pays_anybodys_order(orders: Shop) -> None:
    order, p = await order_in(orders, "HELD")
    reply = await notify(orders, order.order_id, p, user_id=None)
    assert (reply.status, reply.json["user_id"]) == (200, "ada")


@pytest.mark.parametrize(
    ("stock_state", "answer", "becomes"),
    [
        ("REQUESTED", (200, "CANCELLED"), "RELEASE_DUE"),
        ("HELD", (200, "CANCELLED"), "RELEASE_DUE"),
        *((paid, (409, "order_not_cancellable"), paid) for paid in PAID + REFUNDED),
        ("RELEASE_DUE", (200, "CANCELLED"), "RELEASE_DUE"),
        ("RELEASED", (200, "CANCELLED"), "RELEASED"),
        ("NONE", (409, "order_not_cancellable"), "NONE"),
    ],
)
async def test_a_cancel_has_the_outcome_of_the_table(
    orders: Shop, stock_state: str, answer: tuple[int, str], becomes: str
) -> None:
    order, _ = await order_in(orders, stock_state)
    assert outcome(await cancel(orders, order.order_id)) == answer
    assert (await state(orders, order.order_id))[1] == becomes


@pytest.mark.parametrize(
    ("stock_state", "answer", "becomes"),
    [
        ("COMMIT_DUE", (200, "REFUNDED"), "RETURN_DUE"),
        ("COMMITTED", (200, "REFUNDED"), "RETURN_DUE"),
        ("RETURN_DUE", (200, "REFUNDED"), "RETURN_DUE"),
        ("RETURNED", (200, "REFUNDED"), "RETURNED"),
        *(
            (unpaid, (409, "order_not_refundable"), unpaid)
            for unpaid in ("REQUESTED", "HELD", "NONE", *CANCELLED)
        ),
    ],
)
async def test_a_refund_of_the_payment_that_paid_has_the_outcome_of_the_table(
    orders: Shop, stock_state: str, answer: tuple[int, str], becomes: str
) -> None:
    order, p = await order_in(orders, stock_state)
    assert outcome(await refund(orders, order.order_id, p)) == answer
    assert (await state(orders, order.order_id))[1] == becomes


@pytest.mark.parametrize("stock_state", STATES)
async def test_a_refund_of_another_payment_is_rejected_in_every_state(
    orders: Shop, stock_state: str
) -> None:
    order, _ = await order_in(orders, stock_state)
    assert outcome(await refund(orders, order.order_id)) == (409, "order_not_refundable")
    assert await state(orders, order.order_id) == order.state


@pytest.mark.parametrize("what", [notify, cancel, refund])
@pytest.mark.parametrize("order_id", ["00000000-0000-4000-8000-000000000000", "no-uuid"])
async def test_an_order_that_is_not_there_is_404(orders: Shop, what: Any, order_id: str) -> None:
    reply = await what(orders, order_id)
    assert outcome(reply) == (404, "order_not_found")


async def test_a_payment_pays_one_order_only(orders: Shop) -> None:
    payment_id = some_uuid()
    first, second = [(await order_in(orders, "HELD"))[0] for _ in range(2)]
    assert outcome(await notify(orders, first.order_id, payment_id)) == (200, "PAID")
    assert outcome(await notify(orders, second.order_id, payment_id)) == (409, "no_payment")


@pytest.mark.parametrize("stock_state", ["HELD", "COMMITTED"])
async def test_a_cancel_by_the_same_key_is_answered_the_same(
    orders: Shop, stock_state: str
) -> None:
    order, _ = await order_in(orders, stock_state)
    replies = [await cancel(orders, order.order_id, idempotency_key="one") for _ in range(2)]
    assert replies[0].body == replies[1].body
    assert [reply.headers.get("Idempotent-Replayed") for reply in replies] == [None, "true"]


async def test_a_refund_by_the_same_key_is_answered_the_same(orders: Shop) -> None:
    order, p = await order_in(orders, "COMMITTED")
    replies = [await refund(orders, order.order_id, p, idempotency_key="one") for _ in range(2)]
    assert replies[0].body == replies[1].body


async def test_order_not_ready_is_not_kept_under_a_key(orders: Shop) -> None:
    order, p = await order_in(orders, "REQUESTED")
    path = f"/orders/{order.order_id}/payment"
    body = {"payment_id": p, "amount": 5, "user_id": "ada"}
    for _ in range(2):
        reply = await orders.call("order", "POST", path, json=body, idempotency_key="one")
        assert outcome(reply) == (503, "order_not_ready")
        assert "Idempotent-Replayed" not in reply.headers
