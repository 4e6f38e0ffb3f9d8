"""A notification that does not name its payment whole is looked up at the payment service first."""

from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from tests.shop import Reply, Shop, as_json

from .orders import P, Q, some_uuid, stored_order
from .peers import Peer, problem, rows


async def notify_by_hand(shop: Shop, order_id: str, body: Any = None, **request: Any) -> Reply:
    """Say that an order is paid, as an operator does by hand."""
    sent = {} if body is None else as_json(body)
    return await shop.call("order", "POST", f"/orders/{order_id}/payment", **sent, **request)


def payment(order_id: str, status: str = "COMPLETED", **more: Any) -> dict[str, Any]:
    """A payment as the payment service shows it."""
    known = {
        "payment_id": P,
        "order_id": order_id,
        "user_id": "ada",
        "amount": 5.0,
        "currency": "USD",
    }
    return {**known, "status": status, **more}


@pytest.fixture
async def orders(shop: Shop) -> Shop:
    """A shop with orders, and no payment service yet."""
    await shop.start("order", peer_deadline=0.05)
    return shop


async def answering(shop: Shop, found: Any) -> Peer:
    """A payment service that has found this."""
    peer = Peer(lambda _: web.json_response(found))
    await shop.stand_in("payment", peer.serve)
    await shop.restart("order")
    return peer


@pytest.mark.parametrize("status", ["PENDING", "COMPLETED"])
async def test_without_a_body_the_live_payment_of_the_order_is_meant(
    orders: Shop, status: str
) -> None:
    order = await stored_order(orders, "HELD")
    peer = await answering(orders, [payment(order.order_id, status)])
    reply = await notify_by_hand(orders, order.order_id)
    assert (reply.status, reply.json["status"]) == (200, "PAID")
    assert reply.json["payment_id"] == P
    assert [call for call, _ in peer.calls] == ["GET /payments"]


async def test_a_payment_named_without_its_customer_is_looked_up(orders: Shop) -> None:
    order = await stored_order(orders, "HELD")
    peer = await answering(orders, payment(order.order_id))
    reply = await notify_by_hand(
        orders, order.order_id, {"payment_id": P, "amount": Decimal("5.00")}
    )
    assert reply.json == {
        "order_id": order.order_id,
        "status": "PAID",
        "payment_id": P,
        "user_id": "ada",
    }
    assert [call for call, _ in peer.calls] == [f"GET /payments/{P}"]


@pytest.mark.parametrize(
    "found",
    [
        [],
        [{"status": "FAILED"}],
        [{"status": "REFUNDING"}],
        [{"status": "REFUNDED"}],
        [{"order_id": some_uuid()}],
    ],
)
async def test_an_order_without_a_live_payment_is_not_paid(
    orders: Shop, found: list[dict[str, Any]]
) -> None:
    order = await stored_order(orders, "HELD")
    await answering(orders, [payment(order.order_id) | each for each in found])
    reply = await notify_by_hand(orders, order.order_id)
    assert (reply.status, reply.code) == (409, "no_payment")


async def test_a_named_payment_that_failed_does_not_pay(orders: Shop) -> None:
    order = await stored_order(orders, "HELD")
    await answering(orders, payment(order.order_id, "FAILED"))
    reply = await notify_by_hand(orders, order.order_id, {"payment_id": P, "amount": 5})
    assert (reply.status, reply.code) == (409, "no_payment")


@pytest.mark.parametrize(
    ("status", "stock_state", "is_now"),
    [
        ("COMPLETED", "COMMITTED", "PAID"),
        ("REFUNDING", "COMMITTED", "PAID"),
        ("REFUNDED", "RETURNED", "REFUNDED"),
    ],
)
async def test_a_repeat_with_the_payment_named_shows_the_order_as_it_stands(
    orders: Shop, status: str, stock_state: str, is_now: str
) -> None:
    order = await stored_order(orders, stock_state)
    await answering(orders, payment(order.order_id, status))
    reply = await notify_by_hand(orders, order.order_id, {"payment_id": P, "amount": 5})
    assert (reply.status, reply.json["status"]) == (200, is_now)


