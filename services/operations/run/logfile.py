"""The file that the log is kept in: of a bounded size, with the standard library's rotation."""

from __future__ import annotations

import io
import logging
import os
import sys
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

from .. import OperationError

FILE_BYTES = 20 << 20
OLDER_FILES = 5
"""FILE is the newest; FILE.1 is older, and so on to FILE.5."""


class LogFile(io.RawIOBase):
    """A stream to the file at `path`, which starts a new file when that one is full.

    `write` raises OSError when that was not possible, and the next one tries anew. Raises
    OperationError if the file cannot be opened at all.
    """

    def __init__(
        self, path: Path, *, file_bytes: int = FILE_BYTES, older_files: int = OLDER_FILES
    ) -> None:
        super().__init__()
        try:
            self._handler = _Handler(path, maxBytes=file_bytes, backupCount=older_files)
        except OSError as error:
            raise cannot_write(path, error) from None

    def writable(self) -> bool:
        """Whether it can be written to, as a stream says it."""
        return True

    def write(self, lines: bytes | memoryview) -> int:  # type: ignore[override]
        """Write whole lines, and see them on their way to the disk."""
        text = bytes(lines).decode()
        self._handler.failure = None
        self._handler.handle(logging.makeLogRecord({"msg": text.removesuffix("\n")}))
        if self._handler.failure is not None:
            raise self._handler.failure
        return len(lines)

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            with suppress(OSError):
                self._handler.close()
        super().close()


class _Handler(RotatingFileHandler):
    """Keeps why it could not write, where logging would print it, and then opens the file anew."""

    failure: OSError | None = None

    def _open(self) -> io.TextIOWrapper:
        def opener(path: str, flags: int) -> int:
            return os.open(path, flags, 0o600)

        return open(self.baseFilename, "a", encoding="utf-8", opener=opener)

    def handleError(self, _record: logging.LogRecord) -> None:  # noqa: N802  logging's name
        error = sys.exception()
        self.failure = error if isinstance(error, OSError) else OSError(str(error))
        stream, self.stream = self.stream, None  # so that the next one opens it
        with suppress(OSError, ValueError):
            if stream is not None:
                stream.close()


def cannot_write(path: Path, error: OSError) -> OperationError:
    """The sentence about a log file that cannot be written."""
    return OperationError(
        f"The log file {path} cannot be written ({error.strerror}): mend that, or give another "
        "with --log-file."
    )
