"""File handles: as many as the system allows, and a line in the log when they run short.

Where they are used up, uvloop closes new connections and says nothing.
"""

from __future__ import annotations

import asyncio
import errno
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress

from ..core.background import running
from ..core.logs import logger

LOOK_SECONDS = 1.0
TELL_SECONDS = 60.0
"""How often it is told while it goes on."""
SPARE = 8
"""With fewer left it is told: uvloop closes a connection that takes the last one, and with it comes
back to a few that are free.
"""
_OF_MACOS = 10_240
"""What macOS takes where it says that there is no limit."""


def raise_limit() -> None:
    """Let this process, and those that it starts, open as many files as the system allows it."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (hard, _OF_MACOS):
        with suppress(OSError, ValueError):
            if wanted != soft:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return


async def watch_handles(_app: object) -> AsyncIterator[None]:
    """Cleanup context: tells when the process is nearly out of file handles."""
    async with running(_watch, "watch on file handles"):
        yield


async def _watch() -> None:
    told_at = float("-inf")
    while True:
        if _is_short() and time.monotonic() - told_at >= TELL_SECONDS:
            told_at = time.monotonic()
            logger.warning(
                "nearly out of file handles: new connections may be closed",
                extra={"limit": _limit()},
            )
        await asyncio.sleep(LOOK_SECONDS)


def _is_short() -> bool:
    taken: list[int] = []
    try:
        while len(taken) < SPARE:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in (errno.EMFILE, errno.ENFILE)
    finally:
        for handle in taken:
            os.close(handle)
    return False


def _limit() -> int | None:
    if sys.platform == "win32":
        return None
    import resource

    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
