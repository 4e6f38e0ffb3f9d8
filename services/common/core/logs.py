"""Logging: one JSON object a line on stderr, with the request it belongs to."""

from __future__ import annotations

import json
import logging
import sys
import threading
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from typing import Any, TextIO

from .tracing import current_request

logger = logging.getLogger("tuckshop")

_OWN_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


_ENCODER = json.JSONEncoder(default=str)
"""Writes ASCII: a file name can be any bytes, and what is not valid text must be escaped."""


class JsonLines(logging.Formatter):
    """Renders a record, and whatever `extra=` gave it, as one line of JSON."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "message": record.getMessage(),
        }
        if request := current_request():
            line["request_id"] = request.request_id
        line.update(
            (name, value) for name, value in vars(record).items() if name not in _OWN_ATTRIBUTES
        )
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return _ENCODER.encode(line)


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
            else:
                self._waiting.set()
        except Exception:
            self.handleError(record)

    def flush(self) -> None:
        """Write what there is."""
        with suppress(OSError, ValueError), self.lock or nullcontext():  # nobody may read any more
            text = "".join(self._lines)
            self._lines.clear()
            self.stream.write(text)
            self.stream.flush()

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
