"""The purge: it deletes what a service need not keep for good, every hour, a few rows at a time.

Each batch is a unit of work of its own, as large as can be done in some milliseconds, with a pause
after it, so that nobody waits long for the writer. What may go, and when, is said by the units of
work; the schema keeps everything else.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence

from aiohttp import web

from ..core.background import running
from ..core.clock import utc_now
from ..core.logs import logger
from ..storage.database import Database, DatabaseError
from ..web.keys import DATABASE, Resource

EVERY_SECONDS = 3600.0
BATCH_SECONDS = 0.004
"""What a batch is to take, with its COMMIT."""
LEAST_ROWS, FIRST_ROWS, MOST_ROWS = 10, 50, 500
"""Of a batch: each has as many as the time that the one before it took tells."""
PAUSE = 2.0
"""After each batch, in times what that took: for those that wait, and for the disk."""

Forget = Callable[[sqlite3.Connection, str, int], int]
"""A unit of work: it deletes what may go by now, up to so many rows, and returns how many it did.
It has to find them by an index that has nothing else in it.
"""


def purge(units: Sequence[Forget]) -> Resource:
    """A cleanup context that keeps the purge running."""

    async def context(app: web.Application) -> AsyncIterator[None]:
        async def every_hour() -> None:
            while True:
                await forget_all(app[DATABASE], units, utc_now())
                await asyncio.sleep(EVERY_SECONDS)

        async with running(every_hour, "purge"):
            yield

    return context


async def forget_all(
    database: Database,
    units: Sequence[Forget],
    now: str,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> None:
    """Run each unit of work until nothing is left for it. One that fails is logged, and left for
    the next time.
    """
    for unit in units:
        try:
            await _forget(database, unit, now, clock)
        except (DatabaseError, sqlite3.Error) as error:
            logger.warning("what is old stays", extra={"what": unit.__name__, "reason": str(error)})


async def _forget(database: Database, unit: Forget, now: str, clock: Callable[[], float]) -> None:
    rows = FIRST_ROWS
    while True:
        began = clock()
        if await database.write(unit, now, rows) < rows:
            return
        took = clock() - began
        # Before SQLite does so at the end of a COMMIT, which would hold the writer for much longer.
        await database.empty_wal()
        await asyncio.sleep(PAUSE * took)
        rows = _rows_after(rows, took)


def _rows_after(rows: int, seconds: float) -> int:
    """How many rows the next batch has, after one of so many that took so long. It may have waited
    for others: then less is right as well.
    """
    if seconds > BATCH_SECONDS:
        return max(rows - rows // 4, LEAST_ROWS)
    return min(rows + rows // 4, MOST_ROWS)
