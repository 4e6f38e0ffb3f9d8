"""Work that belongs to an application: ended with it, taken up again when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from .logs import logger

AGAIN_SECONDS = 1.0


@asynccontextmanager
async def running(work: Callable[[], Coroutine[Any, Any, None]], name: str) -> AsyncIterator[None]:
    """Do `work` beside the block, until it is through or the block is left.

    Work that fails is told of in the log, and begins anew after a pause.
    """
    task = asyncio.create_task(_kept_up(work, name), name=name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _kept_up(work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
    while True:
        try:
            return await work()
        except Exception:  # one failure must not end what has to go on for good
            logger.exception("%s failed; it begins anew", name)
        await asyncio.sleep(AGAIN_SECONDS)
