"""The loop that tests run on: Python's own, less a fault of its servers."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any


class Loop(asyncio.SelectorEventLoop):
    """One whose servers leave no connection open. Python's never closes a connection that it
    accepts in the turn in which its server is closed: the transport is made in the turn after, and
    `Server._attach` asserts that the server is open. (The services run on uvloop, which has no such
    turn. Tests do not, for its time cannot be made to pass.)
    """

    async def _accept_connection2(
        self,
        protocol_factory: Any,
        conn: socket.socket,
        extra: Any,
        sslcontext: Any = None,
        server: asyncio.Server | None = None,
        *rest: Any,
    ) -> None:
        if server is not None and not server.is_serving():
            conn.close()
            return
        await super()._accept_connection2(  # type: ignore[misc]
            protocol_factory, conn, extra, sslcontext, server, *rest
        )


def new_loop() -> asyncio.AbstractEventLoop:
    """A loop for one test."""
    return asyncio.new_event_loop() if sys.platform == "win32" else Loop()
