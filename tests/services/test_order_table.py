"""Every cell of the order's table: each state against a notice, a cancel and a refund."""

from typing import Any

import pytest

from tests.shop import Reply, Shop

from .orders import P, Q, notify, some_uuid, standing
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


@pytest.fixture
async def orders(shop: Shop) -> Shop:
    """A shop with orders alone: nothing moves on by itself."""
    await shop.start("order", peer_deadline=0.02)
    return shop


async def cancel(shop: Shop, order_id: str, **request: Any) -> Reply:
    return await shop.call("order", "POST", f"/orders/{order_id}/cancel", **request)


async def refund(shop: Shop, order_id: str, payment_id: str = P, **request: Any) -> Reply:
    body = {"payment_id": payment_id}
    return await shop.call("order", "POST", f"/orders/{order_id}/refund", json=body, **request)


def told(reply: Reply) -> tuple[int, str]:
    """The status, and the order's status or the problem's code."""
    return reply.status, reply.code if reply.status >= 400 else reply.json["status"]


async def state(shop: Shop, order_id: str) -> tuple[str, str, str | None]:
    query = "SELECT status, stock_state, payment_id FROM orders WHERE order_id = ?"
    (row,) = await rows(shop, "order", query, order_id)
    return row["status"], row["stock_state"], row["payment_id"]


@pytest.mark.parametrize(
    ("stock_state", "answer", "becomes"),
    [
        ("REQUESTED", (503, "order_not_ready"), ("CREATED", "REQUESTED", None)),
        ("HELD", (200, "PAID"), ("PAID", "COMMIT_DUE", P)),
        ("COMMIT_DUE", (200, "PAID"), ("PAID", "COMMIT_DUE", P)),
        ("COMMITTED", (200, "PAID"), ("PAID", "COMMITTED", P)),
        ("RETURN_DUE", (200, "REFUNDED"), ("REFUNDED", "RETURN_DUE", P)),
        ("RETURNED", (200, "REFUNDED"), ("REFUNDED", "RETURNED", P)),
        ("RELEASE_DUE", (409, "order_closed"), ("CANCELLED", "RELEASE_DUE", None)),
        ("RELEASED", (409, "order_closed"), ("CANCELLED", "RELEASED", None)),
        ("NONE", (409, "order_closed"), ("REJECTED", "NONE", None)),
    ],
)
async def test_a_notice_of_the_payment_that_paid_or_may_pay(
    orders: Shop,
    stock_state: str,
    answer: tuple[int, str],
    becomes: tuple[str, str, str | None],
) -> None:
    order = await standing(orders, stock_state)
    assert told(await notify(orders, order.order_id)) == answer
    assert await state(orders, order.order_id) == becomes


@pytest.mark.parametrize("stock_state", PAID + REFUNDED)
async def test_a_notice_of_another_payment_is_already_paid(orders: Shop, stock_state: str) -> None:
    order = await standing(orders, stock_state)
    reply = await notify(orders, order.order_id, Q)
    assert told(reply) == (409, "already_paid")
    assert (reply.json["order_id"], reply.json["payment_id"]) == (order.order_id, Q)
    assert await state(orders, order.order_id) == (*order.state, P)


@pytest.mark.parametrize("cents", [499, 501, 1])
async def test_a_notice_of_another_amount_leaves_the_order_to_be_paid(
    orders: Shop, cents: int
) -> None:
    order = await standing(orders, "HELD")
    assert told(await notify(orders, order.order_id, Q, cents)) == (422, "amount_mismatch")
    assert told(await notify(orders, order.order_id)) == (200, "PAID")


async def test_an_order_that_is_not_ready_may_be_asked_again(orders: Shop) -> None:
    order = await standing(orders, "REQUESTED")
    reply = await notify(orders, order.order_id)
    assert reply.headers["Retry-After"] == "1"


@pytest.mark.parametrize("stock_state", STATES)
async def test_a_notice_for_another_customer_is_404_in_every_state(
    orders: Shop, stock_state: str
) -> None:
    order = await standing(orders, stock_state)
    reply = await notify(orders, order.order_id, user_id="mallory")
    assert told(reply) == (404, "order_not_found")
    assert (reply.json["order_id"], reply.json["payment_id"]) == (order.order_id, P)


async def test_the_operator_pays_anybodys_order(orders: Shop) -> None:
    order = await standing(orders, "HELD")
    reply = await notify(orders, order.order_id, user_id=None)
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
async def test_a_cancel(
    orders: Shop, stock_state: str, answer: tuple[int, str], becomes: str
) -> None:
    order = await standing(orders, stock_state)
    assert told(await cancel(orders, order.order_id)) == answer
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
async def test_a_refund_of_the_payment_that_paid(
    orders: Shop, stock_state: str, answer: tuple[int, str], becomes: str
) -> None:
    order = await standing(orders, stock_state)
    assert told(await refund(orders, order.order_id)) == answer
    assert (await state(orders, order.order_id))[1] == becomes


@pytest.mark.parametrize("stock_state", STATES)
async def test_a_refund_of_another_payment_is_refused_in_every_state(
    orders: Shop, stock_state: str
) -> None:
    order = await standing(orders, stock_state)
    assert told(await refund(orders, order.order_id, Q)) == (409, "order_not_refundable")
    assert (await state(orders, order.order_id))[:2] == order.state


@pytest.mark.parametrize("what", [notify, cancel, refund])
@pytest.mark.parametrize("order_id", [some_uuid(), "no-uuid"])
async def test_an_order_that_is_not_there_is_404(orders: Shop, what: Any, order_id: str) -> None:
    reply = await what(orders, order_id)
    assert told(reply) == (404, "order_not_found")


async def test_a_payment_pays_one_order_only(orders: Shop) -> None:
    await standing(orders, "COMMITTED")
    order = await standing(orders, "HELD")
    assert told(await notify(orders, order.order_id, P)) == (409, "no_payment")


@pytest.mark.parametrize("stock_state", ["HELD", "COMMITTED"])
async def test_a_cancel_by_the_same_key_is_answered_the_same(
    orders: Shop, stock_state: str
) -> None:
    order = await standing(orders, stock_state)
    replies = [await cancel(orders, order.order_id, idempotency_key="one") for _ in range(2)]
    assert replies[0].body == replies[1].body
    assert [reply.headers.get("Idempotent-Replayed") for reply in replies] == [None, "true"]


async def test_a_refund_by_the_same_key_is_answered_the_same(orders: Shop) -> None:
    order = await standing(orders, "COMMITTED")
    replies = [await refund(orders, order.order_id, idempotency_key="one") for _ in range(2)]
    assert replies[0].body == replies[1].body


async def test_that_an_order_is_not_ready_is_not_kept_under_a_key(orders: Shop) -> None:
    order = await standing(orders, "REQUESTED")
    path = f"/orders/{order.order_id}/payment"
    body = {"payment_id": P, "amount": 5, "user_id": "ada"}
    for _ in range(2):
        reply = await orders.call("order", "POST", path, json=body, idempotency_key="one")
        assert told(reply) == (503, "order_not_ready")
        assert "Idempotent-Replayed" not in reply.headers
