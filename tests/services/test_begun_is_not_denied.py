"""Once the first transaction of a request is committed, no failure makes it say that nothing was
done; before it, nothing was.
"""

import asyncio
import sqlite3
import threading
from typing import Any

import pytest
from aiohttp import web

from services.common.keys import DATABASE
from tests.passing import let_pass
from tests.shop import Reply, Shop, until

from .peers import Peer, order_is, payment_is, problem, rows
from .till import open_till

LONG = "x" * 300_000
"""Longer than what is free in a small database."""


def fill(conn: sqlite3.Connection) -> None:
    """Let the database grow no further."""
    (pages,) = conn.execute("PRAGMA page_count").fetchone()
    conn.execute(f"PRAGMA max_page_count = {pages}")


def make_room(conn: sqlite3.Connection) -> None:
    conn.execute("PRAGMA max_page_count = 1000000")


class Desk:
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
        held = {"order_id": request.path.split("/")[2], "state": "HELD"}
        return web.json_response({**held, "lines": lines, "total_amount": total})

    async def place(self, lines: int = 1, **request: Any) -> Reply:
        items = [{"product_id": n + 1, "quantity": 1} for n in range(lines)]
        body = {"user_id": "ada", "items": items}
        return await self.shop.call("order", "POST", "/orders", json=body, **request)


async def open_desk(shop: Shop, **settings: float) -> Desk:
    desk = Desk(shop)
    await shop.stand_in("catalog", desk.catalog.serve)
    await shop.start("order", **settings)
    return desk


def no_reads(shop: Shop, service: str) -> None:
    """Have the queue of reads be full from now on."""
    shop.app(service)[DATABASE]._reads._queue_limit = 0


def reads(shop: Shop, service: str) -> None:
    shop.app(service)[DATABASE]._reads._queue_limit = 1024


async def test_an_order_that_cannot_be_read_back_is_not_known_to_be_done(shop: Shop) -> None:
    desk = await open_desk(shop, peer_deadline=0.25)

    def overload(_: web.Request) -> web.StreamResponse:
        no_reads(shop, "order")
        return problem(500, None)

    holds, desk.catalog.answers = desk.catalog.answers, overload
    reply = await desk.place(idempotency_key="one")
    assert (reply.status, reply.code) == (504, "outcome_unknown")
    desk.catalog.answers = holds
    reads(shop, "order")
    again = await desk.place(idempotency_key="one")
    assert again.status == 201
    assert len(await rows(shop, "order", "SELECT * FROM orders")) == 1


async def test_a_payment_that_cannot_be_read_back_is_not_known_to_be_done(shop: Shop) -> None:
    till = await open_till(shop)
    answers = till.peer.answers

    def overload(request: web.Request) -> web.StreamResponse:
        no_reads(shop, "payment")
        return answers(request)

    till.peer.answers = overload
    reply = await till.pay(idempotency_key="one")
    assert (reply.status, reply.code) == (504, "outcome_unknown")
    till.peer.answers = answers
    reads(shop, "payment")
    assert (await till.pay(idempotency_key="one")).status == 200
    assert len(await till.payments()) == 1


async def test_a_refund_that_cannot_be_read_back_is_not_known_to_be_done(shop: Shop) -> None:
    till = await open_till(shop)
    payment_id = (await till.pay()).json["payment_id"]
    answers = till.peer.answers

    def overload(request: web.Request) -> web.StreamResponse:
        no_reads(shop, "payment")
        return answers(request)

    till.peer.answers = overload
    reply = await till.refund(payment_id, idempotency_key="one")
    assert (reply.status, reply.code) == (504, "outcome_unknown")
    reads(shop, "payment")
    till.peer.answers = answers
    assert (await till.refund(payment_id, idempotency_key="one")).json["status"] == "REFUNDED"


async def test_without_room_for_what_the_catalog_held_the_order_is_202_and_finished_later(
    shop: Shop,
) -> None:
    desk = await open_desk(shop)
    desk.catalog.open.clear()
    placing = asyncio.create_task(desk.place(idempotency_key="one"))
    await desk.catalog.asked()
    await shop.app("order")[DATABASE].write(fill)
    desk.catalog.open.set()
    reply = await placing
    assert (reply.status, reply.json["stock_state"]) == (202, "REQUESTED")
    await shop.app("order")[DATABASE].write(make_room)
    await order_is(shop, reply.json["order_id"], "CREATED", "HELD")
    assert (await desk.place(idempotency_key="one")).status == 201


async def test_without_room_for_the_end_of_a_payment_it_is_202_and_finished_later(
    shop: Shop,
) -> None:
    till = await open_till(shop, peer_deadline=5.0)

    def refuse(request: web.Request) -> web.StreamResponse:
        ids = {"order_id": till.order_id, "payment_id": till.peer.calls[-1][1]["payment_id"]}
        return problem(409, "order_closed", **ids, detail=LONG)

    till.peer.answers = refuse
    till.peer.open.clear()
    paying = asyncio.create_task(till.pay(idempotency_key="one"))
    await till.peer.asked()
    await shop.app("payment")[DATABASE].write(fill)
    till.peer.open.set()
    reply = await paying
    assert (reply.status, reply.json["status"]) == (202, "PENDING")
    await shop.app("payment")[DATABASE].write(make_room)
    await payment_is(shop, reply.json["payment_id"], "FAILED")
    final = await till.pay(idempotency_key="one")
    assert (final.status, final.code) == (409, "order_closed")


