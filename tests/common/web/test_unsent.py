"""Answers that nobody reads: counted, bounded, and not waited for for ever."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from services.common.process import app
from services.common.web import unsent
from services.common.web.lifecycle import LIFECYCLE
from services.common.web.routing import Route
from services.common.web.unsent import PACE, STALLED_SECONDS, UNSENT, Unsent
from tests.by_hand import connection, head, next_status, rest, say
from tests.common.bakery import open_bakery
from tests.routes import assert_problem
from tests.shop import Shop, until

LARGE = 16 * 2**20
"""More than any kernel takes for a reader that does not read."""


PIECE = bytes(2**20)
HOUR = 3600.0
"""In which a reader at the pace would have taken 14 MiB."""


class Counter:
    """A counter that hands out loaves, and tells how many, by a clock that a test sets."""

    def __init__(self) -> None:
        self.served = 0
        self.now = 0.0
        self.next_piece = asyncio.Event()

    async def sell(self, _request: web.Request) -> web.Response:
        """Sell a small one."""
        self.served += 1
        return web.Response(body=b"x" * 1000)

    async def show(self, _request: web.Request) -> web.Response:
        """Show a large one."""
        return web.Response(body=bytes(LARGE))

    async def cut(self, _request: web.Request) -> web.Response:
        """Serve one slice, and a large rest when it is time."""
        return web.Response(body=self._slices())

    async def _slices(self) -> AsyncIterator[bytes]:
        yield b"x"
        await self.next_piece.wait()
        while True:
            yield PIECE


@pytest.fixture
async def counter(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Counter:
    monkeypatch.setattr(unsent, "LOOK_SECONDS", 3600.0)  # the tests look themselves
    counter = Counter()
    monkeypatch.setattr(app, "Unsent", lambda: Unsent(clock=lambda: counter.now))
    routes = [
        Route("POST", "/loaves", counter.sell),
        Route("GET", "/loaves", counter.sell),
        Route("GET", "/window", counter.show),
        Route("GET", "/slices", counter.cut),
    ]
    await open_bakery(shop, routes)
    return counter


async def unread(shop: Shop, sock: Any) -> None:
    """Ask for a large answer, and read only that it has begun."""
    await say(sock, head("GET", "/window"))
    assert await next_status(sock) == 200
    assert shop.app("bakery")[UNSENT].bytes == LARGE


async def test_what_was_sent_is_counted_no_more(shop: Shop, counter: Counter) -> None:
    for path in ("/loaves", "/window"):
        assert (await shop.call("bakery", "GET", path)).status == 200
    assert shop.app("bakery")[UNSENT].bytes == 0


async def test_past_the_bound_nothing_is_begun_until_there_is_room_again(
    shop: Shop, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsent, "MAX_UNSENT", LARGE)
    async with connection(shop.urls["bakery"]) as lazy:
        await unread(shop, lazy)
        for method in ("GET", "POST"):
            reply = await shop.call("bakery", method, "/loaves")
            assert_problem(reply, 503, "overloaded")
            assert reply.headers["Retry-After"] == "1"
        assert counter.served == 0
    await until(lambda: shop.app("bakery")[UNSENT].bytes == 0)
    assert (await shop.call("bakery", "POST", "/loaves")).status == 200


async def test_what_was_done_is_told_where_a_mere_look_is_refused(
    shop: Shop, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsent, "MAX_UNSENT", 999)
    assert (await shop.call("bakery", "POST", "/loaves")).status == 200
    assert_problem(await shop.call("bakery", "GET", "/loaves"), 503, "overloaded")


async def test_a_probe_is_answered_while_answers_wait_to_be_read(
    shop: Shop, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until(lambda: shop.app("bakery")[LIFECYCLE].registered)
    monkeypatch.setattr(unsent, "MAX_UNSENT", 0)
    for path in ("/livez", "/readyz", "/metrics"):
        assert (await shop.call("bakery", "GET", path, key=None)).status == 200
    assert_problem(await shop.call("bakery", "GET", "/version"), 503, "overloaded")


async def test_a_reader_that_does_not_read_is_hung_up_on(shop: Shop, counter: Counter) -> None:
    async with connection(shop.urls["bakery"]) as lazy:
        await unread(shop, lazy)
        answers = shop.app("bakery")[UNSENT]
        for counter.now in (0.0, STALLED_SECONDS - 1):
            answers.drop_slow()
            assert answers.bytes == LARGE
        counter.now = STALLED_SECONDS
        answers.drop_slow()
        await until(lambda: answers.bytes == 0)
        assert await rest(lazy) < LARGE


async def test_a_reader_that_reads_at_the_pace_is_not_hung_up_on(
    shop: Shop, counter: Counter
) -> None:
    async with connection(shop.urls["bakery"]) as slow:
        await unread(shop, slow)
        answers = shop.app("bakery")[UNSENT]
        answers.drop_slow()
        while counter.now < 10 * STALLED_SECONDS:
            counter.now += (await read_some(shop, slow)) / PACE
            answers.drop_slow()
            assert answers.bytes == LARGE


async def test_a_reader_that_reads_at_a_trickle_is_hung_up_on(shop: Shop, counter: Counter) -> None:
    async with connection(shop.urls["bakery"]) as trickle:
        await unread(shop, trickle)
        answers = shop.app("bakery")[UNSENT]
        answers.drop_slow()
        assert answers.bytes == LARGE
        counter.now += STALLED_SECONDS - 1
        await read_some(shop, trickle)
        answers.drop_slow()
        assert answers.bytes
        counter.now += HOUR
        await read_some(shop, trickle)
        answers.drop_slow()
        await until(lambda: answers.bytes == 0)


async def test_an_answer_in_pieces_may_wait_for_the_next_one(shop: Shop, counter: Counter) -> None:
    async with connection(shop.urls["bakery"]) as patient:
        await say(patient, head("GET", "/slices"))
        assert await next_status(patient) == 200
        answers = shop.app("bakery")[UNSENT]
        for counter.now in (0.0, HOUR, 2 * HOUR):
            answers.drop_slow()
            assert answers.bytes


async def test_an_answer_in_pieces_is_held_to_the_pace_once_one_is_unsent(
    shop: Shop, counter: Counter
) -> None:
    async with connection(shop.urls["bakery"]) as trickle:
        await say(trickle, head("GET", "/slices"))
        assert await next_status(trickle) == 200
        counter.next_piece.set()
        await until(lambda: left_to_send(shop) > 0)
        answers = shop.app("bakery")[UNSENT]
        answers.drop_slow()
        counter.now += STALLED_SECONDS - 1
        await read_some(shop, trickle)
        answers.drop_slow()
        assert answers.bytes
        counter.now += HOUR
        await read_some(shop, trickle)
        answers.drop_slow()
        await until(lambda: answers.bytes == 0)


async def read_some(shop: Shop, sock: socket.socket) -> int:
    """Read until the bakery is rid of some more; returns of how many bytes."""
    left = left_to_send(shop)
    while left_to_send(shop) == left:
        await asyncio.get_running_loop().sock_recv(sock, 2**16)
        await asyncio.sleep(0)
    return left - left_to_send(shop)


def left_to_send(shop: Shop) -> int:
    """The bytes that the bakery has in memory for its callers."""
    server = shop.runners["bakery"].server
    assert server is not None
    transports = [each.transport for each in server.connections]
    return sum(each.get_write_buffer_size() for each in transports if each is not None)


async def test_the_kernel_does_not_take_megabytes_for_a_reader_that_does_not_read(
    shop: Shop, counter: Counter
) -> None:
    async with connection(shop.urls["bakery"], receive_buffer=4096) as lazy:
        await unread(shop, lazy)
        assert left_to_send(shop) > LARGE - 2**20
