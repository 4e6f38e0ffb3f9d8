"""How often a customer may call the storefront, and how much at once an address may want."""

import asyncio
import socket
from pathlib import Path

import aiohttp
import pytest

from services.common.core.arguments import SettingsError
from services.storefront.app import StorefrontSettings
from tests.by_hand import connection, head, next_status, say
from tests.client.fakes import hang
from tests.routes import assert_problem
from tests.shop import OPERATOR, Shop, token, until
from tests.storefront.peer import FINE, Peer


async def test_a_customer_past_the_limit_is_429_and_no_service_is_called(
    catalog: Peer, shop: Shop
) -> None:
    await shop.start("storefront", customer_burst=2.0, customer_rate=0.5)
    ada, ada_again, bob = token("ada"), token("ada"), token("bob")
    for key in (ada, ada_again):
        assert (await shop.call("storefront", "GET", "/api/products", key=key)).status == 200
    refused = await shop.call("storefront", "GET", "/api/categories", key=ada)
    assert_problem(refused, 429, "too_many_requests")
    assert refused.headers["Retry-After"] in ("1", "2")
    assert len(catalog.seen) == 2
    assert (await shop.call("storefront", "GET", "/api/products", key=bob)).status == 200


async def test_the_operator_is_not_limited(catalog: Peer, shop: Shop) -> None:
    await shop.start("storefront", customer_burst=1.0, customer_rate=0.001)
    for _ in range(5):
        answer = await shop.call("storefront", "GET", "/api/products", key=OPERATOR)
        assert answer.status == 200
    assert len(catalog.seen) == 5


@pytest.mark.parametrize("path", ["/api/receipts/any", "/receipt/any", "/products/1"])
async def test_an_address_without_a_key_past_the_limit_is_429_and_no_service_is_called(
    catalog: Peer, shop: Shop, path: str
) -> None:
    await shop.stand_in("order", catalog.answer)
    await shop.start("storefront", customer_burst=2.0, customer_rate=0.001)
    for _ in range(2):
        assert (await shop.call("storefront", "GET", path, key=None)).status == 200
    refused = await shop.call("storefront", "GET", path, key=None)
    assert_problem(refused, 429, "too_many_requests")
    assert len(catalog.seen) == 2
    assert (await shop.call("storefront", "GET", "/", key=None)).status == 200


async def test_the_rate_is_charged_at_the_header(catalog: Peer, shop: Shop) -> None:
    await shop.start("storefront", customer_burst=1.0, customer_rate=0.001)
    url, request = shop.urls["storefront"], head("POST", "/api/pay", token("ada"), Content_Length=9)
    async with connection(url) as slow, connection(url) as further:
        await say(slow, request + b"{")
        await say(further, request)
        assert await until_told(further, slow) == 429


async def until_told(*socks: socket.socket) -> int:
    """The status that one of several connections is told first; the others' bodies do not come."""
    told = [asyncio.create_task(next_status(sock)) for sock in socks]
    done, waiting = await asyncio.wait(told, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    return done.pop().result()


async def asked_from(
    shop: Shop,
    address: str,
    key: str | None,
    path: str = "/api/products",
    *,
    method: str = "GET",
    **headers: str,
) -> int:
    """The status of a call from an address of this machine."""
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=(address, 0))) as session,
        session.request(
            method,
            shop.urls["storefront"] + path,
            headers={**({"X-API-Key": key} if key else {}), **headers},
        ) as response,
    ):
        return response.status


async def wait_for_ever(
    shop: Shop, catalog: Peer, address: str, **headers: str
) -> asyncio.Task[int]:
    """A call of a guest that the catalog does not answer."""
    catalog.says(hang)
    before = len(catalog.seen)
    task = asyncio.create_task(asked_from(shop, address, token("ada"), **headers))
    await until(lambda: len(catalog.seen) > before)
    catalog.says(FINE)
    return task


