"""Once the first transaction of a request is committed, no failure makes it say that nothing was
done; before it, nothing was.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from services.common.storage.database import QUEUE_LIMIT
from services.common.storage.reads import ForAThread, Lookups
from services.common.web.keys import DATABASE
from tests.passing import let_pass
from tests.shop import Reply, Shop, until

from .held_writes import Stall, watched_writes
from .payment_service import start_payment
from .peers import Peer, order_is, payment_is, problem, rows

LONG = "x" * 300_000
"""Longer than what is free in a small database."""


def fill(conn: sqlite3.Connection) -> None:
    """Let the database grow no further."""
    (pages,) = conn.execute("PRAGMA page_count").fetchone()
    conn.execute(f"PRAGMA max_page_count = {pages}")


def make_room(conn: sqlite3.Connection) -> None:
    conn.execute("PRAGMA max_page_count = 1000000")


class OrderService:
    """An order service before a catalog that holds whatever is asked for, by a long name."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.catalog = Peer(self._hold)

    def _hold(self, request: web.Request) -> web.StreamResponse:
        _, body = self.catalog.calls[-1]
        lines = [
            {**line, "price": 2.5, "sku": None, "name": LONG if n == 0 else "Pear Drops"}
            for n, line in enumerate(body["lines"])
        ]
        total = sum(line["quantity"] * 2.5 for line in lines)
        order_id = request.path.split("/")[2]
        held = {"order_id": order_id, "state": "HELD", "currency": "USD"}
        return web.json_response({**held, "lines": lines, "total_amount": total})

    async def place(self, lines: int = 1, **request: Any) -> Reply:
        items = [{"product_id": n + 1, "quantity": 1} for n in range(lines)]
        body = {"user_id": "ada", "items": items}
        return await self.shop.call("order", "POST", "/orders", json=body, **request)


async def start_order(shop: Shop, **settings: float) -> OrderService:
    order_service = OrderService(shop)
    await shop.stand_in("catalog", order_service.catalog.serve)
    await shop.start("order", **settings)
    return order_service


@pytest.fixture
def no_lookup_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is looked up has to wait for the thread that reads."""

    def run(*_query: Any, **_named: Any) -> None:
        raise ForAThread

    monkeypatch.setattr(Lookups, "run", run)


@asynccontextmanager
async def full_queue(call: Callable[..., Awaitable[Any]]) -> AsyncIterator[None]:
    """Have as many calls of a database's `read` or `write` wait as may, until the end."""
    stall = Stall()
    calls = [asyncio.ensure_future(call(stall.unit))]
    await until(stall.begun.is_set)
    calls += [asyncio.ensure_future(call(lambda _: None)) for _ in range(QUEUE_LIMIT)]
    await asyncio.sleep(0)  # each is in the queue by then
    try:
        yield
    finally:
        stall.end.set()
        await asyncio.gather(*calls, return_exceptions=True)


def says_no_more(_: web.Request) -> web.StreamResponse:
    """An answer that settles nothing, after which nobody asks again soon."""
    answer = problem(503, "draining")
    answer.headers["Retry-After"] = "60"
    return answer


@pytest.mark.usefixtures("no_lookup_at_once")
async def test_an_order_that_cannot_be_read_back_is_outcome_unknown(shop: Shop) -> None:
    order_service = await start_order(shop)
    holds, order_service.catalog.answers = order_service.catalog.answers, says_no_more
    order_service.catalog.open.clear()
    placing = asyncio.create_task(order_service.place(idempotency_key="one"))
    await order_service.catalog.asked()
    async with full_queue(shop.app("order")[DATABASE].read):
        order_service.catalog.open.set()
        reply = await placing
    assert (reply.status, reply.code) == (504, "outcome_unknown")
    order_service.catalog.answers = holds
    again = await order_service.place(idempotency_key="one")
    assert again.status == 201
    assert len(await rows(shop, "order", "SELECT * FROM orders")) == 1


