"""Background work of an application: it ends with the application and restarts after a failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

from .logs import logger

AGAIN_SECONDS = 1.0


@asynccontextmanager
async def running(work: Callable[[], Coroutine[Any, Any, None]], name: str) -> AsyncIterator[None]:
    """Run `work` as a task while the block runs; leaving the block cancels the task.

    If `work` fails, the failure is logged, and `work` starts again after AGAIN_SECONDS.
    """
    task = asyncio.create_task(_keep_running(work, name), name=name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _keep_running(work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
    while True:
        try:
            return await work()
        except Exception:  # one failure must not end work that has to go on
            logger.exception("%s failed; it begins anew", name)
        await asyncio.sleep(AGAIN_SECONDS)
