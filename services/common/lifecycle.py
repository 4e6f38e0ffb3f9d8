"""How a running service stands: its shop, whether it is draining, how busy it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from .errors import Misdirected, Unavailable

MOST_IN_FLIGHT = 512
"""Requests served at once; past it they are refused with nothing done."""
MOST_STREAMS = 2048
"""The same for those that stay open, long polls and event streams: most of them only wait."""


class Lifecycle:
    """The state of one service in this process."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.shop: str | None = None
        self.draining = False
        self.registered = False
        self._in_flight = {False: 0, True: 0}  # by whether it is a stream
        self._ended = asyncio.Event()
        self._reason = ""

    async def ended(self) -> str:
        """Wait until something in the service calls for its end; returns why."""
        await self._ended.wait()
        return self._reason

    def end(self, reason: str) -> None:
        """Call for the end of the service; it cannot go on."""
        self._reason = self._reason or reason
        self._ended.set()

    @contextmanager
    def one_request(self, *, stream: bool = False) -> Iterator[None]:
        """Count a request while it is served. Raises Unavailable when draining or overloaded."""
        if self.draining:
            raise Unavailable("Stopping: nothing was done, send it again", code="draining")
        if self._in_flight[stream] >= (MOST_STREAMS if stream else MOST_IN_FLIGHT):
            raise Unavailable(
                "Too much at once: nothing was done, send it again", code="overloaded"
            )
        self._in_flight[stream] += 1
        try:
            yield
        finally:
            self._in_flight[stream] -= 1

    def check_addressee(self, request: web.Request) -> None:
        """Raise Misdirected if the caller means another service, or another shop.

        A port can have been taken over by a service of another shop since the caller resolved it.
        """
        service = request.headers.get("Tuckshop-Service", self.service)
        if service != self.service:
            raise Misdirected(f"This is the {self.service} service, and another was meant")
        shop = request.headers.get("Tuckshop-Shop")
        if shop is not None and self.shop is not None and shop != self.shop:
            raise Misdirected("This is another shop", code="wrong_shop")


LIFECYCLE: web.AppKey[Lifecycle] = web.AppKey("lifecycle", Lifecycle)
