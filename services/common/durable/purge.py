"""The purge: it deletes what a service need not keep for good, every hour, a few rows at a time.

Each batch is a unit of work of its own, with a pause after it, so that nobody waits long for the
writer. What may go, and when, is said by the units of work; the schema keeps everything else.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence

from aiohttp import web

from ..core.background import running
from ..core.clock import utc_now
from ..core.logs import logger
from ..storage.database import Database, DatabaseError
from ..web.keys import DATABASE, Resource

EVERY_SECONDS = 3600.0
ROWS_AT_ONCE = 50
"""Few enough that a batch, with its COMMIT, holds the writer for some milliseconds."""
PAUSE_SECONDS = 0.02
"""After each batch, for those that wait; SQLite also needs it to empty the WAL."""

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


async def forget_all(database: Database, units: Sequence[Forget], now: str) -> None:
    """Run each unit of work until nothing is left for it. One that fails is logged, and left for
    the next time.
    """
    for unit in units:
        try:
            await _forget(database, unit, now)
        except (DatabaseError, sqlite3.Error) as error:
            logger.warning("what is old stays", extra={"what": unit.__name__, "reason": str(error)})


async def _forget(database: Database, unit: Forget, now: str) -> None:
    while True:
        if await database.write(unit, now, ROWS_AT_ONCE) < ROWS_AT_ONCE:
            return
        await asyncio.sleep(PAUSE_SECONDS)
