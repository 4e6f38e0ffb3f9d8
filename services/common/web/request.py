"""A request as handlers get it: aiohttp's own, which knows its application without a router."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage

from .keys import HELD

BODY_LIMIT = 64 * 1024
"""Bytes of a request's body, once it is unpacked."""


class WholeBody:
    """Stands where a request has its stream: the whole body is there."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def at_eof(self) -> bool:
        """Whether all has been read."""
        return not self._body

    def is_eof(self) -> bool:
        """Whether all has come."""
        return True

    def read_nowait(self) -> bytes:
        """What has not been read yet."""
        body, self._body = self._body, b""
        return body


class Request(web.Request):
    """A request of one application. `match_info` are the values of the names in its route's path;
    it is empty before the route is found.
    """

    __slots__ = ("app", "match_info")
    ATTRS = web.Request.ATTRS | {"app", "match_info"}

    app: web.Application
    match_info: Mapping[str, str]  # type: ignore[assignment]  # aiohttp's has a router in it

    def __init__(
        self,
        app: web.Application,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: web.RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> None:
        """A request of `app`, and what aiohttp makes one of."""
        loop = asyncio.get_running_loop()
        super().__init__(message, payload, protocol, writer, task, loop, client_max_size=BODY_LIMIT)
        self.app = app
        self.match_info = {}

    async def read(self, limit: int = BODY_LIMIT) -> bytes:
        """The whole body. Raises web.HTTPRequestEntityTooLarge past `limit` bytes."""
        self._client_max_size = limit
        return await super().read()


def held(request: web.Request) -> ExitStack:
    """What is to be given back once the answer to a request has been sent."""
    if HELD not in request:
        request[HELD] = ExitStack()
    return request[HELD]


def give_back(request: web.Request) -> None:
    """Give back what a request holds, if it holds anything."""
    if HELD in request:
        request[HELD].close()
