"""The gateway: where a call goes, and that it and its answer arrive as they were sent."""

import asyncio
import gzip

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from services.common.core.token_keys import TokenKeys
from services.common.web.keys import KEYRING
from services.common.web.lifecycle import LIFECYCLE
from services.common.web.request import BODY_LIMIT
from services.common.web.unsent import UNSENT
from services.storefront import gateway
from tests.by_hand import connection, head, next_status, say
from tests.client.fakes import Reply, hang, problem
from tests.routes import assert_problem
from tests.shop import OPERATOR, Shop, token, until
from tests.storefront.peer import FINE, Peer
from tests.token_keys import KNOWN

PLACES = {
    "/products": "catalog",
    "/products/7": "catalog",
    "/products/7/stock": "catalog",
    "/categories": "catalog",
    "/cart/ada": "cart",
    "/cart/ada/items/7": "cart",
    "/orders": "order",
    "/orders/o-1/events": "order",
    "/pay": "payment",
    "/payments": "payment",
    "/payments/p-1/refund": "payment",
}


async def test_each_call_goes_to_the_service_that_owns_it(shop: Shop) -> None:
    peers = {name: Peer() for name in ("catalog", "cart", "order", "payment")}
    for name, peer in peers.items():
        await shop.stand_in(name, peer.answer)
    await shop.start("storefront")
    for path, owner in PLACES.items():
        for method in gateway.METHODS:
            assert (await shop.call("storefront", method, f"/api{path}")).status == 200
            assert (peers[owner].last.method, peers[owner].last.path) == (method, path)
    assert sum(len(peer.seen) for peer in peers.values()) == len(PLACES) * len(gateway.METHODS)


async def test_head_goes_on_as_head_and_comes_back_with_the_length_of_the_body(
    catalog: Peer, storefront_alone: Shop
) -> None:
    get = await storefront_alone.call("storefront", "GET", "/api/products/7")
    head = await storefront_alone.call("storefront", "HEAD", "/api/products/7")
    assert (catalog.last.method, catalog.last.path) == ("HEAD", "/products/7")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(get.body) > 0
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


NOWHERE = [
    "/api",
    "/api/",
    "/api/nothing",
    "/api/cart",
    "/api/categories/sweets",
    "/api/services",
    "/api/reservations/6f1b2c3d-0000-4000-8000-00000000000d",
    "/api/productsandmore",
    "/api//products",
]


async def test_other_paths_are_404(storefront_alone: Shop) -> None:
    for path in NOWHERE:
        for key in (None, OPERATOR):
            reply = await storefront_alone.call(
                "storefront", "GET", path, key=key, headers={"Accept": "text/html"}
            )
            assert_problem(reply, 404, "not_found")


async def test_dots_in_a_path_reach_no_other_route(whole_shop: Shop) -> None:
    path = f"{whole_shop.urls['storefront']}/api/products/../reservations/x"
    for url in (path, path.replace("..", "%2e%2e"), path.replace("/../", "/..%2f")):
        async with whole_shop.session.get(
            URL(url, encoded=True), headers={"X-API-Key": OPERATOR}
        ) as response:
            assert response.status == 404


async def test_the_query_and_the_body_are_passed_on_unchanged(
    catalog: Peer, storefront_alone: Shop
) -> None:
    query = "q=pear%20drops+%C3%A9&limit=2&&limit=3&in_stock&x=%zz"
    url = URL(f"{storefront_alone.urls['storefront']}/api/products?{query}", encoded=True)
    headers = {"X-API-Key": OPERATOR, "Content-Type": "application/json; charset=utf-8"}
    body = b' {"name":  "Pear Drops", "price": 1.10} '
    async with storefront_alone.session.post(url, data=body, headers=headers) as response:
        assert response.status == 200
    assert catalog.last.path == f"/products?{query}"
    assert catalog.last.body == body
    assert catalog.last.headers["content-type"] == headers["Content-Type"]


