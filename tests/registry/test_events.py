"""What happens, live, as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from registry import board, event_stream
from registry.board import BOARD
from registry.model import Event
from tests.registry.desk import CART, ask, drain, register
from tests.shop import OPERATOR, Shop, until

LONG = Event("registered", "cart", "cart-1", "2026-01-01T00:00:00.000Z", "x" * 100_000)


class Reader:
    """Reads a stream as a browser does."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def block(self) -> str:
        """The next event or comment."""
        async with asyncio.timeout(5):
            return (await self.response.content.readuntil(b"\n\n")).decode()

    async def event(self) -> Any:
        """The next event's data; its name is what happened."""
        name, data = (await self.block()).splitlines()[:2]
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['what']}"
        return event


@asynccontextmanager
async def listening(shop: Shop) -> AsyncIterator[Reader]:
    """A reader whose stream has begun."""
    async with shop.session.get(
        shop.urls["registry"] + "/events", headers={"X-API-Key": OPERATOR}
    ) as response:
        assert response.status == 200
        reader = Reader(response)
        assert await reader.block() == ": from now on\n\n"
        yield reader


def streams(shop: Shop) -> int:
    return len(shop.app("registry")[BOARD]._streams)


async def test_what_happens_is_told_as_it_does(shop: Shop) -> None:
    async with listening(shop) as reader:
        await register(shop)
        await drain(shop)
        await ask(shop, "DELETE", CART)
        told = [await reader.event() for _ in range(3)]
    assert [event["what"] for event in told] == ["registered", "draining", "removed"]
    assert list(reversed(told)) == (await ask(shop, "GET", "/history")).json


async def test_what_happened_before_is_not(shop: Shop) -> None:
    await register(shop)
    async with listening(shop) as reader:
        await drain(shop)
        assert (await reader.event())["what"] == "draining"


async def test_a_stream_is_one_and_is_kept_by_nobody(shop: Shop) -> None:
    async with listening(shop) as reader:
        headers = reader.response.headers
        assert headers["Content-Type"] == "text/event-stream"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Request-ID"]


async def test_every_reader_is_told(shop: Shop) -> None:
    async with listening(shop) as one, listening(shop) as another:
        await register(shop)
        assert await one.event() == await another.event()


async def test_a_silence_is_told_of(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "PAUSE_SECONDS", 0.01)
    async with listening(shop) as reader:
        assert await reader.block() == ": still here\n\n"
        await register(shop)
        while (block := await reader.block()).startswith(":"):
            pass
        assert block.startswith("event: registered\n")


async def test_a_reader_that_leaves_is_forgotten_and_nobody_is_alarmed(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(shop):
        assert streams(shop) == 1
    for number in range(1, 1000):
        await register(shop, f"/services/cart/cart-{number % 9}")
        if streams(shop) == 0:
            break
    assert streams(shop) == 0
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_reader_that_cannot_keep_up_is_let_go(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "STREAM_BACKLOG", 2)
    with shop.app("registry")[BOARD].stream() as stream:
        for number in range(3):
            await register(shop, f"/services/cart/cart-{number}", f"http://127.0.0.1:{number + 1}")
        assert streams(shop) == 0
        told = [stream.get_nowait() for _ in range(3)]
    assert [event and event.what for event in told] == ["registered", "registered", None]


async def test_a_reader_that_takes_nothing_is_cut_off(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "PATIENCE_SECONDS", 0.01)
    async with listening(shop) as reader:
        assert reader.response.connection is not None
        assert reader.response.connection.transport is not None
        reader.response.connection.transport.pause_reading()
        for _ in range(200):
            shop.app("registry")[BOARD]._publish(LONG)
        await until(lambda: streams(shop) == 0)


async def test_streams_end_when_the_registry_stops(shop: Shop) -> None:
    async with listening(shop) as reader:
        async with asyncio.timeout(5):
            await shop.stop("registry")
        assert await reader.response.content.read() == b""


async def test_a_reader_that_comes_while_it_stops_is_let_go_at_once(shop: Shop) -> None:
    shop.app("registry")[BOARD].end()
    async with listening(shop) as reader:
        assert await reader.response.content.read() == b""
    await until(lambda: streams(shop) == 0)
