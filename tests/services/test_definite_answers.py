"""Only a definite answer settles anything; after any other the question is asked again."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from tests.shop import Reply, Shop, open_shop

from .carts import closed
from .indefinite import (
    INDEFINITE,
    LINE,
    closing,
    notice,
    reservation,
    settle_nothing,
    succeed,
)
from .orders import some_uuid, standing
from .peers import Peer, order_is, payment_is, problem, rows

pytestmark = pytest.mark.asyncio(loop_scope="module")

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
VERSIONS = itertools.count(1)


@dataclass
class Corner:
    """One service before a stand-in; each test has entities of its own."""

    shop: Shop
    peer: Peer

    async def pay(self) -> Reply:
        body = {"order_id": some_uuid(), "amount": 5}
        return await self.shop.call("payment", "POST", "/pay", json=body)

    async def check_out(self) -> Reply:
        body = {"user_id": "ada", "items": [{"product_id": 1, "quantity": 2}]}
        return await self.shop.call("order", "POST", "/orders", json=body)


@asynccontextmanager
async def corner(folder: Path, service: str, peer: str) -> AsyncIterator[Corner]:
    stand_in = Peer(lambda _: web.Response(status=500))
    async with open_shop(folder) as shop:
        await shop.start("registry")
        await shop.stand_in(peer, stand_in.serve)
        await shop.start(service, peer_deadline=0.03)
        yield Corner(shop, stand_in)


def before(service: str, peer: str) -> Any:
    """A fixture: such a corner, shared by the module's tests."""

    @pytest_asyncio.fixture(scope="module", loop_scope="module")
    async def fixture(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Corner]:
        async with corner(tmp_path_factory.mktemp(peer), service, peer) as found:
            yield found

    return fixture


till = before("payment", "order")
desk = before("order", "catalog")
trolley = before("order", "cart")


@ANSWERS
async def test_a_payment_stays_pending_after(till: Corner, answer: str) -> None:
    settle_nothing(till.peer, answer, notice)
    reply = await till.pay()
    assert (reply.status, reply.json["status"]) == (202, "PENDING")
    assert till.peer.calls
    succeed(till.peer, notice)
    await payment_is(till.shop, reply.json["payment_id"], "COMPLETED")


@SOME
async def test_a_refund_stays_begun_after(till: Corner, answer: str) -> None:
    succeed(till.peer, notice)
    payment_id = (await till.pay()).json["payment_id"]
    await payment_is(till.shop, payment_id, "COMPLETED")
    settle_nothing(till.peer, answer, notice)
    reply = await till.shop.call("payment", "POST", f"/payments/{payment_id}/refund")
    assert (reply.status, reply.json["status"]) == (202, "REFUNDING")
    succeed(till.peer, notice)
    await payment_is(till.shop, payment_id, "REFUNDED")


@ANSWERS
async def test_an_order_stays_requested_after(desk: Corner, answer: str) -> None:
    settle_nothing(desk.peer, answer, reservation)
    reply = await desk.check_out()
    assert (reply.status, reply.json["stock_state"]) == (202, "REQUESTED")
    assert desk.peer.calls
    succeed(desk.peer, reservation)
    await order_is(desk.shop, reply.json["order_id"], "CREATED", "HELD")


@SOME
@pytest.mark.parametrize("due", ["COMMIT_DUE", "RELEASE_DUE", "RETURN_DUE"])
async def test_stock_stays_due_after(desk: Corner, answer: str, due: str) -> None:
    settle_nothing(desk.peer, answer, reservation)
    order = await standing(desk.shop, due, payment_id=some_uuid())
    desk.peer.calls.clear()
    await order_is(desk.shop, order.order_id, *order.state)
    await desk.peer.asked(2)
    await order_is(desk.shop, order.order_id, *order.state)
    succeed(desk.peer, reservation)
    done = {"COMMIT_DUE": "COMMITTED", "RELEASE_DUE": "RELEASED", "RETURN_DUE": "RETURNED"}[due]
    await order_is(desk.shop, order.order_id, order.status, done)


@SOME
async def test_a_cart_stays_to_be_closed_after(trolley: Corner, answer: str) -> None:
    settle_nothing(trolley.peer, answer, closing)
    order = await standing(trolley.shop, "HELD", cart_version=next(VERSIONS))
    trolley.peer.calls.clear()
    await order_is(trolley.shop, order.order_id, "CREATED", "HELD")
    await trolley.peer.asked(2)
    query = "SELECT cart_state FROM orders WHERE order_id = ?"
    assert await rows(trolley.shop, "order", query, order.order_id) == [{"cart_state": "DUE"}]
    succeed(trolley.peer, closing)
    await closed(trolley.shop, order.order_id)


async def test_a_peer_that_does_not_answer_in_time_settles_nothing(till: Corner) -> None:
    till.peer.answers = lambda request: problem(
        409, "order_closed", **notice(till.peer, request).ids
    )
    till.peer.open.clear()
    reply = await till.pay()
    assert reply.status == 202
    succeed(till.peer, notice)
    till.peer.open.set()
    await payment_is(till.shop, reply.json["payment_id"], "COMPLETED")


async def test_a_peer_that_hangs_up_settles_nothing(desk: Corner) -> None:
    def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    desk.peer.answers = hang_up
    reply = await desk.check_out()
    assert reply.status == 202
    succeed(desk.peer, reservation)
    await order_is(desk.shop, reply.json["order_id"], "CREATED", "HELD")


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
    till: Corner, status: int, code: str
) -> None:
    till.peer.answers = lambda request: problem(status, code, **notice(till.peer, request).ids)
    await till.pay()
    (newest,) = (await till.shop.call("payment", "GET", "/payments?limit=1")).json
    failed = await payment_is(till.shop, newest["payment_id"], "FAILED")
    assert failed["reason"] == code


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
    desk: Corner, status: int, code: str
) -> None:
    desk.peer.answers = lambda request: problem(status, code, **reservation(desk.peer, request).ids)
    await desk.check_out()
    (newest,) = (await desk.shop.call("order", "GET", "/orders?limit=1")).json
    rejected = await order_is(desk.shop, newest["order_id"], "REJECTED")
    assert rejected["reason"] == code


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
    desk: Corner, wrong: dict[str, Any]
) -> None:
    desk.peer.answers = lambda request: web.json_response(
        reservation(desk.peer, request).success | wrong
    )
    reply = await desk.check_out()
    assert reply.status == 202
    succeed(desk.peer, reservation)
    await order_is(desk.shop, reply.json["order_id"], "CREATED", "HELD")


async def test_a_call_says_which_service_and_which_shop_it_is_meant_for(till: Corner) -> None:
    sent: list[dict[str, str]] = []

    def answer(request: web.Request) -> web.StreamResponse:
        sent.append(dict(request.headers))
        return web.json_response(notice(till.peer, request).success)

    till.peer.answers = answer
    await till.pay()
    shop_id = (await till.shop.call("registry", "GET", "/services")).json["shop"]
    assert sent[0]["Tuckshop-Service"] == "order"
    assert sent[0]["Tuckshop-Shop"] == shop_id