async def test_a_compressed_body_is_passed_on_decompressed(
    catalog: Peer, storefront_alone: Shop
) -> None:
    await storefront_alone.call(
        "storefront",
        "POST",
        "/api/products",
        data=gzip.compress(b'{"name": "Pear Drops"}'),
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
    )
    assert catalog.last.body == b'{"name": "Pear Drops"}'
    assert "content-encoding" not in catalog.last.headers


async def test_a_rejection_is_passed_back_unchanged(catalog: Peer, storefront_alone: Shop) -> None:
    for status in (400, 403, 404, 405, 409, 412, 413, 415, 422, 507):
        catalog.says(problem(status, "of_its_own", "Because.", X_Why="so"))
        answer = await storefront_alone.call("storefront", "POST", "/api/products", json={})
        assert (answer.status, answer.json["code"]) == (status, "of_its_own")
        assert answer.json["detail"] == "Because."
        assert answer.headers["X-Why"] == "so"


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_passed_back(
    catalog: Peer, storefront_alone: Shop, status: int
) -> None:
    catalog.says(problem(status, "of_its_own", "Come back tonight.", Retry_After="3600"))
    answer = await storefront_alone.call("storefront", "GET", "/api/products")
    assert (answer.status, answer.json["code"]) == (status, "of_its_own")
    assert answer.headers["Retry-After"] == "3600"


async def test_a_body_past_the_limit_is_rejected_by_the_gateway(
    catalog: Peer, storefront_alone: Shop
) -> None:
    answer = await storefront_alone.call(
        "storefront", "POST", "/api/products", data=b"x" * (BODY_LIMIT + 1)
    )
    assert_problem(answer, 413, "payload_too_large")
    assert catalog.seen == []


async def test_a_large_answer_is_streamed(catalog: Peer, storefront_alone: Shop) -> None:
    seen = asyncio.Event()

    async def large(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b"a" * (gateway.BYTES_AT_ONCE + 1))
        await seen.wait()
        await response.write(b"z" * gateway.BYTES_AT_ONCE)
        return response

    catalog.says(large)
    async with storefront_alone.session.get(
        f"{storefront_alone.urls['storefront']}/api/products", headers={"X-API-Key": OPERATOR}
    ) as response:
        assert await response.content.readexactly(10) == b"a" * 10
        seen.set()
        assert len(await response.read()) == 2 * gateway.BYTES_AT_ONCE - 9
        assert response.headers["Content-Type"] == "application/json"


async def test_a_large_answer_that_breaks_off_does_not_look_complete(
    catalog: Peer, storefront_alone: Shop
) -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"a" * (gateway.BYTES_AT_ONCE + 1))
        assert request.transport is not None
        request.transport.abort()
        return response

    catalog.says(broken)
    with pytest.raises(aiohttp.ClientError):
        await storefront_alone.call("storefront", "GET", "/api/products")