@pytest.mark.usefixtures("no_lookup_at_once")
async def test_a_payment_that_cannot_be_read_back_is_outcome_unknown(shop: Shop) -> None:
    payment_service = await start_payment(shop)
    confirms, payment_service.peer.answers = payment_service.peer.answers, says_no_more
    payment_service.peer.open.clear()
    paying = asyncio.create_task(payment_service.pay(idempotency_key="one"))
    await payment_service.peer.asked()
    async with full_queue(shop.app("payment")[DATABASE].read):
        payment_service.peer.open.set()
        reply = await paying
    assert (reply.status, reply.code) == (504, "outcome_unknown")
    payment_service.peer.answers = confirms
    assert (await payment_service.pay(idempotency_key="one")).status == 200
    assert len(await payment_service.payments()) == 1


@pytest.mark.usefixtures("no_lookup_at_once")
async def test_a_refund_that_cannot_be_read_back_is_outcome_unknown(shop: Shop) -> None:
    payment_service = await start_payment(shop)
    payment_id = (await payment_service.pay()).json["payment_id"]
    confirms, payment_service.peer.answers = payment_service.peer.answers, says_no_more
    payment_service.peer.open.clear()
    refunding = asyncio.create_task(payment_service.refund(payment_id, idempotency_key="one"))
    await payment_service.peer.asked(2)
    async with full_queue(shop.app("payment")[DATABASE].read):
        payment_service.peer.open.set()
        reply = await refunding
    assert (reply.status, reply.code) == (504, "outcome_unknown")
    payment_service.peer.answers = confirms
    assert (await payment_service.refund(payment_id, idempotency_key="one")).json[
        "status"
    ] == "REFUNDED"


@pytest.mark.usefixtures("no_lookup_at_once")
async def test_who_settles_a_payment_is_answered_though_nothing_can_be_read(shop: Shop) -> None:
    payment_service = await start_payment(shop)
    payment_service.peer.open.clear()
    paying = asyncio.create_task(payment_service.pay(idempotency_key="one"))
    await payment_service.peer.asked()
    async with full_queue(shop.app("payment")[DATABASE].read):
        payment_service.peer.open.set()
        reply = await paying
    again = await payment_service.pay(idempotency_key="one")
    assert (reply.status, reply.json["status"]) == (200, "COMPLETED")
    assert (again.status, again.body) == (reply.status, reply.body)


async def test_without_room_for_what_the_catalog_held_the_order_is_202_and_finished_later(
    shop: Shop,
) -> None:
    order_service = await start_order(shop)
    order_service.catalog.open.clear()
    placing = asyncio.create_task(order_service.place(idempotency_key="one"))
    await order_service.catalog.asked()
    await shop.app("order")[DATABASE].write(fill)
    order_service.catalog.open.set()
    reply = await placing
    assert (reply.status, reply.json["stock_state"]) == (202, "REQUESTED")
    await shop.app("order")[DATABASE].write(make_room)
    await order_is(shop, reply.json["order_id"], "CREATED", "HELD")
    assert (await order_service.place(idempotency_key="one")).status == 201


async def test_without_room_for_the_end_of_a_payment_it_is_202_and_finished_later(
    shop: Shop,
) -> None:
    payment_service = await start_payment(shop, peer_deadline=5.0)

    def refuse(request: web.Request) -> web.StreamResponse:
        ids = {
            "order_id": payment_service.order_id,
            "payment_id": payment_service.peer.calls[-1][1]["payment_id"],
        }
        return problem(409, "order_closed", **ids, detail=LONG)

    payment_service.peer.answers = refuse
    payment_service.peer.open.clear()
    paying = asyncio.create_task(payment_service.pay(idempotency_key="one"))
    await payment_service.peer.asked()
    await shop.app("payment")[DATABASE].write(fill)
    payment_service.peer.open.set()
    reply = await paying
    assert (reply.status, reply.json["status"]) == (202, "PENDING")
    await shop.app("payment")[DATABASE].write(make_room)
    await payment_is(shop, reply.json["payment_id"], "FAILED")
    final = await payment_service.pay(idempotency_key="one")
    assert (final.status, final.code) == (409, "order_closed")


