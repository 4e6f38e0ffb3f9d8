"""The HTTP server beneath an application. What never becomes a request of the application, because
it cannot be read, is answered like the rest, and logged without a byte of what was sent.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, cast

from aiohttp import web
from aiohttp.http import HttpVersion11, RawRequestMessage
from aiohttp.http_exceptions import ContentEncodingError

from ..core.errors import ExpectationFailed, InternalError, Malformed, Problem
from ..core.logs import logger
from ..core.tracing import RequestContext, enter_request
from .metrics import METRICS
from .parameters import unknown_coding
from .request import Request
from .responses import StoredResponse
from .serving import mark, serve


class Runner(web.AppRunner):
    """Runs an application on this server; takes what `web.AppRunner` takes."""

    async def _make_server(self) -> web.Server:
        await super()._make_server()
        return _Server(self.app, **self._kwargs)


class _Server(web.Server):
    """Takes requests by aiohttp's parser, and answers them without its router and middlewares."""

    def __init__(self, app: web.Application, **options: Any) -> None:
        super().__init__(self._serve, request_factory=partial(Request, app), **options)
        self._app = app

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)

    def reject(self, problem: Problem) -> web.Response:
        """The response to what no route has seen."""
        context = RequestContext.from_headers({})
        enter_request(context)
        logger.info("a request that was not understood %d", problem.status)
        self._app[METRICS].observe("any", "unmatched", problem.status, 0.0)
        response = StoredResponse.of_problem(problem, context.request_id).to_web()
        mark(response, context.request_id)
        response.force_close()
        return response

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        expected = request.headers.get("Expect")
        if expected and request.version == HttpVersion11:
            if expected.lower() != "100-continue":
                return self.reject(
                    ExpectationFailed("Of all expectations, `100-continue` alone is known here")
                )
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # of the answer itself nothing is written yet
        return await serve(cast(Request, request))


class _Connection(web.RequestHandler):
    __slots__ = ("_server",)

    def __init__(self, server: _Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Have answers wait for the caller's readiness alone, so that nothing is left of one once
        it has been sent.
        """
        super().connection_made(transport)
        cast(asyncio.Transport, transport).set_write_buffer_limits(high=0)

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived. A body that cannot be read any further ends here: aiohttp would
        have its handler wait for the remainder.
        """
        super().data_received(data)
        request = self._current_request
        broken = bool(self._messages) and not isinstance(self._messages[-1][0], RawRequestMessage)
        if broken and request is not None and not request.content.is_eof():
            request.content.set_exception(web.RequestPayloadError("it cannot be parsed"))

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The response to what the parser could not read (its message quotes what was sent), or
        that nobody expected.
        """
        if request.writer.output_size > 0:
            raise ConnectionError("The response has begun, and cannot be replaced")
        problem: Problem = Malformed("This is no HTTP request that can be read")
        if isinstance(exc, ContentEncodingError):  # a coding that aiohttp knows of and has not
            problem = unknown_coding()
        elif status != Malformed.status:
            problem = InternalError()
            logger.error("unexpected failure", exc_info=exc)
        return self._server.reject(problem)
