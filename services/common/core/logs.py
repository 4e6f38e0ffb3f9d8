"""Logging: one JSON object a line on stderr, with the request it belongs to."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
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
        members = [
            f'"time": "{_second(int(record.created))}.{int(record.msecs):03}+00:00"',
            f'"level": "{record.levelname.lower()}"',
            f'"service": {self._service}',
            f'"message": {_text(record.getMessage())}',
        ]
        if request := current_request():
            members.append(f'"request_id": {_text(request.request_id)}')
        if isinstance(record, RequestRecord):
            members.append(f'"milliseconds": {record.milliseconds}')
        else:
            members.extend(
                f"{_text(name)}: {_ENCODER.encode(value)}"
                for name, value in vars(record).items()
                if name not in _OWN_ATTRIBUTES
            )
        if record.exc_info:
            members.append(f'"traceback": {_text(self.formatException(record.exc_info))}')
        return f"{{{', '.join(members)}}}"


@lru_cache(maxsize=2)
def _second(since_1970: int) -> str:
    return datetime.fromtimestamp(since_1970, UTC).isoformat().removesuffix("+00:00")


_OF_NOBODY = vars(logging.makeLogRecord({"name": logger.name}))


class RequestRecord(logging.LogRecord):
    """What is logged of a request. There is one for each, and to find out about the thread, the
    process and the caller takes longer than all the rest.
    """

    def __init__(self, level: int, message: str, seconds: float) -> None:
        vars(self).update(_OF_NOBODY)
        self.levelno, self.levelname = level, logging.getLevelName(level)
        self.msg = message
        self.created = time.time()
        self.msecs = self.created % 1 * 1000
        self.milliseconds = round(seconds * 1000, 1)


def log_request(level: int, message: str, seconds: float) -> None:
    """Log one line about a request that took so long."""
    if logger.isEnabledFor(level):
        logger.handle(RequestRecord(level, message, seconds))


class Batches(logging.StreamHandler[TextIO]):
    """Writes the lines of a moment together: to write each, and to wake up whoever reads it, takes
    longer than to make it. A warning or an error is written at once, with what came before.
    """

    def __init__(self, stream: TextIO, *, seconds: float = 0.03) -> None:
        super().__init__(stream)
        self._seconds = seconds
        self._lines: list[str] = []
        self._waiting, self._ended = threading.Event(), threading.Event()
        threading.Thread(target=self._write_again_and_again, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record's line for the next batch."""
        try:
            self._lines.append(f"{self.format(record)}\n")
            if record.levelno >= logging.WARNING:
                self.flush()
            elif not self._waiting.is_set():
                self._waiting.set()
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Write what there is."""
        self.acquire()
        try:
            text = "".join(self._lines)
            self._lines.clear()
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
    handler = Batches(sys.stderr)
    handler.setFormatter(JsonLines(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
