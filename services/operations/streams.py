"""Standard input and output as a command may find them: closed, of another encoding, or full.

Standard library only: flags are read before anything is installed.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path


def prepare() -> None:
    """Have all three there, and text that an encoding does not know written as escapes."""
    if sys.stdin is None:
        sys.stdin = _nothing("r")
    sys.stdout, sys.stderr = (
        _nothing("w") if stream is None else stream for stream in (sys.stdout, sys.stderr)
    )
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def give_up_output() -> OSError | None:
    """Why standard output takes no more, None if it does; what was not written yet is dropped."""
    try:
        print(flush=True)  # A flush alone has nothing to write if what failed is dropped already.
    except OSError as error:
        # Python writes what is left as it ends, and would say once more that it cannot.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return error
    return None


def _nothing(mode: str) -> io.TextIOWrapper:
    stream = Path(os.devnull).open(mode)  # noqa: SIM115  until the process ends
    assert isinstance(stream, io.TextIOWrapper)  # noqa: S101
    return stream
