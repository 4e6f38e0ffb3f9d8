"""What is no HTTP that can be read, and who leaves before it is: answered and logged like the rest,
without a byte of what was sent.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from services.common.core import wire
from services.common.web.exposition import exposition
from services.common.web.metrics import METRICS
from services.common.web.routing import Access, Nothing, Route
from tests.common.bakery import open_bakery
from tests.shop import Shop, until

SECRET = b"hunter2hunter2"
KEY = b"X-API-Key: secret-key-123\r\n"
GET = b"GET /loaves HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /loaves HTTP/1.1\r\nHost: 127.0.0.1\r\n"
UNREADABLE = {
    "a control character in a header": GET + b"X-API-Key: " + SECRET + b"\x01\r\n",
    "a bare line feed": b"GET /loaves HTTP/1.1\nHost: localhost\nX-API-Key: " + SECRET + b"\n\n",
    "a URL that is too long": GET.replace(b"loaves", SECRET * 700) + b"\r\n",
    "a header that is too long": GET + b"X-API-Key: " + SECRET * 700 + b"\r\n\r\n",
    "too many headers": GET + b"X-API-Key: " + SECRET + b"\r\nX: y\r\n" * 200,
    "another protocol": b"\x16\x03\x01" + SECRET + b"\r\n\r\n",
    "a method that is none": b"BREW" + SECRET + GET + b"\r\n",
    "no host": b"GET /loaves HTTP/1.1\r\nX-API-Key: " + SECRET + b"\r\n\r\n",
    "a chunk without a size": POST + b"Transfer-Encoding: chunked\r\n\r\n" + SECRET + b"\r\n",
    "garbage after a request": GET.replace(b"loaves", b"livez") + b"\r\n" + SECRET + b"\r\n\r\n",
}


class Recipe(Nothing):
    """What is baked."""

    flour: str = ""


async def bake(_request: web.Request, recipe: Recipe) -> web.Response:
    """Say how much flour there was."""
    return web.json_response(body=wire.encode(len(recipe.flour)))


ROUTES = [
    Route("GET", "/loaves", bake, takes=Recipe),
    Route("POST", "/loaves", bake, takes=Recipe),
    Route("POST", "/window", bake, Access.PUBLIC, takes=Recipe),
]


@pytest.fixture
async def bakery(shop: Shop, caplog: pytest.LogCaptureFixture) -> Shop:
    """A bakery, and an empty log."""
    await open_bakery(shop, ROUTES)
    caplog.set_level(logging.INFO)
    caplog.clear()
    return shop


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    """What the bakery logged, but for its registration, which goes on meanwhile."""
    return [
        (record.levelno, record.getMessage())
        for record in caplog.records
        if record.getMessage() != "registered" and "/services/" not in record.getMessage()
    ]


async def send(bakery: Shop, sent: bytes) -> bytes:
    """What is answered to bytes that are sent as they are, until the connection ends."""
    url = urlsplit(bakery.urls["bakery"])
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        writer.write(sent)
        return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize("sent", UNREADABLE.values(), ids=UNREADABLE.keys())
async def test_what_cannot_be_read_is_a_problem_and_one_line_without_a_byte_of_it(
    bakery: Shop, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    answer = await send(bakery, sent)
    head, _, body = answer[answer.rindex(b"HTTP/1.") :].partition(b"\r\n\r\n")
    assert head.split(b" ")[1] == b"400"
    assert b"\r\nServer: tuckshop\r\n" in head + b"\r\n"
    assert b"\r\nContent-Type: application/problem+json\r\n" in head + b"\r\n"
    problem = json.loads(body)
    assert problem["code"] == "malformed_request"
    assert f"X-Request-ID: {problem['request_id']}".encode() in head
    assert SECRET not in answer
    assert b"aiohttp" not in answer

    assert told(caplog) == [(logging.INFO, "a request that was not understood 400")]
    assert not [record for record in caplog.records if record.exc_info]
    assert SECRET.decode() not in str([vars(record) for record in caplog.records])


async def test_a_body_that_breaks_off_in_a_bad_chunk_is_malformed(
    bakery: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    url = urlsplit(bakery.urls["bakery"])
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(POST + KEY + b"Expect: 100-continue\r\n")
    writer.write(b"Transfer-Encoding: chunked\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(SECRET + b"\r\n")
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"text/plain" not in answer
    assert SECRET not in answer
    assert told(caplog)[0] == (logging.INFO, "POST /loaves 400")
    assert SECRET.decode() not in caplog.text


async def test_what_cannot_be_read_is_counted(bakery: Shop) -> None:
    await send(bakery, UNREADABLE["another protocol"])
    counted = 'method="any",route="unmatched",service="bakery",status="400"} 1.0'
    assert counted in exposition(bakery.app("bakery")[METRICS]).decode()


@pytest.mark.parametrize("path", ["/loaves", "/livez", "/nothing"])
async def test_an_expectation_that_nobody_knows_is_417(
    bakery: Shop, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    head = GET.replace(b"/loaves", path.encode())
    answer = await send(bakery, head + b"Expect: " + SECRET + b"\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 417 ")
    assert b"\r\nServer: tuckshop\r\n" in head + b"\r\n"
    assert json.loads(body)["code"] == "expectation_failed"
    assert SECRET not in answer
    assert told(caplog) == [(logging.INFO, "a request that was not understood 417")]
    assert SECRET.decode() not in caplog.text


async def test_who_expects_to_be_told_to_go_on_is(bakery: Shop) -> None:
    headers = KEY + b"Content-Type: application/json\r\nExpect: 100-continue\r\n"
    sent = (
        b"POST /loaves HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        + headers
        + b"Connection: close\r\nContent-Length: 2\r\n\r\n"
    )
    answer = await send(bakery, sent + b"{}")
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("path", ["/loaves", "/window"])
@pytest.mark.parametrize("abruptly", [True, False])
async def test_a_client_that_leaves_in_mid_body_is_499_and_one_line(
    bakery: Shop, caplog: pytest.LogCaptureFixture, path: str, abruptly: bool
) -> None:
    url = urlsplit(bakery.urls["bakery"])
    _, writer = await asyncio.open_connection(url.hostname, url.port)
    headers = KEY + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    writer.write(POST.replace(b"/loaves", path.encode()) + headers)
    await writer.drain()
    if abruptly:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.close()

    await until(lambda: told(caplog))
    assert told(caplog) == [(logging.INFO, f"POST {path} 499")]
    assert not [record for record in caplog.records if record.exc_info]
    counted = f'method="POST",route="{path}",service="bakery",status="499"}} 1.0'
    assert counted in exposition(bakery.app("bakery")[METRICS]).decode()
