"""Answers on their way out: bounded over the process, and waited for only while a reader reads, and
not too slowly.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from ..core.background import running
from ..core.errors import Unavailable
from ..core.logs import logger

MAX_UNSENT = 32 * 2**20
"""Bytes of answers that callers have not taken yet; past it nothing further is begun."""
STALLED_SECONDS = 10.0
"""How long a connection may take nothing of an answer; then it is closed."""
PACE = 4 * 2**10
"""Bytes a second that a reader takes at least, on the average after the first STALLED_SECONDS: who
reads a byte now and then holds no room for long. The longest page of a list, of 256 KiB, is through
in 74 seconds. A poor mobile line (EDGE) brings about twice as much. Apache has such a rule for what
it receives (MinRate of mod_reqtimeout).
"""
LOOK_SECONDS = 1.0
_STREAMED = 2**20
"""What an answer counts for whose length is not known: as much as may be held of it at once."""


Write = Callable[[bytes, bool], Awaitable[None]]


@dataclass(slots=True, eq=False)
class _Sending:
    """An answer that is being written, as it was at the last look. Time counts only while something
    is unsent: an answer that comes piece by piece may wait for its next piece as long as it likes.
    """

    transport: asyncio.Transport
    writer: AbstractStreamWriter
    looked: float = 0.0
    left: int = 0
    """Bytes that the kernel had not taken."""
    gone: int = 0
    """Bytes that it had."""
    stalled: float = 0.0
    """Seconds since any went."""
    waited: float = 0.0
    """Seconds that something was unsent."""
    taken: int = 0
    """Bytes that went in that time."""

    def look(self, now: float) -> None:
        """See how far it has come."""
        left = self.transport.get_write_buffer_size()
        gone = self.writer.output_size - left
        if left and self.left:
            seconds, taken = now - self.looked, gone - self.gone
            self.stalled = 0.0 if taken else self.stalled + seconds
            self.waited += seconds
            self.taken += taken
        else:
            self.stalled = 0.0
        self.looked, self.left, self.gone = now, left, gone

    @property
    def is_too_slow(self) -> bool:
        """Whether its reader reads nothing, or too little."""
        overdue = self.waited - STALLED_SECONDS
        stalled = self.stalled >= STALLED_SECONDS
        return self.left > 0 and (stalled or self.taken < PACE * overdue)


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
        size = size_of(response)
        sending = _Sending(transport, request.writer)
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

    @contextmanager
    def stream(self, request: web.Request, response: web.StreamResponse) -> Iterator[Write]:
        """A way to write an answer piece by piece, the last of which is said to be it. It returns
        when the piece is with the kernel, and raises ConnectionError once the caller has gone.
        """

        async def write(piece: bytes, is_last: bool) -> None:
            if not response.prepared:
                await response.prepare(request)
            if is_last:
                await response.write_eof(piece)
            else:
                await response.write(piece)
                await request.writer.drain()

        if request.transport is None:
            yield write
            return
        sending = _Sending(request.transport, request.writer)
        self._sending.add(sending)
        try:
            yield write
        finally:
            self._sending.discard(sending)

    def drop_slow(self) -> None:
        """Close the connections that take nothing for STALLED_SECONDS, or less than PACE."""
        now = self._clock()
        for sending in list(self._sending):
            sending.look(now)
            if sending.is_too_slow:
                logger.info("closing: its reader is too slow", extra={"bytes": sending.left})
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
            app[UNSENT].drop_slow()

    async with running(watch, "watch on readers"):
        yield
