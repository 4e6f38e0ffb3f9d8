"""Only a definite answer settles anything; after any other the question is asked again."""

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from tests.shop import Reply, Shop, until

from .indefinite import INDEFINITE, Question
from .orders import some_uuid, standing
from .peers import Peer, order_is, payment_is, problem, rows

QuestionOf = Callable[[Peer, web.Request], Question]
ANSWERS = pytest.mark.parametrize("answer", INDEFINITE)
SOME = pytest.mark.parametrize(
    "answer",
    [
        "500",
        "a redirect",
        "404 without a code",
        "a success for another",
        "a success of another shape",
        "no JSON",
    ],
)
LINE = {"product_id": 1, "sku": None, "name": "Pear Drops", "price": 2.5, "quantity": 2}


def notice(peer: Peer, request: web.Request) -> Question:
    """What a payment asks of its order."""
    ids = {"order_id": request.path.split("/")[2], "payment_id": peer.calls[-1][1]["payment_id"]}
    done = "PAID" if request.path.endswith("/payment") else "REFUNDED"
    return Question(ids, 409, "order_closed", {**ids, "status": done, "user_id": "ada"})


def reservation(peer: Peer, request: web.Request) -> Question:
    """What an order asks of the catalog."""
    ids = {"order_id": request.path.split("/")[2]}
    verb = request.path.split("/")[-1]
    done = {"commit": "COMMITTED", "release": "RELEASED", "return": "RETURNED"}.get(verb, "HELD")
    held = {"state": done, "lines": [LINE], "total_amount": 5.0, "currency": "USD"}
    return Question(ids, 409, "insufficient_stock", {**ids, **held})


def closing(peer: Peer, request: web.Request) -> Question:
    """What an order asks of its cart."""
    ids = {"user_id": "ada"}
    return Question(ids, 404, "product_not_found", {**ids, "version": 8, "items": []})


def settle_nothing(peer: Peer, answer: str, question: QuestionOf) -> None:
    """From now on, the peer answers so."""
    peer.answers = lambda request: INDEFINITE[answer](question(peer, request))


def succeed(peer: Peer, question: QuestionOf) -> None:
    """From now on, the peer does what it is asked."""
    peer.answers = lambda request: web.json_response(question(peer, request).success)


async def standing_in(shop: Shop, service: str) -> Peer:
    """A stand-in for a service, which does not know yet what it will answer."""
    peer = Peer(lambda _: web.Response(status=500))
    await shop.stand_in(service, peer.serve)
    return peer


async def pay(shop: Shop) -> Reply:
    body = {"order_id": some_uuid(), "amount": 5}
    return await shop.call("payment", "POST", "/pay", json=body)


async def check_out(shop: Shop) -> Reply:
    body = {"user_id": "ada", "items": [{"product_id": 1, "quantity": 2}]}
    return await shop.call("order", "POST", "/orders", json=body)


@ANSWERS
async def test_a_payment_stays_pending_after(shop: Shop, answer: str) -> None:
    peer = await standing_in(shop, "order")
    settle_nothing(peer, answer, notice)
    await shop.start("payment", peer_deadline=0.03)
    reply = await pay(shop)
    assert (reply.status, reply.json["status"]) == (202, "PENDING")
    assert peer.calls
    succeed(peer, notice)
    await payment_is(shop, reply.json["payment_id"], "COMPLETED")


@SOME
async def test_a_refund_stays_begun_after(shop: Shop, answer: str) -> None:
    peer = await standing_in(shop, "order")
    succeed(peer, notice)
    await shop.start("payment", peer_deadline=0.03)
    payment_id = (await pay(shop)).json["payment_id"]
    settle_nothing(peer, answer, notice)
    reply = await shop.call("payment", "POST", f"/payments/{payment_id}/refund")
    assert (reply.status, reply.json["status"]) == (202, "REFUNDING")
    succeed(peer, notice)
    await payment_is(shop, payment_id, "REFUNDED")


@ANSWERS
async def test_an_order_stays_requested_after(shop: Shop, answer: str) -> None:
    peer = await standing_in(shop, "catalog")
    settle_nothing(peer, answer, reservation)
    await shop.start("order", peer_deadline=0.03)
    reply = await check_out(shop)
    assert (reply.status, reply.json["stock_state"]) == (202, "REQUESTED")
    assert peer.calls
    succeed(peer, reservation)
    await order_is(shop, reply.json["order_id"], "CREATED", "HELD")


