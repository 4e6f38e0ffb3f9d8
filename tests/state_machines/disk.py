"""SQLite on the event loop's own thread, in place of aiosqlite's; and a kill as it writes.

The file, the SQL, the savepoints, the COMMIT for a group: all of that is the product's.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

Job = tuple[asyncio.Future[Any] | None, Callable[[], Any]]


@dataclass
class PlannedKill:
    """A kill to come: before or after the COMMIT that so many others go before."""

    commits: int
    after_commit: bool
    kill: Callable[[], None]


class Disk:
    """One connection, as far as the database helper uses aiosqlite's."""

    def __init__(self, database: Path | str, **how: Any) -> None:
        self.planned_kill: PlannedKill | None = None
        self._database = database
        self._how = how
        self._conn: sqlite3.Connection
        self._tx = self

    @property
    def conn(self) -> sqlite3.Connection:
        """To look at what is written, between two turns of the loop."""
        return self._conn

    async def __aenter__(self) -> Self:
        self._conn = sqlite3.connect(self._database, **self._how)
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._conn.close()

    @property
    def row_factory(self) -> Any:
        return self._conn.row_factory

    @row_factory.setter
    def row_factory(self, factory: Any) -> None:
        self._conn.row_factory = factory

    def put_nowait(self, job: Job) -> None:
        """Run a job in the loop's next turn."""
        asyncio.get_running_loop().call_soon(self._run, job)

    def _run(self, job: Job) -> None:
        planned, (heard, function) = self.planned_kill, job
        if planned is not None:
            planned.commits -= 1
        is_due = planned is not None and planned.commits < 0
        if planned is not None and is_due:
            self.planned_kill = None
            if not planned.after_commit:
                planned.kill()  # what is run from here on is on a file that nobody will open again
        result, error = None, None
        try:
            result = function()
        except Exception as raised:
            error = raised
        if planned is not None and is_due and planned.after_commit:
            planned.kill()
        if heard is None or heard.done():
            return
        if error is not None:
            heard.set_exception(error)
        else:
            heard.set_result(result)


def copy_as_killed(folder: Path, to: Path) -> None:
    """Copy databases that are open, as a kill would leave them: each file and its WAL."""
    to.mkdir()
    for file in folder.iterdir():
        if not file.name.endswith(("-shm", ".lock")):
            shutil.copyfile(file, to / file.name)
