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
        self[HELD] = ExitStack()

    async def read(self, limit: int = BODY_LIMIT) -> bytes:
        """The whole body. Raises web.HTTPRequestEntityTooLarge past `limit` bytes."""
        self._client_max_size = limit
        return await super().read()
