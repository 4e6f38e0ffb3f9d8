"""Headers through the gateway, and whose key a call is made with."""

import asyncio

import pytest
from aiohttp import web

from tests.client.fakes import hang_up, reply
from tests.routes import assert_problem
from tests.shop import OPERATOR, Shop, token
from tests.storefront.peer import FINE, Peer

ADA = token("ada")
ONWARD = {
    "Accept": "application/json",
    "Accept-Language": "en, fr;q=0.5",
    "Content-Type": "application/json",
    "Idempotency-Key": "k-1",
    "If-Match": '"3-97"',
    "If-None-Match": '"abc", W/"def"',
    "Tracestate": "shop=1",
    "User-Agent": "a browser",
    "X-Of-Its-Own": "é",
}
BACK = {
    "Allow": "GET, POST",
    "Cache-Control": "private, no-cache",
    "Content-Type": "application/json; charset=utf-8",
    "ETag": '"3-97"',
    "Idempotent-Replayed": "true",
    "Retry-After": "7",
    "Vary": "Accept",
    "X-Of-Its-Own": "yes",
}


async def test_the_headers_of_a_request_are_passed_on(
    catalog: Peer, storefront_alone: Shop
) -> None:
    await storefront_alone.call("storefront", "POST", "/api/products", headers=ONWARD, data=b"{}")
    sent = {name.lower(): value for name, value in ONWARD.items()}
    assert sent.items() <= catalog.last.headers.items()


async def test_headers_of_one_connection_are_not_passed_on(
    catalog: Peer, storefront_alone: Shop
) -> None:
    await storefront_alone.call(
        "storefront",
        "GET",
        "/api/products",
        headers={
            "Connection": "keep-alive, X-Hop",
            "Cookie": "of=another app",
            "Keep-Alive": "timeout=5",
            "Proxy-Authorization": "Basic eDp5",
            "TE": "trailers",
            "Tuckshop-Service": "storefront",
            "X-Hop": "1",
        },
    )
    headers = catalog.last.headers
    gone = {"connection", "cookie", "keep-alive", "proxy-authorization", "te", "upgrade", "x-hop"}
    assert not gone & headers.keys()
    assert headers["host"] == storefront_alone.urls["catalog"].removeprefix("http://")
    assert headers["tuckshop-service"] == "catalog"


async def test_a_request_keeps_its_id_and_its_trace(catalog: Peer, storefront_alone: Shop) -> None:
    trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    sent = {"X-Request-ID": "mine-1", "traceparent": f"00-{trace}-{span}-01"}
    answer = await storefront_alone.call("storefront", "GET", "/api/products", headers=sent)
    assert answer.headers["X-Request-ID"] == catalog.last.headers["x-request-id"] == "mine-1"
    version, trace_id, parent, flags = catalog.last.headers["traceparent"].split("-")
    assert (version, trace_id, flags) == ("00", trace, "01")
    assert parent != span


async def test_the_headers_of_an_answer_are_passed_back(
    catalog: Peer, storefront_alone: Shop
) -> None:
    async def with_headers(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"[]", headers=BACK)

    catalog.says(with_headers)
    answer = await storefront_alone.call("storefront", "GET", "/api/products")
    assert {name: answer.headers[name] for name in BACK} == BACK
    assert answer.headers["Server"] == "tuckshop"


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        ("/products/7", "/api/products/7"),
        ("7", "7"),
        ("https://elsewhere.example/7", "https://elsewhere.example/7"),
        ("//elsewhere.example/7", "//elsewhere.example/7"),
    ],
)
async def test_a_location_is_an_address_of_the_gateway(
    catalog: Peer, storefront_alone: Shop, given: str, passed_on: str
) -> None:
    catalog.says(reply({}, 201, Location=given))
    answer = await storefront_alone.call("storefront", "POST", "/api/products", json={})
    assert answer.headers["Location"] == passed_on


async def test_links_are_addresses_of_the_gateway(catalog: Peer, storefront_alone: Shop) -> None:
    links = '<?after=x>; rel="next", </products?after=y>; rel="last", <//else.example/>; rel="up"'
    catalog.says(reply([], Link=links))
    answer = await storefront_alone.call("storefront", "GET", "/api/products")
    assert answer.headers["Link"] == links.replace("</products", "</api/products")


