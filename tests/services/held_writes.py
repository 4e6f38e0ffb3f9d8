"""Units of work that are made to wait for each other, so that what they do overlaps for certain."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.common.storage.database import Database
from tests.shop import until


class Stall:
    """A unit of work, or a query, that holds its thread from when it has begun until its end."""

    def __init__(self) -> None:
        self.begun, self.end = threading.Event(), threading.Event()

    def unit(self, _: sqlite3.Connection) -> None:
        self.begun.set()
        self.end.wait()


class AskedWrites:
    """The units of work that a database is asked for while it is watched."""

    def __init__(self) -> None:
        self.units: list[Any] = []

    async def come(self, number: int) -> None:
        """Wait until so many have come in all; each is in the queue then, or through."""
        await until(lambda: len(self.units) >= number)
        assert len(self.units) == number


@asynccontextmanager
async def watched_writes(database: Database) -> AsyncIterator[AskedWrites]:
    """Note which units of work a database is asked for meanwhile."""
    asked, write = AskedWrites(), database.write

    async def noted(unit: Any, *args: Any, **options: Any) -> Any:
        asked.units.append(unit)
        return await write(unit, *args, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(database, "write", noted)
        yield asked


@asynccontextmanager
async def held_writes(database: Database) -> AsyncIterator[AskedWrites]:
    """Hold back all units of work that a database is asked for, until the end; they keep their
    order.
    """
    stall = Stall()
    holding = asyncio.create_task(database.write(stall.unit))
    await until(stall.begun.is_set)
    async with watched_writes(database) as asked:
        try:
            yield asked
        finally:
            stall.end.set()
            await holding
