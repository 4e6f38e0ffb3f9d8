"""Headers through the gateway, and whose key a call is made with."""

import asyncio

import pytest
from aiohttp import web

from tests.client.fakes import reply
from tests.routes import assert_problem
from tests.shop import OPERATOR, Shop, token
from tests.storefront.peer import Peer

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


async def test_a_request_s_headers_go_on(catalog: Peer, alone: Shop) -> None:
    await alone.call("storefront", "POST", "/api/products", headers=ONWARD, data=b"{}")
    sent = {name.lower(): value for name, value in ONWARD.items()}
    assert sent.items() <= catalog.last.headers.items()


async def test_what_concerns_one_connection_stays_there(catalog: Peer, alone: Shop) -> None:
    await alone.call(
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
    assert headers["host"] == alone.urls["catalog"].removeprefix("http://")
    assert headers["tuckshop-service"] == "catalog"


async def test_a_request_keeps_its_id_and_its_trace(catalog: Peer, alone: Shop) -> None:
    trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    sent = {"X-Request-ID": "mine-1", "traceparent": f"00-{trace}-{span}-01"}
    answer = await alone.call("storefront", "GET", "/api/products", headers=sent)
    assert answer.headers["X-Request-ID"] == catalog.last.headers["x-request-id"] == "mine-1"
    version, trace_id, parent, flags = catalog.last.headers["traceparent"].split("-")
    assert (version, trace_id, flags) == ("00", trace, "01")
    assert parent != span


async def test_an_answer_s_headers_come_back(catalog: Peer, alone: Shop) -> None:
    async def with_headers(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"[]", headers=BACK)

    catalog.says(with_headers)
    answer = await alone.call("storefront", "GET", "/api/products")
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
async def test_a_location_is_where_the_caller_finds_it(
    catalog: Peer, alone: Shop, given: str, passed_on: str
) -> None:
    catalog.says(reply({}, 201, Location=given))
    answer = await alone.call("storefront", "POST", "/api/products", json={})
    assert answer.headers["Location"] == passed_on


async def test_links_are_where_the_caller_finds_them(catalog: Peer, alone: Shop) -> None:
    links = '<?after=x>; rel="next", </products?after=y>; rel="last", <//else.example/>; rel="up"'
    catalog.says(reply([], Link=links))
    answer = await alone.call("storefront", "GET", "/api/products")
    assert answer.headers["Link"] == links.replace("</products", "</api/products")


async def test_the_pages_of_a_list_can_be_followed(front: Shop) -> None:
    ids = [await front.product() for _ in range(3)]
    url = f"{front.urls['storefront']}/api/products?limit=2"
    headers = {"X-API-Key": ADA}
    async with front.session.get(url, headers=headers) as response:
        following = response.links["next"]["url"]
    async with front.session.get(following, headers=headers) as response:
        assert response.status == 200
        assert [product["id"] for product in await response.json()] == ids[2:]


async def test_what_a_browser_has_is_not_sent_again(front: Shop) -> None:
    path = f"/api/products/{await front.product()}"
    etag = (await front.call("storefront", "GET", path, key=ADA)).headers["ETag"]
    answer = await front.call("storefront", "GET", path, key=ADA, headers={"If-None-Match": etag})
    assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", etag)


async def test_an_edit_of_another_version_is_refused(front: Shop) -> None:
    answer = await front.call(
        "storefront",
        "PATCH",
        f"/api/products/{await front.product()}",
        json={"name": "Pear Rocks"},
        headers={"If-Match": '"9"'},
    )
    assert (answer.status, answer.code) == (412, "version_mismatch")


async def test_a_customer_s_call_is_made_with_the_customer_s_token(
    catalog: Peer, alone: Shop
) -> None:
    await alone.call("storefront", "GET", "/api/products", key=ADA)
    assert catalog.last.headers["x-api-key"] == ADA
    await alone.call(
        "storefront", "GET", "/api/products", key=None, headers={"Authorization": f"Bearer {ADA}"}
    )
    assert catalog.last.headers["authorization"] == f"Bearer {ADA}"
    assert "x-api-key" not in catalog.last.headers


async def test_no_call_of_a_customer_s_carries_the_operator_key(catalog: Peer, alone: Shop) -> None:
    for headers in (
        {"X-API-Key": ADA},
        {"Authorization": f"Bearer {ADA}"},
        {"X-API-Key": ADA, "Connection": "X-API-Key"},
    ):
        await alone.call("storefront", "GET", "/api/products", key=None, headers=headers)
        assert OPERATOR not in " ".join(catalog.last.headers.values())


@pytest.mark.parametrize("key", [None, "", "secret-key-124", "x.y.z", ADA[:-4] + "AAAA"])
async def test_who_is_not_known_gets_no_further(
    catalog: Peer, alone: Shop, key: str | None
) -> None:
    answer = await alone.call("storefront", "GET", "/api/products", key=key)
    assert_problem(answer, 401, "invalid_api_key")
    assert catalog.seen == []


async def test_a_service_that_refuses_a_good_key_is_no_fault_of_the_customer_s(
    catalog: Peer, alone: Shop
) -> None:
    catalog.says(reply({"code": "invalid_api_key", "detail": "Invalid API Key"}, 401))
    answer = await alone.call("storefront", "GET", "/api/products", key=ADA)
    assert assert_problem(answer, 503, "unavailable")["service"] == "catalog"


async def test_a_header_that_is_no_text_is_refused(catalog: Peer, alone: Shop) -> None:
    host, port = alone.urls["storefront"].removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"GET /api/products HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-Key: {ADA}\r\n"
    writer.write(head.encode() + b"X-Odd: caf\xe9\r\n\r\n")
    assert (await reader.readline()).split()[1] == b"400"
    writer.close()
    await writer.wait_closed()
    assert catalog.seen == []
