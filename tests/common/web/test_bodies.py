"""Bodies and headers that are too large, too slow, packed, or no HTTP at all."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from aiohttp import web

from services.common.core import wire
from services.common.process import serve
from services.common.web.idempotency import KeyedRequest
from services.common.web.request import BODY_LIMIT
from services.common.web.routing import Access, Nothing, Route
from tests.common.bakery import open_bakery
from tests.routes import assert_problem
from tests.shop import Reply, Shop, open_shop


class Recipe(Nothing):
    """What is baked."""

    flour: str = ""


async def bake(_request: web.Request, recipe: Recipe, *_keyed: KeyedRequest) -> web.Response:
    """Say how much flour there was."""
    return web.json_response(body=wire.encode(len(recipe.flour)))


ROUTES = [
    Route("POST", "/loaves", bake, takes=Recipe),
    Route("POST", "/window", bake, Access.PUBLIC, takes=Recipe),
]


shared_loop = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bakery(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """A bakery that the tests share: it keeps nothing of what it is sent."""
    async with open_shop(tmp_path_factory.mktemp("bakery")) as shop:
        await shop.start("registry")
        await open_bakery(shop, ROUTES, body_seconds=0.05)
        yield shop


async def post(bakery: Shop, data: object, *, path: str = "/loaves", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await bakery.call(
        "bakery",
        "POST",
        path,
        data=data,
        headers={"Content-Type": "application/json", **named},
    )


async def raw(bakery: Shop, *parts: bytes) -> bytes:
    """What is answered to bytes that are sent as they are, until the connection ends."""
    url = urlsplit(bakery.urls["bakery"])
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        return await reader.read()
    finally:
        writer.close()


def head(*headers: bytes, target: bytes = b"/loaves", key: bytes = b"secret-key-123") -> bytes:
    fixed = (b"Host: localhost", b"X-API-Key: " + key, b"Content-Type: application/json")
    return b"\r\n".join([b"POST " + target + b" HTTP/1.1", *fixed, *headers, b"", b""])


def recipe_of(size: int) -> bytes:
    """A body of exactly so many bytes."""
    return b'{"flour": "' + b"x" * (size - 13) + b'"}'


@shared_loop
async def test_a_body_may_have_64_kib_and_not_a_byte_more(bakery: Shop) -> None:
    assert (await post(bakery, recipe_of(BODY_LIMIT))).json == BODY_LIMIT - 13
    assert_problem(await post(bakery, recipe_of(BODY_LIMIT + 1)), 413, "payload_too_large")


@pytest.mark.parametrize("path", ["/loaves", "/window"])
@shared_loop
async def test_a_body_that_does_not_say_how_long_it_is_has_the_same_bound(
    bakery: Shop, path: str
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 10_000

    reply = await post(bakery, endless(), path=path)
    assert_problem(reply, 413, "payload_too_large")


@shared_loop
async def test_a_compressed_body_is_decompressed(bakery: Shop) -> None:
    body = recipe_of(100)
    assert (await post(bakery, gzip.compress(body), Content_Encoding="gzip")).json == 87
    assert (await post(bakery, zlib.compress(body), Content_Encoding="deflate")).json == 87


@shared_loop
async def test_the_limit_is_for_the_decompressed_body(bakery: Shop) -> None:
    bomb = gzip.compress(b"x" * 50_000_000)
    assert len(bomb) < BODY_LIMIT
    reply = await post(bakery, bomb, Content_Encoding="gzip")
    assert_problem(reply, 413, "payload_too_large")


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "gzip, br", "x", ""])
@shared_loop
async def test_a_packing_that_nobody_knows_is_415_with_those_that_are_known(
    bakery: Shop, coding: str
) -> None:
    for path in ("/loaves", "/window"):
        reply = await post(bakery, b"{}", path=path, Content_Encoding=coding)
        assert_problem(reply, 415, "unsupported_media_type")
        assert reply.headers["Accept-Encoding"] == "gzip, deflate"


@shared_loop
async def test_a_body_that_is_as_it_is_may_say_so(bakery: Shop) -> None:
    assert (await post(bakery, b"{}", Content_Encoding="identity")).status == 200


@pytest.mark.parametrize("data", [b"{}", gzip.compress(b"{}", mtime=0)[:-8] + b"x" * 8])
@shared_loop
async def test_a_body_that_is_not_compressed_as_it_says_is_malformed(
    bakery: Shop, data: bytes
) -> None:
    assert_problem(await post(bakery, data, Content_Encoding="gzip"), 400)


@pytest.mark.parametrize(
    "media",
    [
        *("", "text/plain", "application/x-www-form-urlencoded", "application/problem+json"),
        *("application/json; charset=latin-1", "application/json; charset=bogus", "json"),
        *("application/json; charset=utf-16", "multipart/form-data", "*/*", "application/jsonx"),
    ],
)
@shared_loop
async def test_a_body_that_is_not_json_in_utf_8_is_not_read(bakery: Shop, media: str) -> None:
    reply = await post(bakery, b"{}", Content_Type=media)
    assert_problem(reply, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "media", ["application/json", "Application/JSON", "application/json; charset=UTF-8"]
)
@shared_loop
async def test_every_spelling_of_the_json_type_is_taken(bakery: Shop, media: str) -> None:
    assert (await post(bakery, b"{}", Content_Type=media)).status == 200


@shared_loop
async def test_an_empty_body_is_no_parameters(bakery: Shop) -> None:
    assert (await post(bakery, b"")).json == 0


@pytest.mark.parametrize("path", [b"/loaves", b"/window"])
async def test_a_body_that_never_ends_is_408(
    shop: Shop, path: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "LINGER_SECONDS", 0.05)
    await open_bakery(shop, ROUTES, body_seconds=0.05)
    answer = await raw(shop, head(b"Content-Length: 9", target=path), b"{")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in answer


@shared_loop
async def test_a_wrong_key_is_401_before_the_body_is_there(bakery: Shop) -> None:
    url = urlsplit(bakery.urls["bakery"])
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(head(b"Content-Length: 9", key=b"wrong"))
    assert await reader.readline() == b"HTTP/1.1 401 Unauthorized\r\n"
    writer.close()


async def test_a_header_that_never_ends_is_hung_up_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "KEEPALIVE_SECONDS", 0.05)
    await open_bakery(shop, ROUTES)
    assert await raw(shop, b"POST /loaves HTTP/1.1\r\nHost: localhost\r\nX-Slow: ") == b""


async def test_a_header_that_never_ends_after_an_answer_is_hung_up_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "KEEPALIVE_SECONDS", 0.05)
    await open_bakery(shop, ROUTES)
    answer = await raw(shop, head(b"Content-Length: 2") + b"{}", b"POST /loaves HTTP/1.1\r\nX: ")
    assert answer.count(b"HTTP/1.1 200 ") == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /livez\xff HTTP/1.1\r\n\r\n",
        b"GET /livez?x=\xff HTTP/1.1\r\n\r\n",
        b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nX-Long: " + b"x" * 9000 + b"\r\n\r\n",
        b"GET /livez HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"BREW /livez HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"nonsense\r\n\r\n",
        head(b"Content-Length: 2", b"Transfer-Encoding: chunked"),
        head(b"Content-Length: -1"),
        head(b"Content-Length: 2", b"Content-Length: 3"),
        head(b"Transfer-Encoding: chunked") + b"zz\r\n",
    ],
    ids=lambda sent: repr(sent[:30]),
)
@shared_loop
async def test_what_is_no_http_is_400_and_hung_up_on(bakery: Shop, sent: bytes) -> None:
    answer = await raw(bakery, sent)
    assert answer.split(b" ", 2)[1] == b"400"
    assert b"Traceback" not in answer


@pytest.mark.parametrize(
    "name",
    [
        *(b"X-API-Key", b"Authorization", b"Tuckshop-Service", b"Tuckshop-Shop", b"X-Request-ID"),
        *(b"traceparent", b"Idempotency-Key", b"If-None-Match", b"Content-Type", b"User-Agent"),
    ],
)
async def test_a_header_that_is_no_text_is_no_500(shop: Shop, name: bytes) -> None:
    await open_bakery(shop, [Route("POST", "/loaves", bake, takes=Recipe, idempotent=True)])
    lines = head(b"Content-Length: 2", b"Connection: close").split(b"\r\n")
    kept = [line for line in lines if not line.startswith(name + b":")]
    kept.insert(1, name + b": \xff")
    answer = await raw(shop, b"\r\n".join(kept) + b"{}")
    assert answer.split(b" ", 2)[1] in (b"200", b"401", b"415", b"421", b"422")
    assert b"\r\nContent-Type: application/" in answer
