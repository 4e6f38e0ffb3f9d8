"""Connections that a test holds in its own hand: a body that does not come, an answer unread."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from tests.shop import OPERATOR


@asynccontextmanager
async def connection(
    url: str, *, address: str = "127.0.0.1", receive_buffer: int = 0
) -> AsyncIterator[socket.socket]:
    """A connection to the service at `url` from `address`; nothing is read from it by itself."""
    parts = urlsplit(url)
    with socket.socket() as sock:
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.bind((address, 0))
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (parts.hostname, parts.port))
        yield sock


async def say(sock: socket.socket, data: bytes) -> None:
    """Send bytes just as they are."""
    await asyncio.get_running_loop().sock_sendall(sock, data)


async def next_status(sock: socket.socket) -> int:
    """The status of the answer that comes next; the rest of it stays unread."""
    line = b""
    while not line.endswith(b"\r\n"):
        byte = await asyncio.get_running_loop().sock_recv(sock, 1)
        if not byte:
            raise ConnectionResetError
        line += byte
    return int(line.split(b" ", 2)[1])


async def rest(sock: socket.socket) -> int:
    """How many bytes still come until the connection ends."""
    count = 0
    while data := await asyncio.get_running_loop().sock_recv(sock, 2**16):
        count += len(data)
    return count


def head(method: str, path: str, key: str = OPERATOR, **headers: object) -> bytes:
    """A request up to its body; a header's name may have `_` for `-`."""
    named = {"Host": "localhost", "X-API-Key": key, **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in named.items()]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode()