async def test_a_payment_unknown_to_the_payment_service_does_not_pay(shop: Shop) -> None:
    await shop.start("order", "payment")
    order = await stored_order(shop, "HELD")
    reply = await notify_by_hand(shop, order.order_id, {"payment_id": Q, "amount": 5})
    assert (reply.status, reply.code) == (409, "no_payment")


@pytest.mark.parametrize("about", [{"order_id": some_uuid()}, {"payment_id": Q}])
async def test_an_answer_about_another_payment_does_not_pay(
    orders: Shop, about: dict[str, str]
) -> None:
    order = await stored_order(orders, "HELD")
    await answering(orders, payment(order.order_id) | about)
    reply = await notify_by_hand(orders, order.order_id, {"payment_id": P, "amount": 5})
    assert (reply.status, reply.code) == (409, "no_payment")


async def test_an_amount_other_than_the_payments_is_rejected(orders: Shop) -> None:
    order = await stored_order(orders, "HELD")
    await answering(orders, payment(order.order_id))
    reply = await notify_by_hand(orders, order.order_id, {"payment_id": P, "amount": 4})
    assert (reply.status, reply.code) == (422, "amount_mismatch")


async def test_a_payment_of_another_amount_than_the_total_does_not_pay(orders: Shop) -> None:
    order = await stored_order(orders, "HELD")
    await answering(orders, [payment(order.order_id, amount=4.0)])
    reply = await notify_by_hand(orders, order.order_id)
    assert (reply.status, reply.code) == (422, "amount_mismatch")


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: problem(404, None),
        lambda _: problem(404, "not_found"),
        lambda _: problem(403, "forbidden"),
        lambda _: problem(500, "internal_error"),
        lambda _: web.json_response({"never": "heard of"}),
        lambda _: web.Response(text="<html>"),
    ],
)
async def test_while_the_payment_service_gives_no_answer_nothing_is_done(
    orders: Shop, answer: Any
) -> None:
    await orders.stand_in("payment", Peer(answer).serve)
    await orders.restart("order")
    order = await stored_order(orders, "HELD")
    reply = await notify_by_hand(orders, order.order_id, {"payment_id": P, "amount": 5})
    assert (reply.status, reply.code) == (503, "unavailable")
    (row,) = await rows(orders, "order", "SELECT status FROM orders")
    assert row == {"status": "CREATED"}


async def test_an_order_that_is_not_there_is_404_whoever_asks(orders: Shop) -> None:
    reply = await notify_by_hand(orders, some_uuid())
    assert (reply.status, reply.code) == (404, "order_not_found")


async def test_the_same_key_gets_the_same_rejection_although_it_would_be_paid_now(
    orders: Shop,
) -> None:
    order = await stored_order(orders, "HELD")
    await answering(orders, [])
    first = await notify_by_hand(orders, order.order_id, idempotency_key="one")
    await orders.stop("payment")
    await answering(orders, [payment(order.order_id)])
    again = await notify_by_hand(orders, order.order_id, idempotency_key="one")
    assert (first.status, first.code) == (409, "no_payment")
    assert again.body == first.body
    assert (await notify_by_hand(orders, order.order_id, idempotency_key="two")).status == 200


async def test_a_payment_of_another_user_than_the_notification_names_is_not_believed(
    orders: Shop,
) -> None:
    order = await stored_order(orders, "HELD")
    await answering(orders, payment(order.order_id))
    reply = await notify_by_hand(orders, order.order_id, {"payment_id": P, "user_id": "mallory"})
    assert (reply.status, reply.code) == (404, "order_not_found")


async def test_a_payment_without_a_status_settles_nothing(orders: Shop) -> None:
    order = await stored_order(orders, "HELD")
    found = payment(order.order_id)
    del found["status"]
    await answering(orders, [found])
    assert (await notify_by_hand(orders, order.order_id)).status == 503
