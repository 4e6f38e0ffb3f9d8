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

from .cart_requests import closed
from .indefinite import (
    INDEFINITE,
    LINE,
    closing,
    notification,
    reservation,
    settle_nothing,
    succeed,
)
from .orders import some_uuid, stored_order
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
class ServiceBeforeStandIn:
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
async def service_before_stand_in(
    folder: Path, service: str, peer: str
) -> AsyncIterator[ServiceBeforeStandIn]:
    stand_in = Peer(lambda _: web.Response(status=500))
    async with open_shop(folder) as shop:
        await shop.start("registry")
        await shop.stand_in(peer, stand_in.serve)
        await shop.start(service, peer_deadline=0.03)
        yield ServiceBeforeStandIn(shop, stand_in)


def before(service: str, peer: str) -> Any:
    """A fixture: such a corner, shared by the module's tests."""

    @pytest_asyncio.fixture(scope="module", loop_scope="module")
    async def fixture(
        tmp_path_factory: pytest.TempPathFactory,
    ) -> AsyncIterator[ServiceBeforeStandIn]:
        async with service_before_stand_in(tmp_path_factory.mktemp(peer), service, peer) as found:
            yield found

    return fixture


payment_before_order = before("payment", "order")
order_before_catalog = before("order", "catalog")
order_before_cart = before("order", "cart")


@ANSWERS
async def test_a_payment_stays_pending_after_an_inconclusive_answer(
    payment_before_order: ServiceBeforeStandIn, answer: str
) -> None:
    settle_nothing(payment_before_order.peer, answer, notification)
    reply = await payment_before_order.pay()
    assert (reply.status, reply.json["status"]) == (202, "PENDING")
    assert payment_before_order.peer.calls
    succeed(payment_before_order.peer, notification)
    await payment_is(payment_before_order.shop, reply.json["payment_id"], "COMPLETED")


@SOME
async def test_a_refund_stays_begun_after_an_inconclusive_answer(
    payment_before_order: ServiceBeforeStandIn, answer: str
) -> None:
    succeed(payment_before_order.peer, notification)
    payment_id = (await payment_before_order.pay()).json["payment_id"]
    await payment_is(payment_before_order.shop, payment_id, "COMPLETED")
    settle_nothing(payment_before_order.peer, answer, notification)
    reply = await payment_before_order.shop.call(
        "payment", "POST", f"/payments/{payment_id}/refund"
    )
    assert (reply.status, reply.json["status"]) == (202, "REFUNDING")
    succeed(payment_before_order.peer, notification)
    await payment_is(payment_before_order.shop, payment_id, "REFUNDED")


@ANSWERS
async def test_an_order_stays_requested_after_an_inconclusive_answer(
    order_before_catalog: ServiceBeforeStandIn, answer: str
) -> None:
    settle_nothing(order_before_catalog.peer, answer, reservation)
    reply = await order_before_catalog.check_out()
    assert (reply.status, reply.json["stock_state"]) == (202, "REQUESTED")
    assert order_before_catalog.peer.calls
    succeed(order_before_catalog.peer, reservation)
    await order_is(order_before_catalog.shop, reply.json["order_id"], "CREATED", "HELD")


@SOME
@pytest.mark.parametrize("due", ["COMMIT_DUE", "RELEASE_DUE", "RETURN_DUE"])
async def test_stock_stays_due_after_an_inconclusive_answer(
    order_before_catalog: ServiceBeforeStandIn, answer: str, due: str
) -> None:
    settle_nothing(order_before_catalog.peer, answer, reservation)
    order = await stored_order(order_before_catalog.shop, due, payment_id=some_uuid())
    order_before_catalog.peer.calls.clear()
    await order_is(order_before_catalog.shop, order.order_id, *order.state)
    await order_before_catalog.peer.asked(2)
    await order_is(order_before_catalog.shop, order.order_id, *order.state)
    succeed(order_before_catalog.peer, reservation)
    done = {"COMMIT_DUE": "COMMITTED", "RELEASE_DUE": "RELEASED", "RETURN_DUE": "RETURNED"}[due]
    await order_is(order_before_catalog.shop, order.order_id, order.status, done)


