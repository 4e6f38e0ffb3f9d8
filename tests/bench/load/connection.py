"""A connection that is kept, with one request in flight at a time.

It is a bare protocol, so that the load generator takes little of the processor that it shares with
what it measures.
"""

from __future__ import annotations

import asyncio
from typing import cast

from .answers import Answer, Unreadable, read_answer


class ConnectionEnded(Exception):
    """The server closed the connection before its answer was whole."""


class Connection(asyncio.Protocol):
    """Sends requests as the bytes that they are."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._received = b""
        self._needed = 0
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def open(cls, host: str, port: int) -> Connection:
        """Raises OSError."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, host, port)
        return connection

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    def send(self, request: bytes) -> asyncio.Future[Answer]:
        """The answer to come. It raises ConnectionEnded or Unreadable."""
        self._answer = self._loop.create_future()
        self._received = b""
        self._needed = 0
        if self._transport is None:
            self._answer.set_exception(ConnectionEnded())
        else:
            self._transport.write(request)
        return self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is no asyncio.Transport by its type, but has what one has.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received = self._received + data if self._received else data
        if len(self._received) < self._needed or self._answer is None or self._answer.done():
            return
        try:
            answer = read_answer(self._received)
        except (Unreadable, ValueError) as error:
            self._answer.set_exception(Unreadable(str(error)))
            self.close()
            return
        if isinstance(answer, int):
            self._needed = answer
            return
        if answer.closes:
            self.close()
        self._answer.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionEnded())
