"""Serves calls that another service sends together (`POST /batch`).

Each part is a request like any other: it goes through the pipeline of its route, takes a slot, is
counted and logged, and has its own deadline, answer and failure. Its answer is written as soon as
it has ended, whatever the others do. What is checked at the head of the batch, the service, the
shop, the key and the drain, is checked before any part begins: then nothing was done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.http import HttpVersion11, RawRequestMessage
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from ..core.errors import InternalError, Invalid, Malformed
from ..core.logs import logger
from ..core.tracing import current_request_id
from .keys import PART
from .parts import BATCH, MOST_BYTES, Part, PartAnswer, as_body, decode_batch, encode_line
from .request import Request, WholeBody
from .responses import StoredResponse
from .routing import Access, Route
from .serving import answer, mark
from .unsent import UNSENT, Unsent, Write

Headers = Sequence[tuple[str, str]]
_FROM_BATCH = ("Host", "X-API-Key", "Authorization", "Tuckshop-Service", "Tuckshop-Shop")
"""Headers that a part has from its batch: who asks, and whom."""
_FOR_BROWSERS = frozenset({"Cache-Control", "Server", "X-Content-Type-Options"})
"""Headers of an answer that no service has a use for."""


async def serve_batch(request: web.Request, body: bytes) -> web.StreamResponse:
    """Serve each part, and answer each as it ends, in a line of its own."""
    parts = _read(body)
    lines = _Lines(len(parts), request.app[UNSENT])
    shared = [(name, value) for name in _FROM_BATCH for value in request.headers.getall(name, ())]
    tasks = [
        asyncio.create_task(_serve(request, shared, number, part, lines))
        for number, part in enumerate(parts)
    ]
    try:
        return await _send(request, lines)
    except ConnectionError:
        lines.close()
        await asyncio.wait(tasks)  # the caller has gone, and what was begun goes on all the same
        raise
    finally:
        lines.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


BATCH_ROUTE = Route(
    "POST",
    BATCH,
    serve_batch,
    Access.OPERATOR,
    raw=True,
    streams=True,
    quiet=True,
    body_limit=MOST_BYTES,
)


class _Lines:
    """The answers of so many parts, as lines. They count as unsent until they have been written."""

    def __init__(self, parts: int, unsent: Unsent) -> None:
        self._left = parts
        self._unsent = unsent
        self._ready: list[bytes] = []
        self._some = asyncio.Event()
        self._closed = False

    def put(self, line: bytes) -> None:
        """Take the answer of a part that has ended."""
        if self._closed:
            return
        self._left -= 1
        self._unsent.bytes += len(line)
        self._ready.append(line)
        self._some.set()

    async def write_all(self, write: Write) -> None:
        """Write answers as they come; what ends in the same turn of the loop goes together."""
        is_last = False
        while not is_last:
            await self._some.wait()
            self._some.clear()
            piece, is_last = b"".join(self._ready), self._left == 0
            self._ready.clear()
            try:
                await write(piece, is_last)
            finally:
                self._unsent.bytes -= len(piece)

    def close(self) -> None:
        """Nobody is told any more."""
        self._closed = True
        self._unsent.bytes -= sum(map(len, self._ready))
        self._ready.clear()


class _Answers(web.StreamResponse):
    """Its head goes out with the first line, and not by itself."""

    _send_headers_immediately = False


async def _send(request: web.Request, lines: _Lines) -> web.StreamResponse:
    """Write the answers as they come. Raises ConnectionError once the caller has gone."""
    response = _Answers(headers={"Content-Type": "application/jsonl"})
    mark(response, current_request_id())
    with request.app[UNSENT].stream(request, response) as write:
        await lines.write_all(write)
    return response


async def _serve(
    batch: web.Request, shared: Headers, number: int, part: Part, lines: _Lines
) -> None:
    """Serve one part. It fails alone."""
    try:
        told = _told(number, await answer(_request_of(batch, shared, part)))
    except asyncio.CancelledError:
        lines.put(b"")  # it has ended, and how is not told
        raise
    except Exception:
        logger.exception("unexpected failure")
        problem = StoredResponse.of_problem(InternalError(), part.request_id)
        told = PartAnswer(number, problem.status, {}, msgspec.Raw(problem.body))
    lines.put(encode_line(told))


def _read(body: bytes) -> list[Part]:
    """The parts of a batch. Raises Malformed, Invalid."""
    try:
        return decode_batch(body).parts
    except msgspec.ValidationError as error:
        raise Invalid(str(error)) from None
    except msgspec.DecodeError as error:
        raise Malformed(f"Malformed JSON: {error}", code="malformed_json") from None


def _request_of(batch: web.Request, shared: Headers, part: Part) -> Request:
    """The request that a part is: from who sent the batch, over the same connection."""
    headers = CIMultiDict(
        [*shared, ("X-Request-ID", part.request_id), ("traceparent", part.traceparent)]
    )
    if part.key is not None:
        headers["Idempotency-Key"] = part.key
    body = bytes(part.body)
    if body:
        headers["Content-Type"] = "application/json"
    path, _, query = part.path.partition("?")
    head = RawRequestMessage(
        part.method,
        part.path,
        HttpVersion11,
        CIMultiDictProxy(headers),
        raw_headers=(),
        should_close=False,
        compression=None,
        upgrade=False,
        chunked=False,
        url=URL.build(path=path, query_string=query, encoded=True),
    )
    stream: Any = WholeBody(body)
    request = Request(batch.app, head, stream, batch.protocol, batch.writer, batch.task)
    request[PART] = part
    return request


def _told(number: int, response: web.StreamResponse) -> PartAnswer:
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes | None):
        raise TypeError("a part's answer does not come whole")
    headers = {name: value for name, value in response.headers.items() if name not in _FOR_BROWSERS}
    return PartAnswer(number, response.status, headers, as_body(response.body))