async def test_the_pages_of_a_list_can_be_followed(whole_shop: Shop) -> None:
    ids = [await whole_shop.product() for _ in range(3)]
    url = f"{whole_shop.urls['storefront']}/api/products?limit=2"
    headers = {"X-API-Key": ADA}
    async with whole_shop.session.get(url, headers=headers) as response:
        target = response.headers["Link"].partition("<")[2].partition(">")[0]
    assert target.startswith("/api/products?")
    following = whole_shop.urls["storefront"] + target  # as a client that resolves nothing does
    async with whole_shop.session.get(following, headers=headers) as response:
        assert response.status == 200
        assert [product["id"] for product in await response.json()] == ids[2:]


async def test_what_a_browser_has_cached_is_304(whole_shop: Shop) -> None:
    path = f"/api/products/{await whole_shop.product()}"
    etag = (await whole_shop.call("storefront", "GET", path, key=ADA)).headers["ETag"]
    answer = await whole_shop.call(
        "storefront", "GET", path, key=ADA, headers={"If-None-Match": etag}
    )
    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", etag)


async def test_an_edit_of_another_version_is_412(whole_shop: Shop) -> None:
    answer = await whole_shop.call(
        "storefront",
        "PATCH",
        f"/api/products/{await whole_shop.product()}",
        json={"name": "Pear Rocks"},
        headers={"If-Match": '"9"'},
    )
    assert (answer.status, answer.code) == (412, "version_mismatch")


async def test_a_call_is_passed_on_with_the_customer_s_token(
    catalog: Peer, storefront_alone: Shop
) -> None:
    await storefront_alone.call("storefront", "GET", "/api/products", key=ADA)
    assert catalog.last.headers["x-api-key"] == ADA
    await storefront_alone.call(
        "storefront", "GET", "/api/products", key=None, headers={"Authorization": f"Bearer {ADA}"}
    )
    assert catalog.last.headers["authorization"] == f"Bearer {ADA}"
    assert "x-api-key" not in catalog.last.headers


async def test_no_call_of_a_customer_s_carries_the_operator_key(
    catalog: Peer, storefront_alone: Shop
) -> None:
    for headers in (
        {"X-API-Key": ADA},
        {"Authorization": f"Bearer {ADA}"},
        {"X-API-Key": ADA, "Connection": "X-API-Key"},
    ):
        await storefront_alone.call("storefront", "GET", "/api/products", key=None, headers=headers)
        assert OPERATOR not in " ".join(catalog.last.headers.values())


@pytest.mark.parametrize("key", [None, "", "secret-key-124", "x.y.z", ADA[:-4] + "AAAA"])
async def test_a_caller_without_a_good_key_is_401_at_the_gateway(
    catalog: Peer, storefront_alone: Shop, key: str | None
) -> None:
    answer = await storefront_alone.call("storefront", "GET", "/api/products", key=key)
    assert_problem(answer, 401, "invalid_api_key")
    assert catalog.seen == []


async def test_a_service_that_rejects_a_good_key_is_503(
    catalog: Peer, storefront_alone: Shop
) -> None:
    catalog.says(reply({"code": "invalid_api_key", "detail": "Invalid API Key"}, 401))
    answer = await storefront_alone.call("storefront", "GET", "/api/products", key=ADA)
    assert assert_problem(answer, 503, "unavailable")["service"] == "catalog"


async def test_a_header_that_is_no_text_is_rejected(catalog: Peer, storefront_alone: Shop) -> None:
    host, port = storefront_alone.urls["storefront"].removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"GET /api/products HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {ADA}\r\n"
    writer.write(head.encode() + b"Connection: close\r\nX-Odd: caf\xe9\r\n\r\n")
    assert (await reader.readline()).split()[1] == b"400"
    writer.close()
    await writer.wait_closed()
    assert catalog.seen == []


@pytest.mark.parametrize("name", ["X-API-Key", "Authorization"])
async def test_a_credential_that_is_for_this_connection_alone_is_none(
    catalog: Peer, storefront_alone: Shop, name: str
) -> None:
    credential = {"X-API-Key": ADA, "Authorization": f"Bearer {ADA}"}[name]
    headers = {name: credential, "Connection": f"close, {name.lower()}"}
    answer = await storefront_alone.call(
        "storefront", "GET", "/api/products", key=None, headers=headers
    )
    assert_problem(answer, 401, "invalid_api_key")
    assert catalog.seen == []


async def test_a_key_of_a_repeat_that_does_not_go_on_makes_nothing_repeatable(
    cart: Peer, storefront_alone: Shop
) -> None:
    cart.says(hang_up, FINE)
    headers = {"Connection": "Idempotency-Key"}
    answer = await storefront_alone.call(
        "storefront", "POST", "/api/cart/ada/add", idempotency_key="k-1", headers=headers
    )
    assert_problem(answer, 504, "outcome_unknown")
    assert len(cart.seen) == 1
