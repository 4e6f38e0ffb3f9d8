"""Asks a process whether it is ready, with the standard library only.

`run.py` asks while the services are starting on the same few cores, and the import of an HTTP
client would slow them down.
"""

from __future__ import annotations

import asyncio
import json

NOT_LISTENING = "not listening yet"
_LONGEST_ANSWER = 64 * 1024


async def why_not_ready(host: str, port: int, *, within: float = 2.0) -> str | None:
    """None if `GET /readyz` is answered with 200 within `within` seconds, else the reason."""
    try:
        async with asyncio.timeout(within):
            status, body = await _get(host, port, "/readyz")
    except TimeoutError:
        return "no answer"
    except (OSError, ValueError, IndexError):
        return NOT_LISTENING
    return None if status == 200 else f"{status} {_reasons_in(body)}".rstrip()


async def _get(host: str, port: int, path: str) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        # HTTP/1.0: the answer is not chunked and ends with the connection.
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n".encode())
        answer = b""
        while len(answer) < _LONGEST_ANSWER and (piece := await reader.read(_LONGEST_ANSWER)):
            answer += piece
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def _reasons_in(body: bytes) -> str:
    try:
        return ", ".join(json.loads(body)["reasons"])
    except (ValueError, KeyError, TypeError):
        return ""