async def test_a_reader_who_leaves_a_large_answer_is_not_taken_for_one_that_broke_off(
    catalog: Peer, storefront_alone: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    catalog.says(large_answer(16 * gateway.BYTES_AT_ONCE))
    async with connection(storefront_alone.urls["storefront"], receive_buffer=4096) as leaving:
        await say(leaving, head("GET", "/api/products"))
        assert await next_status(leaving) == 200
    server = storefront_alone.runners["storefront"].server
    await until(lambda: server is not None and not server.connections)
    await until(lambda: storefront_alone.app("storefront")[UNSENT].bytes == 0)
    assert "an answer broke off" not in caplog.messages


async def test_a_service_that_hangs_does_not_delay_calls_to_others(
    catalog: Peer, cart: Peer, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "CALLS_AT_ONCE", 1)
    await shop.start("storefront", peer_deadline=0.1)
    catalog.says(hang)
    hanging = asyncio.create_task(shop.call("storefront", "GET", "/api/products"))
    await until(lambda: catalog.seen)
    refused = await shop.call("storefront", "GET", "/api/products")
    problem = assert_problem(refused, 503, "overloaded")
    assert problem["service"] == "catalog"
    assert refused.headers["Retry-After"]
    assert (await shop.call("storefront", "GET", "/api/cart/ada")).status == 200
    hanging.cancel()


async def test_a_customer_who_asks_for_much_at_once_waits_for_nobody_but_themselves(
    catalog: Peer, cart: Peer, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "CALLS_OF_A_CALLER", 1)
    await shop.start("storefront", peer_deadline=0.1)
    catalog.says(hang, FINE)
    ada, bob = token("ada"), token("bob")
    hanging = asyncio.create_task(shop.call("storefront", "GET", "/api/products", key=ada))
    await until(lambda: catalog.seen)
    refused = await shop.call("storefront", "GET", "/api/products", key=ada)
    assert_problem(refused, 503, "overloaded")
    for key, path in ((bob, "/products"), (OPERATOR, "/products"), (ada, "/cart/ada")):
        assert (await shop.call("storefront", "GET", f"/api{path}", key=key)).status == 200
    hanging.cancel()


async def test_who_reads_receipts_without_a_key_waits_for_nobody_but_themselves(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = Peer()
    await shop.stand_in("order", orders.answer)
    monkeypatch.setattr(gateway, "CALLS_OF_A_CALLER", 1)
    await shop.start("storefront", peer_deadline=0.1)
    orders.says(hang, FINE)
    hanging = asyncio.create_task(shop.call("storefront", "GET", "/api/receipts/a", key=None))
    await until(lambda: orders.seen)
    refused = await shop.call("storefront", "GET", "/api/receipts/a", key=None)
    assert_problem(refused, 503, "overloaded")
    assert (await shop.call("storefront", "GET", "/api/orders", key=token("ada"))).status == 200
    hanging.cancel()


@pytest.mark.parametrize("size", [gateway.BYTES_AT_ONCE, 16 * gateway.BYTES_AT_ONCE])
async def test_no_turn_is_held_for_a_reader_that_does_not_read(
    catalog: Peer, shop: Shop, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(gateway, "CALLS_AT_ONCE", 1)
    await shop.start("storefront", peer_deadline=0.5)
    catalog.says(large_answer(size), FINE)
    async with connection(shop.urls["storefront"], receive_buffer=4096) as lazy:
        await say(lazy, head("GET", "/api/products"))
        assert await next_status(lazy) == 200
        assert (await shop.call("storefront", "GET", "/api/products")).json == {"fine": True}
        assert shop.app("storefront")[LIFECYCLE].in_flight == 0


def large_answer(size: int) -> Reply:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=bytes(size))

    return answer


async def test_a_service_that_has_yet_to_hear_of_a_key_ends_no_session(shop: Shop) -> None:
    await shop.start("cart", "storefront")
    reply = await shop.call("storefront", "GET", "/api/cart/ada", key=token("ada"))
    assert reply.status == 200
    await shop.stop("registry")
    others = TokenKeys().with_key("another", now=KNOWN.created_at)
    shop.app("cart")[KEYRING].token_keys = others
    direct = await shop.call("cart", "GET", "/cart/ada", key=token("ada"))
    assert_problem(direct, 401, "invalid_api_key")
    answer = await shop.call("storefront", "GET", "/api/cart/ada", key=token("ada"))
    assert_problem(answer, 503, "unavailable")


async def test_a_storefront_that_stops_takes_no_new_requests(storefront_alone: Shop) -> None:
    storefront_alone.app("storefront")[LIFECYCLE].drain()
    answer = await storefront_alone.call("storefront", "GET", "/api/products", key=token("ada"))
    assert_problem(answer, 503, "draining")
    assert answer.headers["Retry-After"]


async def test_a_service_that_was_never_there_is_named(storefront_alone: Shop) -> None:
    answer = await storefront_alone.call("storefront", "GET", "/api/payments")
    assert assert_problem(answer, 503, "unavailable")["service"] == "payment"