async def test_without_room_for_the_order_it_is_507_and_nothing_was_done(shop: Shop) -> None:
    order_service = await start_order(shop)
    await shop.app("order")[DATABASE].write(fill)
    reply = await order_service.place(100, idempotency_key="one")
    assert (reply.status, reply.code) == (507, "insufficient_storage")
    assert order_service.catalog.calls == []
    await shop.app("order")[DATABASE].write(make_room)
    assert await rows(shop, "order", "SELECT * FROM orders") == []
    assert (await order_service.place(100, idempotency_key="one")).status == 201


@pytest.mark.parametrize("service", ["order", "payment"])
async def test_when_too_many_wait_to_write_it_is_503_and_nothing_was_done(
    shop: Shop, service: str
) -> None:
    payment_service, order_service = await start_payment(shop), OrderService(shop)
    if service == "order":
        await shop.stop("order")
        await shop.stand_in("catalog", order_service.catalog.serve)
        await shop.start("order")
    async with full_queue(shop.app(service)[DATABASE].write):
        reply = await (order_service.place() if service == "order" else payment_service.pay())
    assert (reply.status, reply.code) == (503, "storage_unavailable")
    assert "Retry-After" in reply.headers
    assert order_service.catalog.calls == payment_service.peer.calls == []
    assert (await shop.call(service, "GET", f"/{service}s")).json == []


async def test_a_request_past_its_deadline_is_outcome_unknown_and_its_key_resumes_it(
    shop: Shop,
) -> None:
    order_service = await start_order(shop, request_deadline=30.0, peer_deadline=60.0)
    order_service.catalog.open.clear()
    placing = asyncio.create_task(order_service.place(idempotency_key="one"))
    await order_service.catalog.asked()
    let_pass(30.0)
    reply = await placing
    assert (reply.status, reply.code) == (504, "outcome_unknown")
    (placed,) = (await shop.call("order", "GET", "/orders")).json
    order_service.catalog.open.set()
    await order_is(shop, placed["order_id"], "CREATED", "HELD")
    final = await order_service.place(idempotency_key="one")
    assert (final.status, final.json["order_id"]) == (201, placed["order_id"])


async def test_a_caller_that_hangs_up_does_not_stop_what_it_began(shop: Shop) -> None:
    order_service = await start_order(shop)
    order_service.catalog.open.clear()
    caller = asyncio.create_task(order_service.place(idempotency_key="one"))
    await order_service.catalog.asked()
    caller.cancel()
    order_service.catalog.open.set()
    (placed,) = (await shop.call("order", "GET", "/orders")).json
    await order_is(shop, placed["order_id"], "CREATED", "HELD")

    async def placed_again() -> Any:
        # For a moment the request that nobody waits for may still be answered.
        return (await order_service.place(idempotency_key="one")).json.get("order_id")

    assert await until(placed_again) == placed["order_id"]


async def test_a_cancel_is_done_though_the_catalog_is_away(shop: Shop) -> None:
    order_service = await start_order(shop, peer_deadline=0.1)
    order_id = (await order_service.place()).json["order_id"]
    order_service.catalog.answers = lambda _: problem(500, None)
    reply = await shop.call("order", "POST", f"/orders/{order_id}/cancel")
    assert (reply.status, reply.json["status"]) == (200, "CANCELLED")
    await order_is(shop, order_id, "CANCELLED", "RELEASE_DUE")


async def test_a_repeat_while_the_first_is_being_committed_is_request_in_progress(
    shop: Shop,
) -> None:
    payment_service = await start_payment(shop, request_deadline=30.0)
    database = shop.app("payment")[DATABASE]
    before, after = Stall(), Stall()
    async with watched_writes(database) as asked:
        stalls = [asyncio.create_task(database.write(before.unit))]
        await until(before.begun.is_set)
        first = asyncio.create_task(payment_service.pay(idempotency_key="one"))
        await asked.come(2)
        stalls.append(asyncio.create_task(database.write(after.unit)))
        await asked.come(3)
        before.end.set()
        await until(after.begun.is_set)
        let_pass(30.0)
        assert (await first).code == "outcome_unknown"
        repeat = asyncio.create_task(payment_service.pay(idempotency_key="one"))
        await asked.come(4)
    after.end.set()
    assert (await repeat).code == "request_in_progress"
    await asyncio.gather(*stalls)
    assert (await payment_service.pay(idempotency_key="one")).status == 200
    assert len(await payment_service.payments()) == 1
