"""What becomes of an attack that is cut short."""

from __future__ import annotations

import asyncio
import sys

import pytest

from .surroundings import limited

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the attacks are Linux's")


async def test_an_attack_on_a_process_that_ends_meanwhile_can_be_cancelled() -> None:
    import resource  # not on every system where the tests are collected

    process = await asyncio.create_subprocess_exec("sleep", "60")
    ended = asyncio.Event()

    async def attack() -> None:
        with limited(process.pid, resource.RLIMIT_NOFILE, 10):
            process.kill()
            await process.wait()
            ended.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(attack())
    await ended.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