@SOME
async def test_stock_stays_due_after(shop: Shop, answer: str) -> None:
    peer = await standing_in(shop, "catalog")
    settle_nothing(peer, answer, reservation)
    await shop.start("order", peer_deadline=0.03)
    order = await standing(shop, "COMMIT_DUE")
    await order_is(shop, order.order_id, "PAID", "COMMIT_DUE")
    await peer.asked(2)
    await order_is(shop, order.order_id, "PAID", "COMMIT_DUE")
    succeed(peer, reservation)
    await order_is(shop, order.order_id, "PAID", "COMMITTED")


@SOME
async def test_a_cart_stays_to_be_closed_after(shop: Shop, answer: str) -> None:
    peer = await standing_in(shop, "cart")
    settle_nothing(peer, answer, closing)
    await shop.start("order", peer_deadline=0.03)
    order = await standing(shop, "HELD", cart_version=7)

    async def cart_state() -> str:
        (row,) = await rows(shop, "order", "SELECT cart_state FROM orders")
        return str(row["cart_state"])

    await order_is(shop, order.order_id, "CREATED", "HELD")
    await peer.asked(2)
    assert await cart_state() == "DUE"
    succeed(peer, closing)
    await order_is(shop, order.order_id, "CREATED", "HELD")

    async def closed() -> bool:
        return await cart_state() == "CLOSED"

    await until(closed)


async def test_a_peer_that_does_not_answer_in_time_settles_nothing(shop: Shop) -> None:
    peer = Peer(lambda request: problem(409, "order_closed", **notice(peer, request).ids))
    peer.open.clear()
    await shop.stand_in("order", peer.serve)
    await shop.start("payment", peer_deadline=0.03)
    reply = await pay(shop)
    assert reply.status == 202
    succeed(peer, notice)
    peer.open.set()
    await payment_is(shop, reply.json["payment_id"], "COMPLETED")


async def test_a_peer_that_hangs_up_settles_nothing(shop: Shop) -> None:
    def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    peer = Peer(hang_up)
    await shop.stand_in("catalog", peer.serve)
    await shop.start("order", peer_deadline=0.03)
    reply = await check_out(shop)
    assert reply.status == 202
    succeed(peer, reservation)
    await order_is(shop, reply.json["order_id"], "CREATED", "HELD")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "order_not_found"),
        (422, "amount_mismatch"),
        (409, "order_closed"),
        (409, "already_paid"),
    ],
)
async def test_a_refusal_that_was_agreed_on_fails_the_payment_it_names(
    shop: Shop, status: int, code: str
) -> None:
    peer = Peer(lambda request: problem(status, code, **notice(peer, request).ids))
    await shop.stand_in("order", peer.serve)
    await shop.start("payment")
    reply = await pay(shop)
    assert (reply.status, reply.code) == (status, code)
    assert len(peer.calls) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (409, "insufficient_stock"),
        (409, "price_changed"),
        (404, "product_not_found"),
        (422, "order_total_zero"),
    ],
)
async def test_a_refusal_that_was_agreed_on_rejects_the_order_it_names(
    shop: Shop, status: int, code: str
) -> None:
    peer = Peer(lambda request: problem(status, code, **reservation(peer, request).ids))
    await shop.stand_in("catalog", peer.serve)
    await shop.start("order")
    reply = await check_out(shop)
    assert (reply.status, reply.code) == (status, code)
    assert len(peer.calls) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"lines": []},
        {"lines": [{**LINE, "product_id": 9}]},
        {"lines": [{**LINE, "quantity": 1}]},
        {"total_amount": 4.99},
        {"total_amount": 0, "lines": [{**LINE, "price": 0}]},
        {"state": "RELEASED"},
    ],
)
async def test_a_reservation_of_something_else_holds_nothing(
    shop: Shop, wrong: dict[str, Any]
) -> None:
    peer = Peer(lambda request: web.json_response(reservation(peer, request).success | wrong))
    await shop.stand_in("catalog", peer.serve)
    await shop.start("order", peer_deadline=0.03)
    assert (await check_out(shop)).status == 202


async def test_a_call_says_which_service_and_which_shop_it_is_meant_for(shop: Shop) -> None:
    sent: list[web.Request] = []
    peer = await standing_in(shop, "order")
    peer.answers = lambda request: sent.append(request) or problem(500, None)  # type: ignore[func-returns-value]
    await shop.start("payment", peer_deadline=0.03)
    await pay(shop)
    shop_id = (await shop.call("registry", "GET", "/services")).json["shop"]
    assert sent[0].headers["Tuckshop-Service"] == "order"
    assert sent[0].headers["Tuckshop-Shop"] == shop_id
