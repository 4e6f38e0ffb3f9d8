"""Logging: one JSON object a line on stderr, with the request it belongs to."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import TextIO

from .tracing import current_request

logger = logging.getLogger("tuckshop")

_OWN_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_ENCODER = json.JSONEncoder(default=str)
"""Writes ASCII: a file name can be any bytes, and what is not valid text must be escaped."""
_text = json.encoder.encode_basestring_ascii
"""A text as that encoder writes it, for what is written with every line."""


class JsonLines(logging.Formatter):
    """Renders a record, and whatever `extra=` gave it, as one line of JSON."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = _text(service)

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        more = [
            f"{_text(name)}: {_ENCODER.encode(value)}"
            for name, value in vars(record).items()
            if name not in _OWN_ATTRIBUTES
        ]
        if record.exc_info:
            more.append(f'"traceback": {_text(self.formatException(record.exc_info))}')
        return self.line(record.created, record.levelno, record.getMessage(), more)

    def line(self, moment: float, level: int, message: str, more: Sequence[str]) -> str:
        """The line of a message; `moment` is in seconds since 1970, and `more` members of JSON."""
        request = current_request()
        members = [
            f'"time": "{_second(int(moment))}.{int(moment % 1 * 1000):03}+00:00"',
            f'"level": "{logging.getLevelName(level).lower()}"',
            f'"service": {self._service}',
            f'"message": {_text(message)}',
            *((f'"request_id": {_text(request.request_id)}',) if request else ()),
            *more,
        ]
        return f"{{{', '.join(members)}}}"


@lru_cache(maxsize=2)
def _second(since_1970: int) -> str:
    return datetime.fromtimestamp(since_1970, UTC).isoformat().removesuffix("+00:00")


def log_request(level: int, message: str, seconds: float) -> None:
    """Log one line about a request that took so long. There is one for each, so it is made without
    a record, of which most tells where and in which thread it was made.
    """
    if not logger.isEnabledFor(level):
        return
    milliseconds = round(seconds * 1000, 1)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, Batches):
            more = (f'"milliseconds": {milliseconds}',)
            handler.add(level, handler.lines.line(time.time(), level, message, more))
        else:
            extra = {"milliseconds": milliseconds}
            handler.handle(
                logger.makeRecord(logger.name, level, "", 0, message, (), None, extra=extra)
            )


class Batches(logging.StreamHandler[TextIO]):
    """Writes the lines of a moment together: to write each, and to wake up whoever reads it, takes
    longer than to make it. A warning or an error is written at once, with what came before.
    """

    def __init__(self, stream: TextIO, lines: JsonLines, *, seconds: float = 0.03) -> None:
        super().__init__(stream)
        self.lines = lines
        self.setFormatter(lines)
        self._seconds = seconds
        self._lines: deque[str] = deque()
        self._waiting, self._ended = threading.Event(), threading.Event()
        threading.Thread(target=self._write_again_and_again, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record's line for the next batch."""
        try:
            self.add(record.levelno, self.format(record))
        except Exception:
            self.handleError(record)

    def add(self, level: int, line: str) -> None:
        """Keep a line for the next batch."""
        self._lines.append(f"{line}\n")
        if level >= logging.WARNING:
            self.flush()
        elif not self._waiting.is_set():
            self._waiting.set()

    def flush(self) -> None:
        """Write what there is."""
        self.acquire()
        try:
            text = "".join(self._lines.popleft() for _ in range(len(self._lines)))
            with suppress(OSError, ValueError):  # nobody may read any more
                self.stream.write(text)
                self.stream.flush()
        finally:
            self.release()

    def close(self) -> None:
        """Write what there is, and end."""
        self.flush()
        self._ended.set()
        self._waiting.set()
        super().close()

    def _write_again_and_again(self) -> None:
        while not self._ended.is_set():
            self._waiting.wait()
            self._ended.wait(self._seconds)
            self._waiting.clear()
            self.flush()


def log_to_stderr(service: str) -> None:
    """Send every log record of the process to stderr as JSON lines."""
    root = logging.getLogger()
    root.handlers[:] = [Batches(sys.stderr, JsonLines(service))]
    root.setLevel(logging.INFO)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
