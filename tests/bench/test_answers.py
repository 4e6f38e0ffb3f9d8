"""How the load generator reads HTTP: of a server of aiohttp, and in pieces."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from .load.answers import Answer, Unreadable, read_answer
from .load.connection import Connection, ConnectionEnded

GET = b"GET %b HTTP/1.1\r\nHost: here\r\n\r\n"
LONG = bytes(range(256)) * 4096
WITH_LENGTH = b"HTTP/1.1 200 OK\r\nCONTENT-LENGTH: 3\r\n\r\nabc"
IN_CHUNKS = (
    b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n"
    b"0\r\n\r\n"
)


async def with_length(_request: web.Request) -> web.StreamResponse:
    return web.Response(body=LONG, headers={"X-Where": "here"})


async def in_chunks(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(status=201)
    response.enable_chunked_encoding()
    await response.prepare(request)
    for begin in range(0, len(LONG), 100_000):
        await response.write(LONG[begin : begin + 100_000])
    await response.write_eof()
    return response


async def nothing(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=204)


async def last(_request: web.Request) -> web.StreamResponse:
    response = web.Response(text="bye")
    response.force_close()
    return response


async def breaks_off(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@pytest.fixture
async def server() -> TestServer:
    app = web.Application()
    for handler in (with_length, in_chunks, nothing, last, breaks_off):
        app.router.add_get(f"/{handler.__name__}", handler)
    return TestServer(app)


async def asked(server: TestServer, *paths: bytes) -> list[Answer]:
    """The answers to these paths, on one connection."""
    async with server:
        connection = await Connection.open("127.0.0.1", server.port or 0)
        try:
            return [await connection.send(GET % path) for path in paths]
        finally:
            connection.close()


async def test_answers_of_a_real_server_are_read_whole_on_one_connection(
    server: TestServer,
) -> None:
    answers = await asked(server, b"/with_length", b"/in_chunks", b"/nothing", b"/with_length")
    assert [answer.status for answer in answers] == [200, 201, 204, 200]
    assert [answer.body for answer in answers] == [LONG, LONG, b"", LONG]
    assert b"\r\nx-where: here\r\n" in answers[0].head


async def test_an_answer_that_closes_the_connection_is_read(server: TestServer) -> None:
    (answer,) = await asked(server, b"/last")
    assert answer.closes
    assert answer.body == b"bye"


async def test_a_request_on_a_closed_connection_fails(server: TestServer) -> None:
    with pytest.raises(ConnectionEnded):
        await asked(server, b"/last", b"/last")


async def test_an_answer_that_breaks_off_is_an_error(server: TestServer) -> None:
    with pytest.raises(ConnectionEnded):
        async with asyncio.timeout(5):
            await asked(server, b"/breaks_off")


@pytest.mark.parametrize(
    ("whole", "answer"),
    [(WITH_LENGTH, (200, b"abc")), (IN_CHUNKS, (201, b"abc0123456789"))],
)
def test_an_answer_is_there_once_its_last_byte_is(whole: bytes, answer: tuple[int, bytes]) -> None:
    for length in range(len(whole)):
        needed = read_answer(whole[:length])
        assert isinstance(needed, int)
        assert length < needed <= len(whole)
    read = read_answer(whole)
    assert isinstance(read, Answer)
    assert (read.status, read.body) == answer


@pytest.mark.parametrize("received", [b"HTTP/1.1 200 OK\r\n\r\nabc", b"SSH-2.0-OpenSSH\r\n\r\n"])
def test_an_answer_without_a_length_is_unreadable(received: bytes) -> None:
    with pytest.raises(Unreadable):
        read_answer(received)
