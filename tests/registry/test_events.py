"""What happens, live, as server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp
import pytest

from registry import event_stream, hub
from registry.hub import HUB, Hub, Stream
from registry.model import Event
from tests.registry.requests import CART, ask, drain, register
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


@pytest.fixture(autouse=True)
def open_streams(monkeypatch: pytest.MonkeyPatch) -> list[Stream]:
    """The streams that the registry keeps open at any time."""
    found: list[Stream] = []
    begin = Hub.stream

    @contextmanager
    def noted(hub: Hub) -> Iterator[Stream]:
        with begin(hub) as stream:
            found.append(stream)
            try:
                yield stream
            finally:
                found.remove(stream)

    monkeypatch.setattr(Hub, "stream", noted)
    return found


async def test_the_head_of_the_stream_is_its_headers_alone(
    shop: Shop, open_streams: list[Stream]
) -> None:
    async with asyncio.timeout(5):
        answer = await ask(shop, "HEAD", "/events")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.headers["X-Request-ID"]
    assert not open_streams


async def test_what_happens_is_told_as_it_does(shop: Shop) -> None:
    async with listening(shop) as reader:
        await register(shop)
        await drain(shop)
        await ask(shop, "DELETE", CART)
        events = [await reader.event() for _ in range(3)]
    assert [event["what"] for event in events] == ["registered", "draining", "removed"]
    assert list(reversed(events)) == (await ask(shop, "GET", "/history")).json


async def test_earlier_events_are_not_streamed(shop: Shop) -> None:
    await register(shop)
    async with listening(shop) as reader:
        await drain(shop)
        assert (await reader.event())["what"] == "draining"


async def test_a_stream_is_an_event_stream_and_not_stored(shop: Shop) -> None:
    async with listening(shop) as reader:
        headers = reader.response.headers
        assert headers["Content-Type"] == "text/event-stream"
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Request-ID"]


async def test_every_reader_hears_every_event(shop: Shop) -> None:
    async with listening(shop) as one, listening(shop) as another:
        await register(shop)
        assert await one.event() == await another.event()


async def test_a_silent_stream_sends_comments(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "PAUSE_SECONDS", 0.01)
    async with listening(shop) as reader:
        assert await reader.block() == ": still here\n\n"
        await register(shop)
        while (block := await reader.block()).startswith(":"):
            pass
        assert block.startswith("event: registered\n")


async def test_a_reader_that_leaves_is_forgotten_and_nothing_is_logged(
    shop: Shop, caplog: pytest.LogCaptureFixture, open_streams: list[Stream]
) -> None:
    async with listening(shop):
        assert len(open_streams) == 1
    for number in range(1, 1000):
        await register(shop, f"/services/cart/cart-{number % 9}")
        if not open_streams:
            break
    assert open_streams == []
    assert not [record for record in caplog.records if record.exc_info]


async def test_the_stream_of_a_reader_that_cannot_keep_up_ends(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "STREAM_BACKLOG", 2)
    with shop.app("registry")[HUB].stream() as stream:
        for number in range(3):
            await register(shop, f"/services/cart/cart-{number}", f"http://127.0.0.1:{number + 1}")
        await register(shop)  # which it does not hear of any more
        events = [stream.get_nowait() for _ in range(3)]
        assert stream.empty()
    assert [event and event.what for event in events] == ["registered", "registered", None]


async def test_the_connection_of_a_reader_that_stops_reading_is_cut(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, open_streams: list[Stream]
) -> None:
    monkeypatch.setattr(event_stream, "PATIENCE_SECONDS", 0.01)
    async with listening(shop) as reader:
        assert reader.response.connection is not None
        assert reader.response.connection.transport is not None
        reader.response.connection.transport.pause_reading()
        await shop.app("registry")[HUB].record([LONG] * 200)
        await until(lambda: not open_streams)


async def test_streams_end_when_the_registry_stops(shop: Shop) -> None:
    async with listening(shop) as reader:
        async with asyncio.timeout(5):
            await shop.stop("registry")
        assert await reader.response.content.read() == b""


async def test_a_stream_opened_while_the_registry_stops_ends_at_once(
    shop: Shop, open_streams: list[Stream]
) -> None:
    shop.app("registry")[HUB].end()
    async with listening(shop) as reader:
        assert await reader.response.content.read() == b""
    await until(lambda: not open_streams)