async def test_an_address_has_so_many_requests_at_once_and_holds_up_no_other(
    catalog: Peer, shop: Shop
) -> None:
    await shop.start("storefront", address_requests=1)
    hanging = await wait_for_ever(shop, catalog, "127.0.0.2")
    assert await asked_from(shop, "127.0.0.2", token("bob")) == 429
    assert await asked_from(shop, "127.0.0.2", None, "/") == 429
    assert await asked_from(shop, "127.0.0.2", None, "/readyz") == 200
    assert await asked_from(shop, "127.0.0.2", OPERATOR) == 200
    assert await asked_from(shop, "127.0.0.3", token("bob")) == 200
    hanging.cancel()


async def test_a_broken_link_counts_as_any_page_does(catalog: Peer, shop: Shop) -> None:
    await shop.start("storefront", address_requests=1)
    hanging = await wait_for_ever(shop, catalog, "127.0.0.2")
    for address, status in (("127.0.0.2", 429), ("127.0.0.3", 404)):
        assert await asked_from(shop, address, None, "/nothing", Accept="text/html") == status
    hanging.cancel()


async def test_the_operator_begins_a_session_from_an_address_that_has_no_place_left(
    catalog: Peer, shop: Shop
) -> None:
    await shop.start("storefront", address_requests=1)
    hanging = await wait_for_ever(shop, catalog, "127.0.0.2")
    for key, status in ((None, 429), (token("bob"), 429), (OPERATOR, 200)):
        begun = await asked_from(shop, "127.0.0.2", key, "/api/session", method="POST")
        assert begun == status
    hanging.cancel()


async def test_a_wrong_key_for_a_session_is_told_without_waiting_for_a_body(shop: Shop) -> None:
    await shop.start("storefront")
    async with connection(shop.urls["storefront"]) as slow:
        await say(slow, head("POST", "/api/session", "wrong", Content_Length=9))
        assert await next_status(slow) == 401


async def test_0_is_no_bound_for_addresses(catalog: Peer, shop: Shop) -> None:
    await shop.start("storefront", address_requests=0)
    hanging = await wait_for_ever(shop, catalog, "127.0.0.2")
    assert await asked_from(shop, "127.0.0.2", token("bob")) == 200
    hanging.cancel()


async def test_behind_a_trusted_proxy_each_has_an_address_of_their_own(
    catalog: Peer, shop: Shop
) -> None:
    await shop.start("storefront", address_requests=1, trusted_proxies=("127.0.0.2/32",))
    told = "X-Forwarded-For"
    hanging = await wait_for_ever(shop, catalog, "127.0.0.2", **{told: "8.8.8.8"})
    for address, whose, status in (
        ("127.0.0.2", "1.1.1.1, 8.8.8.8", 429),
        ("127.0.0.2", "8.8.8.8, 9.9.9.9", 200),
        ("127.0.0.3", "8.8.8.8", 200),
    ):
        assert await asked_from(shop, address, token("bob"), **{told: whose}) == status
    hanging.cancel()


async def test_inside_the_shop_nobody_is_counted_by_address(shop: Shop, catalog: Peer) -> None:
    await shop.start("cart")
    tokens = [token(f"guest-{number}") for number in range(100)]
    replies = await asyncio.gather(
        *(
            shop.call("cart", "GET", f"/cart/guest-{number}", key=key)
            for number, key in enumerate(tokens)
        )
    )
    assert {reply.status for reply in replies} == {200}


def test_a_proxy_that_is_no_network_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--trusted-proxy: .*10\.0\.0\.1/8"):
        StorefrontSettings(service="storefront", data_dir=tmp_path, trusted_proxies=("10.0.0.1/8",))


async def test_wrong_keys_for_a_session_are_slowed_down_as_well(shop: Shop) -> None:
    await shop.start("storefront", wrong_key_burst=1.0, wrong_key_rate=0.1)
    for expected in (401, 429):
        reply = await shop.call("storefront", "POST", "/api/session", key="wrong")
        assert reply.status == expected
    assert (await shop.call("storefront", "POST", "/api/session", key=None)).status == 200
