"""Is it alive, is it ready and why not, its metrics and its version."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from typing import Any

import pytest
from aiohttp import web

from services.common.core.errors import Forbidden, Unauthorized
from services.common.core.version import VERSION
from services.common.web import lifecycle
from services.common.web.keys import DATABASE, KEYRING
from services.common.web.lifecycle import LIFECYCLE
from services.common.web.routing import Route
from tests.common.bakery import open_bakery
from tests.shop import OPERATOR, Shop, token, until
from tests.token_keys import KEYS

SERVICES = ["registry", "catalog", "cart", "order", "payment"]


async def readiness(shop: Shop, service: str = "bakery") -> tuple[int, Any]:
    reply = await shop.call(service, "GET", "/readyz", key=None)
    return reply.status, reply.json


async def test_every_service_is_alive_and_ready(four_services: Shop) -> None:
    for service in SERVICES:
        assert (await four_services.call(service, "GET", "/livez", key=None)).status == 200
        status, answer = await readiness(four_services, service)
        assert (status, answer["status"], answer["reasons"]) == (200, "ready", [])


async def test_a_service_is_not_ready_before_it_was_registered_once(shop: Shop) -> None:
    nowhere = "http://127.0.0.1:9"
    await open_bakery(shop, [], registry_url=nowhere)
    status, answer = await readiness(shop)
    assert (status, answer["reasons"]) == (503, ["not registered yet"])
    assert (await shop.call("bakery", "GET", "/livez", key=None)).status == 200


async def test_a_service_stays_ready_while_the_registry_is_away(shop: Shop) -> None:
    app = await open_bakery(shop, [])
    await until(lambda: app[LIFECYCLE].registered)
    await shop.stop("registry")
    assert (await readiness(shop))[0] == 200


async def test_a_service_that_drains_is_not_ready(shop: Shop) -> None:
    app = await open_bakery(shop, [])
    await until(lambda: app[LIFECYCLE].registered)
    app[LIFECYCLE].drain()
    reply = await shop.call("bakery", "GET", "/readyz")
    assert (reply.status, reply.json["reasons"]) == (503, ["draining"])
    assert reply.headers["Retry-After"]
    assert (await shop.call("bakery", "GET", "/livez", key=None)).status == 200


async def test_a_service_whose_disk_fails_is_not_ready_and_says_why(shop: Shop) -> None:
    app = await open_bakery(shop, [])
    await until(lambda: app[LIFECYCLE].registered)

    def fail(_conn: sqlite3.Connection) -> None:
        error = sqlite3.OperationalError("the disk is on fire")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error

    with pytest.raises(Exception, match="on fire"):
        await app[DATABASE].write(fail)
    status, answer = await readiness(shop)
    assert status == 503
    assert "the disk is on fire" in answer["reasons"][0]
    assert "on fire" in await app[LIFECYCLE].ended()


async def test_peers_are_shown_and_not_required(shop: Shop) -> None:
    app = await open_bakery(shop, [], peers=["catalog", "mill"])
    await until(lambda: app[LIFECYCLE].registered)
    assert await readiness(shop) == (
        200,
        {"status": "ready", "reasons": [], "peers": {"catalog": [], "mill": []}},
    )
    await shop.start("catalog")

    async def catalog_is_up() -> bool:
        _, answer = await readiness(shop)
        return bool(answer["peers"]["catalog"] == ["up"])

    await until(catalog_is_up)


async def test_metrics_count_requests_by_route_and_not_by_path(shop: Shop) -> None:
    await shop.start("cart")
    for user in ("ada", "bob"):
        await shop.call("cart", "GET", f"/cart/{user}", key=token(user))
    await shop.call("cart", "GET", "/nothing/like/this")
    reply = await shop.call("cart", "GET", "/metrics", key=None)
    assert reply.headers["Content-Type"].startswith("text/plain; version=")
    text = reply.body.decode()
    labels = 'method="GET",route="/cart/{user_id}",service="cart",status="200"'
    assert f"http_requests_total{{{labels}}} 2.0" in text
    assert 'http_request_seconds_count{method="GET",route="/cart/{user_id}"' in text
    assert "bob" not in text
    assert "/nothing" not in text
    assert "process_cpu_seconds_total" in text


async def test_made_up_paths_and_methods_make_no_new_series(shop: Shop) -> None:
    async def series() -> set[str]:
        text = (await shop.call("registry", "GET", "/metrics")).body.decode()
        return set(re.findall(r"^(http_requests_total{.*}) ", text, re.MULTILINE))

    await shop.call("registry", "GET", "/made-up-0")
    before = await series()
    for number in range(1, 5):
        await shop.call("registry", "TRACE", f"/made-up-{number}")
        await shop.call("registry", "PATCH", "/services")
    statuses = {re.search(r'status="(\d+)"', line)[1] for line in await series() - before}  # type: ignore[index]
    assert statuses <= {"200", "404", "405"}
    assert len(await series() - before) <= 3


async def test_metrics_need_the_operator_key_unless_on_loopback(shop: Shop) -> None:
    key = "a key of our own"
    app = await open_bakery(shop, [], host="0.0.0.0", advertise="127.0.0.1", api_key=key)
    app[KEYRING].token_keys = KEYS
    statuses = [
        (await shop.call("bakery", "GET", "/metrics", key=credential)).status
        for credential in (None, "wrong", OPERATOR, token("ada"), key)
    ]
    assert statuses == [Unauthorized.status] * 3 + [Forbidden.status, 200]
    assert (await shop.call("bakery", "GET", "/livez", key=None)).status == 200


@pytest.mark.parametrize("service", SERVICES)
async def test_the_version_names_the_service(four_services: Shop, service: str) -> None:
    answer = (await four_services.call(service, "GET", "/version", key=None)).json
    assert (answer["service"], answer["version"]) == (service, VERSION)
    assert answer["instance_id"] == f"{service}-1"
    assert {"python", "sqlite"} <= answer.keys()


async def test_health_is_answered_while_the_service_is_overloaded(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "MAX_IN_FLIGHT", 1)
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def stall(_request: web.Request) -> web.Response:
        entered.set()
        await go_on.wait()
        return web.Response()

    app = await open_bakery(shop, [Route("GET", "/loaves", stall)])
    await until(lambda: app[LIFECYCLE].registered)
    stalled = asyncio.create_task(shop.call("bakery", "GET", "/loaves"))
    await entered.wait()
    assert (await shop.call("bakery", "GET", "/loaves")).code == "overloaded"
    for path in ("/livez", "/readyz", "/metrics"):
        assert (await shop.call("bakery", "GET", path, key=None)).status == 200
    go_on.set()
    assert (await stalled).status == 200
