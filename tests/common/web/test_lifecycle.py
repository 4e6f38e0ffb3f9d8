"""Overload and draining: what is refused was not begun, and what was begun is finished."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web

from services.common.web import lifecycle
from services.common.web.lifecycle import LIFECYCLE, Lifecycle
from services.common.web.routing import Route
from tests.common.bakery import open_bakery
from tests.routes import assert_problem
from tests.shop import Reply, Shop, until


class Oven:
    """Bakes as long as the test lets it."""

    def __init__(self) -> None:
        self.begun = 0
        self.done = 0
        self.go_on = asyncio.Event()

    async def bake(self, _request: web.Request) -> web.Response:
        """Bake a loaf."""
        self.begun += 1
        await self.go_on.wait()
        self.done += 1
        return web.json_response("a loaf")


@pytest.fixture
async def oven(shop: Shop) -> Oven:
    oven = Oven()
    routes = [
        Route("POST", "/loaves", oven.bake),
        Route("GET", "/smell", oven.bake, streams=True),
    ]
    await open_bakery(shop, routes)
    return oven


def bake(shop: Shop) -> asyncio.Task[Reply]:
    return asyncio.create_task(shop.call("bakery", "POST", "/loaves"))


async def test_past_the_limit_of_concurrent_requests_one_is_503_and_not_begun(
    shop: Shop, oven: Oven, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "MAX_IN_FLIGHT", 3)
    baking = [bake(shop) for _ in range(3)]
    await until(lambda: oven.begun == 3)
    refused = await bake(shop)
    assert_problem(refused, 503, "overloaded")
    assert refused.headers["Retry-After"] == "1"
    assert oven.begun == 3
    oven.go_on.set()
    assert [reply.status for reply in await asyncio.gather(*baking)] == [200] * 3
    assert (await bake(shop)).status == 200


async def test_a_request_that_failed_makes_room_for_another(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_request: web.Request) -> web.Response:
        raise RuntimeError("burnt")

    monkeypatch.setattr(lifecycle, "MAX_IN_FLIGHT", 1)
    await open_bakery(shop, [Route("POST", "/loaves", fail)])
    for key in ("secret-key-123", "secret-key-123", "wrong", "secret-key-123"):
        reply = await shop.call("bakery", "POST", "/loaves", key=key)
        assert reply.status == (401 if key == "wrong" else 500)


async def test_streams_have_a_limit_of_their_own(
    shop: Shop, oven: Oven, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "MAX_STREAMS", 1)
    monkeypatch.setattr(lifecycle, "MAX_IN_FLIGHT", 1)
    first = asyncio.create_task(shop.call("bakery", "GET", "/smell"))
    await until(lambda: oven.begun == 1)
    assert_problem(await shop.call("bakery", "GET", "/smell"), 503, "overloaded")
    baking = bake(shop)
    await until(lambda: oven.begun == 2)
    oven.go_on.set()
    assert [(await first).status, (await baking).status] == [200, 200]


async def test_a_draining_service_is_503_with_retry_after(shop: Shop, oven: Oven) -> None:
    shop.app("bakery")[LIFECYCLE].drain()
    for method, path in (("POST", "/loaves"), ("GET", "/smell")):
        refused = await shop.call("bakery", method, path)
        assert_problem(refused, 503, "draining")
        assert refused.headers["Retry-After"] == "1"
        assert refused.headers["Connection"] == "close"
    assert oven.begun == 0


async def test_a_request_under_way_is_finished_when_the_service_stops(
    shop: Shop, oven: Oven
) -> None:
    baking = bake(shop)
    await until(lambda: oven.begun == 1)
    shop.app("bakery")[LIFECYCLE].drain()
    stopping = asyncio.create_task(shop.stop("bakery"))
    await asyncio.sleep(0)
    assert not stopping.done()
    oven.go_on.set()
    assert (await baking).status == 200
    await stopping
    assert oven.done == 1


async def test_a_request_that_does_not_end_is_cancelled_after_the_grace(shop: Shop) -> None:
    oven = Oven()
    await open_bakery(shop, [Route("POST", "/loaves", oven.bake)], grace=0.1)
    baking = bake(shop)
    await until(lambda: oven.begun == 1)
    async with asyncio.timeout(2):
        await shop.stop("bakery")
    with pytest.raises(aiohttp.ClientError):
        await baking


async def test_the_first_reason_to_end_is_the_one_that_counts() -> None:
    lifecycle = Lifecycle("bakery")
    ended = asyncio.create_task(lifecycle.ended())
    lifecycle.end("no flour")
    lifecycle.end("no oven")
    assert await ended == "no flour"
