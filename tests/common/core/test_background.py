"""Work that goes on beside an application."""

from __future__ import annotations

import asyncio

import pytest

from services.common.core import background
from services.common.core.background import running
from tests.shop import until


async def test_a_task_runs_beside_the_block_and_ends_with_it() -> None:
    entered, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        entered.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with running(work, "baking"):
        await entered.wait()
        assert not ended.is_set()
    assert ended.is_set()


async def test_a_task_that_ends_is_not_begun_again() -> None:
    begun = []

    async def work() -> None:
        begun.append(1)

    async with running(work, "baking"):
        await until(lambda: begun)
        await asyncio.sleep(0.01)
    assert begun == [1]


async def test_a_task_that_fails_is_logged_and_begun_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(background, "AGAIN_SECONDS", 0.001)
    begun = []

    async def work() -> None:
        begun.append(1)
        if len(begun) < 3:
            raise RuntimeError("burnt")
        await asyncio.Event().wait()

    async with running(work, "baking"):
        await until(lambda: len(begun) == 3)
    messages = [record.getMessage() for record in caplog.records]
    assert messages == ["baking failed; it begins anew"] * 2
    assert all(record.exc_info for record in caplog.records)


async def test_a_failure_of_the_block_is_raised() -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    async def block() -> None:
        async with running(work, "baking"):
            raise ValueError("the block")

    with pytest.raises(ValueError, match="the block"):
        await block()
