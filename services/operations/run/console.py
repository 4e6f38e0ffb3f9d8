"""The output of `run.py`: the merged log lines of all processes, and its own messages.

A terminal that has stopped reading (Ctrl-S, a paused pager) must not stop the shop. So a separate
thread writes, from a bounded queue; when the queue is full, lines are dropped and counted.
"""

from __future__ import annotations

import io
import os
import queue
import sys
import threading
import time
from datetime import UTC, datetime
from typing import BinaryIO

from .loglines import LogLine, as_json, as_text

_LONGEST_QUEUE = 10_000
_AT_A_TIME = 200
GATHER_SECONDS = 0.01
"""How long lines are gathered: to wake up for each takes longer than to write it."""


class Console:
    """Writes to a stream, in order, for as long as somebody reads it. Close it to see the end.

    A `lasting` stream may take later lines if it does not take these, as a disk that is full.
    """

    def __init__(
        self,
        stream: io.RawIOBase | BinaryIO,
        *,
        json_lines: bool = False,
        colored: bool = False,
        lasting: bool = False,
    ) -> None:
        self.json_lines = json_lines
        self.colored = colored and not json_lines
        self._lasting = lasting
        self._stream = stream
        self._queue: queue.Queue[LogLine | str | None] = queue.Queue(_LONGEST_QUEUE)
        # Only one thread changes each of them, so neither needs a lock.
        self._dropped = self._dropped_and_reported = 0
        self._writer = threading.Thread(target=self._write_all, daemon=True)
        self._writer.start()

    def log(self, line: LogLine) -> None:
        """Show a line of a log."""
        self._put(line)

    def show(self, text: str) -> None:
        """Show a text as it is."""
        self._put(text)

    def close(self, *, within: float = 2.0) -> None:
        """Wait until everything has been written, but at most `within` seconds."""
        try:
            self._queue.put(None, timeout=within)
        except queue.Full:
            return
        self._writer.join(within)

    def _put(self, item: LogLine | str) -> None:
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self._dropped += 1

    def _write_all(self) -> None:
        going = True
        while going:
            items = [self._queue.get()]
            if items[0] is not None:
                time.sleep(GATHER_SECONDS)
            while len(items) < _AT_A_TIME and not self._queue.empty():
                items.append(self._queue.get())
            going = None not in items
            shown = [item for item in items if item is not None]
            dropped = self._dropped - self._dropped_and_reported
            note = [_dropped_message(dropped)] if dropped else []
            text = "".join(f"{self._text(item)}\n" for item in (*shown, *note))
            try:
                self._write(text.encode(errors="backslashreplace"))
            except (OSError, ValueError):
                if not self._lasting:
                    return  # Nobody reads any more, which is no reason to stop the shop.
                self._dropped_and_reported -= len(shown)  # That many more are to be told of.
            else:
                self._dropped_and_reported += dropped

    def _text(self, item: LogLine | str) -> str:
        if isinstance(item, str):
            return item
        return as_json(item) if self.json_lines else as_text(item, colored=self.colored)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._stream.write(view) or 0 :]
        self._stream.flush()


def standard_output() -> io.RawIOBase | BinaryIO:
    """Standard output for a thread that may block in a write for ever.

    It is unbuffered, because the interpreter aborts at its exit if a thread hangs in a buffered
    write. On Windows it is buffered, because only then does a console show UTF-8.
    """
    if sys.platform == "win32":
        return sys.stdout.buffer
    return io.FileIO(sys.stdout.fileno(), "w", closefd=False)


def takes_colors(stream: io.RawIOBase | BinaryIO) -> bool:
    """Whether a stream can show colours, and they are wanted (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return False
    # The older console of Windows would show the escape codes.
    return sys.platform != "win32" or "WT_SESSION" in os.environ


def _dropped_message(count: int) -> LogLine:
    message = f"{count} lines were dropped while they could not be written"
    return LogLine(service="run", level="warning", message=message, time=datetime.now(UTC))
