"""Copes with standard streams that are closed, cannot encode a text, or take no more output.

Standard library only: flags are read before anything is installed.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path


def prepare() -> None:
    """Replace streams that are closed, and escape characters that a stream cannot encode."""
    if sys.stdin is None:
        sys.stdin = _nothing("r")
    sys.stdout, sys.stderr = (
        _nothing("w") if stream is None else stream for stream in (sys.stdout, sys.stderr)
    )
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def give_up_output() -> OSError | None:
    """Why standard output takes no more text, and drop what is not written yet; None if it does."""
    try:
        print(flush=True)  # A flush alone does nothing if the failed text was dropped already.
    except OSError as error:
        # Python writes what is left when it exits, and would report the same error again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return error
    return None


def _nothing(mode: str) -> io.TextIOWrapper:
    stream = Path(os.devnull).open(mode)  # noqa: SIM115  until the process ends
    assert isinstance(stream, io.TextIOWrapper)  # noqa: S101
    return stream