async def test_without_room_for_the_order_it_is_507_and_nothing_was_done(shop: Shop) -> None:
    desk = await open_desk(shop)
    await shop.app("order")[DATABASE].write(fill)
    reply = await desk.place(100, idempotency_key="one")
    assert (reply.status, reply.code) == (507, "insufficient_storage")
    assert desk.catalog.calls == []
    await shop.app("order")[DATABASE].write(make_room)
    assert await rows(shop, "order", "SELECT * FROM orders") == []
    assert (await desk.place(100, idempotency_key="one")).status == 201


@pytest.mark.parametrize("service", ["order", "payment"])
async def test_when_too_many_wait_to_write_it_is_503_and_nothing_was_done(
    shop: Shop, service: str
) -> None:
    till, desk = await open_till(shop), Desk(shop)
    if service == "order":
        await shop.stop("order")
        await shop.stand_in("catalog", desk.catalog.serve)
        await shop.start("order")
    writes = shop.app(service)[DATABASE]._writes
    writes._queue_limit = 0
    reply = await (desk.place() if service == "order" else till.pay())
    assert (reply.status, reply.code) == (503, "storage_unavailable")
    assert "Retry-After" in reply.headers
    assert desk.catalog.calls == till.peer.calls == []
    assert (await shop.call(service, "GET", f"/{service}s")).json == []


async def test_a_request_past_its_deadline_is_not_known_and_its_key_goes_on_with_it(
    shop: Shop,
) -> None:
    desk = await open_desk(shop, request_deadline=30.0, peer_deadline=60.0)
    desk.catalog.open.clear()
    placing = asyncio.create_task(desk.place(idempotency_key="one"))
    await desk.catalog.asked()
    let_pass(30.0)
    reply = await placing
    assert (reply.status, reply.code) == (504, "outcome_unknown")
    (placed,) = (await shop.call("order", "GET", "/orders")).json
    desk.catalog.open.set()
    await order_is(shop, placed["order_id"], "CREATED", "HELD")
    final = await desk.place(idempotency_key="one")
    assert (final.status, final.json["order_id"]) == (201, placed["order_id"])


async def test_a_caller_that_hangs_up_does_not_stop_what_it_began(shop: Shop) -> None:
    desk = await open_desk(shop)
    desk.catalog.open.clear()
    caller = asyncio.create_task(desk.place(idempotency_key="one"))
    await desk.catalog.asked()
    caller.cancel()
    desk.catalog.open.set()
    (placed,) = (await shop.call("order", "GET", "/orders")).json
    await order_is(shop, placed["order_id"], "CREATED", "HELD")

    async def placed_again() -> Any:
        # For a moment the request that nobody waits for may still be answered.
        return (await desk.place(idempotency_key="one")).json.get("order_id")

    assert await until(placed_again) == placed["order_id"]


async def test_a_cancel_is_done_though_the_catalog_is_away(shop: Shop) -> None:
    desk = await open_desk(shop, peer_deadline=0.1)
    order_id = (await desk.place()).json["order_id"]
    desk.catalog.answers = lambda _: problem(500, None)
    reply = await shop.call("order", "POST", f"/orders/{order_id}/cancel")
    assert (reply.status, reply.json["status"]) == (200, "CANCELLED")
    await order_is(shop, order_id, "CANCELLED", "RELEASE_DUE")


async def test_a_repeat_while_the_first_is_being_committed_is_told_so_and_joins_it_then(
    shop: Shop,
) -> None:
    till = await open_till(shop, request_deadline=30.0)
    database = shop.app("payment")[DATABASE]
    before, after = threading.Event(), threading.Event()
    stalls = [asyncio.create_task(database.write(lambda _: before.wait()))]
    await until(lambda: database._writes._taken)
    first = asyncio.create_task(till.pay(idempotency_key="one"))
    await until(lambda: len(database._writes._waiting) == 1)
    stalls.append(asyncio.create_task(database.write(lambda _: after.wait())))
    await until(lambda: len(database._writes._waiting) == 2)
    before.set()
    await until(lambda: not database._writes._waiting)
    let_pass(30.0)
    assert (await first).code == "outcome_unknown"
    repeat = asyncio.create_task(till.pay(idempotency_key="one"))
    await until(lambda: len(database._writes._waiting) == 1)
    after.set()
    assert (await repeat).code == "request_in_progress"
    await asyncio.gather(*stalls)
    assert (await till.pay(idempotency_key="one")).status == 200
    assert len(await till.payments()) == 1
