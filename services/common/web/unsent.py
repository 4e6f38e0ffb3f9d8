"""Answers on their way out: bounded over the process, and waited for only while a reader reads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from aiohttp import web

from ..core.background import running
from ..core.errors import Unavailable
from ..core.logs import logger

MAX_UNSENT = 32 * 2**20
"""Bytes of answers that callers have not taken yet; past it nothing further is begun."""
STALLED_SECONDS = 10.0
"""How long a connection may take nothing of an answer; then it is closed."""
LOOK_SECONDS = 1.0
_STREAMED = 2**20
"""What an answer counts for whose length is not known: as much as may be held of it at once."""


@dataclass(slots=True, eq=False)
class _Sending:
    """An answer that is being written: what was left of it at the last look, and since when."""

    transport: asyncio.Transport
    left: int
    since: float


class Unsent:
    """The answers of this process that are being written."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sending: set[_Sending] = set()
        self.bytes = 0

    def require_room(self, size: int = 1) -> None:
        """Raise Unavailable where `size` bytes more are too many."""
        if self.bytes + size > MAX_UNSENT:
            raise Unavailable(
                "Too many answers wait to be read: nothing was done, send it again",
                code="overloaded",
            )

    async def send(self, request: web.Request, response: web.Response) -> None:
        """Write an answer, and return when it is with the kernel or the caller has gone."""
        transport = request.transport
        if transport is None:
            return
        # Then the caller's readiness is all that is waited for, and nothing is left afterwards.
        transport.set_write_buffer_limits(high=0)
        size = size_of(response)
        sending = _Sending(transport, -1, self._clock())
        self._sending.add(sending)
        self.bytes += size
        try:
            await response.prepare(request)
            await response.write_eof()
        except ConnectionError:
            response.body = None  # aiohttp would begin to write it once more
        finally:
            self.bytes -= size
            self._sending.discard(sending)

    def drop_stalled(self) -> None:
        """Close the connections that have taken nothing for STALLED_SECONDS."""
        now = self._clock()
        for sending in list(self._sending):
            left = sending.transport.get_write_buffer_size()
            if left == 0 or left != sending.left:
                sending.left, sending.since = left, now
            elif now - sending.since >= STALLED_SECONDS:
                logger.info("closing: its reader does not read", extra={"bytes": left})
                sending.transport.abort()


def size_of(response: web.Response) -> int:
    """The bytes of an answer's body."""
    body = response.body
    if body is None:
        return 0
    return len(body) if isinstance(body, bytes | bytearray) else _STREAMED


UNSENT: web.AppKey[Unsent] = web.AppKey("unsent", Unsent)


async def unsent(app: web.Application) -> AsyncIterator[None]:
    """Cleanup context: the watch on readers that do not read."""

    async def watch() -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            app[UNSENT].drop_stalled()

    async with running(watch, "watch on readers"):
        yield
