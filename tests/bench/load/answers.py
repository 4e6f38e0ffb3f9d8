"""Reads HTTP/1.1 answers whose length is told, or that come in chunks: others are not needed."""

from __future__ import annotations

from typing import NamedTuple

_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"
_CHUNKED = b"\r\ntransfer-encoding: chunked\r\n"
_CLOSES = b"\r\nconnection: close\r\n"
_WITHOUT_BODY = (204, 304)


class Answer(NamedTuple):
    """What a server answered. `head` is in lower case, and ends with the end of its last line."""

    status: int
    head: bytes
    body: bytes

    @property
    def closes(self) -> bool:
        """Whether the server closes the connection after it."""
        return _CLOSES in self.head


class Unreadable(Exception):
    """The answer has no length that can be known, or is no HTTP."""


def read_answer(received: bytes) -> Answer | int:
    """The answer to the only request in flight; or, while it is not whole, how many bytes there
    have to be before it is worth while to look again. Raises Unreadable.
    """
    end = received.find(_END)
    if end < 0:
        return len(received) + 1
    start = end + len(_END)
    head = received[: end + 2].lower()
    if not head.startswith(b"http/1.1 "):
        raise Unreadable(received[:80])
    status = int(received[9:12])
    if status in _WITHOUT_BODY:
        return Answer(status, head, b"")
    at = head.find(_LENGTH)
    if at >= 0:
        length = int(head[at + len(_LENGTH) : head.index(b"\r\n", at + 2)])
        if len(received) < start + length:
            return start + length
        return Answer(status, head, received[start : start + length])
    if _CHUNKED in head:
        body = _chunks(received, start)
        return len(received) + 1 if body is None else Answer(status, head, body)
    raise Unreadable(received[:80])


def _chunks(received: bytes, at: int) -> bytes | None:
    """The body that chunks from `at` on make, None while the last of them is not there."""
    body = b""
    while True:
        line = received.find(b"\r\n", at)
        if line < 0:
            return None
        size = int(received[at:line].partition(b";")[0], 16)
        begin, at = line + 2, line + 2 + size + 2
        if len(received) < at:
            return None
        if size == 0:
            return body
        body += received[begin : begin + size]