@SOME
async def test_a_cart_stays_to_be_closed_after_an_inconclusive_answer(
    order_before_cart: ServiceBeforeStandIn, answer: str
) -> None:
    settle_nothing(order_before_cart.peer, answer, closing)
    order = await stored_order(order_before_cart.shop, "HELD", cart_version=next(VERSIONS))
    order_before_cart.peer.calls.clear()
    await order_is(order_before_cart.shop, order.order_id, "CREATED", "HELD")
    await order_before_cart.peer.asked(2)
    query = "SELECT cart_state FROM orders WHERE order_id = ?"
    assert await rows(order_before_cart.shop, "order", query, order.order_id) == [
        {"cart_state": "DUE"}
    ]
    succeed(order_before_cart.peer, closing)
    await closed(order_before_cart.shop, order.order_id)


async def test_a_peer_that_does_not_answer_in_time_settles_nothing(
    payment_before_order: ServiceBeforeStandIn,
) -> None:
    payment_before_order.peer.answers = lambda request: problem(
        409, "order_closed", **notification(payment_before_order.peer, request).ids
    )
    payment_before_order.peer.open.clear()
    reply = await payment_before_order.pay()
    assert reply.status == 202
    succeed(payment_before_order.peer, notification)
    payment_before_order.peer.open.set()
    await payment_is(payment_before_order.shop, reply.json["payment_id"], "COMPLETED")


async def test_a_peer_that_hangs_up_settles_nothing(
    order_before_catalog: ServiceBeforeStandIn,
) -> None:
    def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    order_before_catalog.peer.answers = hang_up
    reply = await order_before_catalog.check_out()
    assert reply.status == 202
    succeed(order_before_catalog.peer, reservation)
    await order_is(order_before_catalog.shop, reply.json["order_id"], "CREATED", "HELD")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "order_not_found"),
        (422, "amount_mismatch"),
        (409, "order_closed"),
        (409, "already_paid"),
    ],
)
async def test_a_listed_rejection_fails_the_payment_it_names(
    payment_before_order: ServiceBeforeStandIn, status: int, code: str
) -> None:
    payment_before_order.peer.answers = lambda request: problem(
        status, code, **notification(payment_before_order.peer, request).ids
    )
    await payment_before_order.pay()
    (newest,) = (await payment_before_order.shop.call("payment", "GET", "/payments?limit=1")).json
    failed = await payment_is(payment_before_order.shop, newest["payment_id"], "FAILED")
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
async def test_a_listed_rejection_rejects_the_order_it_names(
    order_before_catalog: ServiceBeforeStandIn, status: int, code: str
) -> None:
    order_before_catalog.peer.answers = lambda request: problem(
        status, code, **reservation(order_before_catalog.peer, request).ids
    )
    await order_before_catalog.check_out()
    (newest,) = (await order_before_catalog.shop.call("order", "GET", "/orders?limit=1")).json
    rejected = await order_is(order_before_catalog.shop, newest["order_id"], "REJECTED")
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
    order_before_catalog: ServiceBeforeStandIn, wrong: dict[str, Any]
) -> None:
    order_before_catalog.peer.answers = lambda request: web.json_response(
        reservation(order_before_catalog.peer, request).success | wrong
    )
    reply = await order_before_catalog.check_out()
    assert reply.status == 202
    succeed(order_before_catalog.peer, reservation)
    await order_is(order_before_catalog.shop, reply.json["order_id"], "CREATED", "HELD")


async def test_a_call_says_which_service_and_which_shop_it_is_meant_for(
    payment_before_order: ServiceBeforeStandIn,
) -> None:
    sent: list[dict[str, str]] = []

    def answer(request: web.Request) -> web.StreamResponse:
        sent.append(dict(request.headers))
        return web.json_response(notification(payment_before_order.peer, request).success)

    payment_before_order.peer.answers = answer
    await payment_before_order.pay()
    shop_id = (await payment_before_order.shop.call("registry", "GET", "/services")).json["shop"]
    assert sent[0]["Tuckshop-Service"] == "order"
    assert sent[0]["Tuckshop-Shop"] == shop_id
