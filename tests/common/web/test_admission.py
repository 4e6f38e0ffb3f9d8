"""Who is let in at the header: places for customers, slots, and keys that are wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession, TCPConnector, web

from services.common.core.clock import utc_now
from services.common.core.errors import TooManyRequests
from services.common.web import lifecycle, serving
from services.common.web.admission import GATES
from services.common.web.keys import KEYRING
from services.common.web.lifecycle import LIFECYCLE
from services.common.web.routing import Access, Nothing, Route
from tests.by_hand import connection, head, next_status, rest, say
from tests.common.bakery import open_bakery
from tests.passing import let_pass
from tests.routes import assert_problem
from tests.shop import Reply, Shop, token, until
from tests.token_keys import KEYS


class Recipe(Nothing):
    """What is baked."""

    flour: str = ""


class Oven:
    """Bakes as long as the test lets it."""

    def __init__(self) -> None:
        self.begun = 0
        self.go_on = asyncio.Event()

    async def bake(self, _request: web.Request, _recipe: Recipe) -> web.Response:
        """Bake a loaf."""
        self.begun += 1
        await self.go_on.wait()
        return web.json_response("a loaf")

    async def burn(self, _request: web.Request) -> web.Response:
        """Fail."""
        raise RuntimeError("burnt")

    @property
    def routes(self) -> list[Route]:
        return [
            Route("POST", "/loaves", self.bake, Access.CUSTOMER, takes=Recipe),
            Route("GET", "/toast", self.burn, Access.CUSTOMER),
        ]


@pytest.fixture
def oven() -> Oven:
    return Oven()


def bake(shop: Shop, key: str) -> asyncio.Task[Reply]:
    return asyncio.create_task(shop.call("bakery", "POST", "/loaves", key=key, json={}))


async def called_from(shop: Shop, address: str, key: str) -> int:
    """The status of a call that comes from another address of this machine."""
    async with (
        ClientSession(connector=TCPConnector(local_addr=(address, 0))) as session,
        session.get(f"{shop.urls['bakery']}/toast", headers={"X-API-Key": key}) as response,
    ):
        return response.status


async def test_a_body_that_does_not_come_holds_no_slot(
    shop: Shop, oven: Oven, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "MAX_IN_FLIGHT", 1)
    oven.go_on.set()
    await open_bakery(shop, oven.routes)
    url = shop.urls["bakery"]
    async with connection(url) as slow, connection(url) as slower:
        for each in (slow, slower):
            await say(each, head("POST", "/loaves", Content_Length=1000) + b"{")
        for _ in range(3):
            assert (await bake(shop, token("ada"))).status == 200


async def test_a_slot_that_was_taken_while_a_body_came_is_not_given_twice(
    shop: Shop, oven: Oven, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "MAX_IN_FLIGHT", 1)
    await open_bakery(shop, oven.routes)
    json = {"Content_Type": "application/json"}
    async with connection(shop.urls["bakery"]) as slow:
        await say(slow, head("POST", "/loaves", Content_Length=2, **json) + b"{")
        await until(lambda: shop.runners["bakery"].server.connections)  # type: ignore[union-attr]
        first = bake(shop, token("ada"))
        await until(lambda: oven.begun)
        await say(slow, b"}")
        assert await next_status(slow) == 503
        assert oven.begun == 1
        oven.go_on.set()
        assert (await first).status == 200


async def test_a_customer_has_so_many_requests_at_once_and_holds_up_nobody_else(
    shop: Shop, oven: Oven
) -> None:
    await open_bakery(shop, oven.routes, customer_requests=2)
    ada, ada_again = token("ada"), token("ada", lifetime=timedelta(hours=2))
    baking = [bake(shop, ada), bake(shop, ada_again)]
    await until(lambda: oven.begun == 2)
    refused = await bake(shop, ada_again)
    assert_problem(refused, 429, "too_many_requests")
    assert refused.headers["Retry-After"] == "1"
    baking += [bake(shop, token("bob")), *(bake(shop, "secret-key-123") for _ in range(4))]
    await until(lambda: oven.begun == 7)
    oven.go_on.set()
    assert {reply.status for reply in await asyncio.gather(*baking)} == {200}


async def test_a_body_that_does_not_come_holds_the_place_of_its_customer_alone(
    shop: Shop, oven: Oven
) -> None:
    oven.go_on.set()
    await open_bakery(shop, oven.routes, customer_requests=1)
    async with connection(shop.urls["bakery"]) as slow:
        await say(slow, head("POST", "/loaves", token("ada"), Content_Length=1000) + b"{")

        async def refused() -> bool:
            return (await bake(shop, token("ada"))).status == 429

        await until(refused)
        assert (await bake(shop, token("bob"))).status == 200


async def test_who_is_not_let_in_is_told_so_without_waiting_for_a_body(
    shop: Shop, oven: Oven
) -> None:
    await open_bakery(shop, oven.routes, customer_requests=1)
    baking = bake(shop, token("ada"))
    await until(lambda: oven.begun)
    async with connection(shop.urls["bakery"]) as further:
        await say(further, head("POST", "/loaves", token("ada"), Content_Length=1000))
        assert await next_status(further) == 429
    oven.go_on.set()
    await baking


async def test_a_place_is_given_back_however_its_request_ended(shop: Shop, oven: Oven) -> None:
    await open_bakery(shop, oven.routes, customer_requests=1, body_seconds=0.05)
    ada = token("ada")
    for _ in range(3):
        assert (await shop.call("bakery", "GET", "/toast", key=ada)).status == 500
        assert (await shop.call("bakery", "GET", "/toast?x=1", key=ada)).status == 422
        async with connection(shop.urls["bakery"]) as slow:
            await say(slow, head("POST", "/loaves", ada, Content_Length=9))
            assert await next_status(slow) == 408


async def test_no_bound_is_0(shop: Shop, oven: Oven) -> None:
    await open_bakery(shop, oven.routes, customer_requests=0)
    baking = [bake(shop, token("ada")) for _ in range(40)]
    await until(lambda: oven.begun == 40)
    oven.go_on.set()
    await asyncio.gather(*baking)


async def test_an_address_that_comes_with_wrong_keys_is_slowed_down_and_a_right_one_is_not(
    shop: Shop, oven: Oven
) -> None:
    await open_bakery(shop, oven.routes, wrong_key_burst=3.0, wrong_key_rate=0.1)
    guesses = [await shop.call("bakery", "GET", "/toast", key=f"wrong-{n}") for n in range(5)]
    assert [reply.status for reply in guesses] == [401, 401, 401, 429, 429]
    assert_problem(guesses[-1], 429, "too_many_requests")
    assert guesses[-1].headers["Retry-After"] == "10"
    for right in ("secret-key-123", token("ada")):
        assert (await shop.call("bakery", "GET", "/toast", key=right)).status == 500
    assert await called_from(shop, "127.0.0.2", "wrong") == 401


async def test_no_key_and_a_token_that_has_ended_are_no_guesses(shop: Shop, oven: Oven) -> None:
    await open_bakery(shop, oven.routes, wrong_key_burst=1.0, wrong_key_rate=0.1)
    for key in [None, token("ada", lifetime=timedelta(seconds=-1))] * 3:
        assert (await shop.call("bakery", "GET", "/toast", key=key)).status == 401
    assert (await shop.call("bakery", "GET", "/toast", key="wrong")).status == 401
    assert (await shop.call("bakery", "GET", "/toast", key="wrong")).status == 429


async def test_a_token_of_a_key_that_has_ended_is_no_guess_and_a_forged_one_is(
    shop: Shop, oven: Oven
) -> None:
    app = await open_bakery(shop, oven.routes, wrong_key_burst=1.0, wrong_key_rate=0.1)
    old = token("ada")
    keyring = app[KEYRING]
    keyring.token_keys = KEYS.with_key("next", now=utc_now(), end_older=True)
    for _ in range(3):
        refused = await shop.call("bakery", "GET", "/toast", key=old)
        assert_problem(refused, 401, "invalid_api_key")
    good = keyring.sign_token("ada", now=datetime.now(UTC), lifetime=timedelta(hours=1))
    forged = good.rpartition(".")[0] + "." + old.rpartition(".")[2]
    for status in (401, 429):
        assert (await shop.call("bakery", "GET", "/toast", key=forged)).status == status
    assert (await shop.call("bakery", "GET", "/toast", key=old)).status == 401


async def test_after_a_429_the_rest_of_a_pipeline_is_not_looked_at(shop: Shop, oven: Oven) -> None:
    await open_bakery(shop, oven.routes, customer_requests=1)
    baking = bake(shop, token("ada"))
    await until(lambda: oven.begun)
    async with connection(shop.urls["bakery"]) as pipeline:
        await say(pipeline, head("GET", "/toast", token("ada")) * 20)
        assert await next_status(pipeline) == 429
        assert await rest(pipeline) < 1000
    oven.go_on.set()
    await baking


@asynccontextmanager
async def held_back(
    shop: Shop, oven: Oven, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[asyncio.Task[int]]:
    """A request of ada's whose 429 is held back; at once she may have no other."""
    monkeypatch.setattr(serving, "REFUSAL_SECONDS", 3600.0)
    app = await open_bakery(shop, oven.routes, customer_requests=1)
    seen = asyncio.Event()

    def refuse(request: web.Request) -> None:
        if "X-Refused" in request.headers:
            seen.set()
            raise TooManyRequests("as the test has it")

    app[GATES].append(refuse)
    async with connection(shop.urls["bakery"]) as refused:
        await say(refused, head("GET", "/toast", token("ada"), X_Refused=1))
        await seen.wait()
        yield asyncio.create_task(next_status(refused))


async def test_a_429_is_held_back_and_holds_nothing_meanwhile(
    shop: Shop, oven: Oven, monkeypatch: pytest.MonkeyPatch
) -> None:
    oven.go_on.set()
    async with held_back(shop, oven, monkeypatch) as told:
        for _ in range(3):
            assert (await bake(shop, token("ada"))).status == 200
        assert not told.done()
        let_pass(2 * 3600.0)
        assert await told == 429


async def test_metrics_and_log_tell_of_a_429_without_the_time_for_which_it_is_held_back(
    shop: Shop, oven: Oven, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with held_back(shop, oven, monkeypatch) as told:
        text = (await shop.call("bakery", "GET", "/metrics", key=None)).body.decode()
        assert 'route="/toast",service="bakery",status="429"} 1.0' in text
        assert "GET /toast 429" in caplog.messages
        assert not told.done()


async def test_a_service_that_stops_holds_no_429_back(
    shop: Shop, oven: Oven, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with held_back(shop, oven, monkeypatch) as told:
        shop.app("bakery")[LIFECYCLE].drain()
        assert await told == 429
