"""The state of a running service: its shop, whether it is draining, how busy it is."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web

from ..core.errors import Misdirected, Unavailable

MAX_IN_FLIGHT = 512
"""Requests in flight; a further one is rejected, with nothing done."""
MAX_STREAMS = 2048
"""The same for long polls and event streams, most of which only wait."""


class _Slots:
    """A context for each of the requests that work at once; it keeps nothing but their number."""

    def __init__(self) -> None:
        self.taken = 0

    def __enter__(self) -> None:
        self.taken += 1

    def __exit__(self, *_error: object) -> None:
        self.taken -= 1


class Lifecycle:
    """The state of one service in this process."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.shop: str | None = None
        self.registered = False
        self._slots = {False: _Slots(), True: _Slots()}  # of streams
        self._draining = asyncio.Event()
        self._ended = asyncio.Event()
        self._reason = ""

    async def ended(self) -> str:
        """Wait until `end` is called; returns the reason."""
        await self._ended.wait()
        return self._reason

    def end(self, reason: str) -> None:
        """Make the service end, because it cannot go on; the first reason counts."""
        self._reason = self._reason or reason
        self._ended.set()

    @property
    def draining(self) -> bool:
        """Whether it takes nothing new, because it stops."""
        return self._draining.is_set()

    def drain(self) -> None:
        """Begin to drain."""
        self._draining.set()

    async def pause(self, seconds: float) -> None:
        """Wait so long, but no longer than until the service drains."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._draining.wait()

    @property
    def in_flight(self) -> int:
        """Requests whose handlers work, streams not among them."""
        return self._slots[False].taken

    def require_room(self, *, stream: bool = False) -> None:
        """Raise Unavailable when draining or overloaded."""
        if self.draining:
            raise Unavailable("Stopping: nothing was done, send it again", code="draining")
        if self._slots[stream].taken >= (MAX_STREAMS if stream else MAX_IN_FLIGHT):
            raise Unavailable(
                "Too much at once: nothing was done, send it again", code="overloaded"
            )

    def request_slot(self, *, stream: bool = False) -> _Slots:
        """A context in which a request is counted while its handler works. Raises as
        `require_room`.
        """
        self.require_room(stream=stream)
        return self._slots[stream]

    def check_addressee(self, request: web.Request) -> None:
        """Raise Misdirected if the caller means another service, or another shop.

        A service of another shop may have taken over the port since the caller looked it up.
        """
        service = request.headers.get("Tuckshop-Service", self.service)
        if service != self.service:
            raise Misdirected(f"This is the {self.service} service, and another was meant")
        shop = request.headers.get("Tuckshop-Shop")
        if shop is not None and self.shop is not None and shop != self.shop:
            raise Misdirected("This is another shop", code="wrong_shop")


LIFECYCLE: web.AppKey[Lifecycle] = web.AppKey("lifecycle", Lifecycle)
