"""How every service keeps its data: one SQLite file, one thread that writes, one that reads.

`write` is durable when it returns (`synchronous=FULL`), and what waits together is committed
together. `read` sees all that was answered before it. Units of work and queries are plain functions
of a sqlite3 connection; they cannot wait for anything, and a unit never begins or ends a
transaction (a savepoint of its own is fine).
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Concatenate, NoReturn, ParamSpec, TypeVar

import aiosqlite

from .database_errors import (
    DISK_FAILURES,
    CannotOpen,
    CorruptDatabase,
    DatabaseClosed,
    DatabaseError,
    DatabaseInUse,
    MigrationChanged,
    MigrationFailed,
    OutcomeUnknown,
    OutOfRoom,
    Overloaded,
    SchemaTooNew,
    StorageFailed,
    TransactionLost,
    translated,
)
from .database_file import open_plainly, prepare, read_only_uri, refuse_link
from .database_thread import Call, DatabaseThread, on_thread
from .filelock import FileLock
from .group_commit import GroupCommit
from .logs import logger
from .restoring import require_whole

__all__ = [
    "CannotOpen",
    "CorruptDatabase",
    "Database",
    "DatabaseClosed",
    "DatabaseError",
    "DatabaseInUse",
    "MigrationChanged",
    "MigrationFailed",
    "OutOfRoom",
    "OutcomeUnknown",
    "Overloaded",
    "SchemaTooNew",
    "StorageFailed",
    "TransactionLost",
    "end_process",
    "open_database",
]

T = TypeVar("T")
P = ParamSpec("P")

QUEUE_LIMIT = 1024
WRITES_AT_ONCE = 256
"""Units of work that may share a COMMIT."""
READS_AT_ONCE = 16
"""Few: one is answered only when all that were run with it are through."""
BUSY_SECONDS = 0.5
"""How long to wait for another program that has the file locked, a person's sqlite3 for one."""
EXIT_IO_ERROR = 74


def end_process(reason: str) -> NoReturn:
    """Say why and end at once, so that nobody is answered what is not known."""
    try:
        logger.critical("ending: %s", reason)
    finally:
        os._exit(EXIT_IO_ERROR)


class Database:
    """An open database; `open_database` makes one."""

    def __init__(
        self,
        name: str,
        writer: aiosqlite.Connection,
        commits: GroupCommit,
        reader: aiosqlite.Connection,
        queue_limit: int,
    ) -> None:
        self.failure: str | None = None
        """Why nothing can be written: the disk fails or is read-only, or the file is corrupt."""
        self._failed = asyncio.Event()
        self._writes = DatabaseThread(writer, commits.run, WRITES_AT_ONCE, queue_limit, self._note)
        self._reads = DatabaseThread(
            reader, partial(_run_reads, name), READS_AT_ONCE, queue_limit, self._note
        )

    async def write(
        self,
        unit: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a unit of work, and return what it returns once that is on the disk.

        What it raises undoes it, and it alone, and is raised here. A caller that is cancelled does
        not learn whether it was done. Raises OutOfRoom, Overloaded, TransactionLost,
        DatabaseClosed or StorageFailed when nothing was done.
        """
        if self.failure:
            raise StorageFailed(self.failure)
        return await self._writes.call(unit, *args, **kwargs)

    async def read(
        self,
        query: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a query, which sees one state of the whole database, and return what it returns.

        Keep it short: what a query looks at cannot leave the WAL. Raises what the query raises,
        Overloaded, DatabaseClosed, StorageFailed.
        """
        return await self._reads.call(query, *args, **kwargs)

    async def check(self) -> None:
        """Return if the database can be used now; else raise the DatabaseError that says why."""
        if self.failure:
            raise StorageFailed(self.failure)
        await self.read(_newest_migration)

    async def failed(self) -> str:
        """Wait until the storage has failed, and return why."""
        await self._failed.wait()
        return self.failure or ""

    async def close(self) -> None:
        """Refuse new calls and finish those that wait."""
        await self._writes.close()
        await self._reads.close()

    def _note(self, error: BaseException) -> None:
        if isinstance(error, StorageFailed) and not self.failure:
            self.failure = str(error)
            self._failed.set()


@asynccontextmanager
async def open_database(
    path: Path,
    migrations: Sequence[str],
    *,
    queue_limit: int = QUEUE_LIMIT,
    end_process: Callable[[str], object] = end_process,
) -> AsyncIterator[Database]:
    """The database at `path`, checked and brought to the schema of `migrations` (SQL scripts, the
    first is number 1), locked against other processes, and closed at the end.

    `queue_limit` calls may wait, of writes and of reads each. `end_process` is given the reason
    when a COMMIT failed half-way; the process is not to answer anything that rests on it.

    Raises CannotOpen, or one of its kinds.
    """
    async with AsyncExitStack() as stack:
        with open_plainly(path):
            refuse_link(path)
            stack.enter_context(FileLock(path.with_name(f"{path.name}.lock")))
            require_whole(path.parent)
            connect = partial(
                aiosqlite.connect,
                isolation_level=None,
                timeout=BUSY_SECONDS,
                cached_statements=512,
            )
            writer = await stack.enter_async_context(connect(path))
            await on_thread(writer, prepare, path, migrations)
            commits = await on_thread(writer, GroupCommit, path, end_process)
            reader = await stack.enter_async_context(connect(read_only_uri(path), uri=True))
            reader.row_factory = sqlite3.Row
        database = Database(path.name, writer, commits, reader, queue_limit)
        stack.push_async_callback(database.close)
        yield database


def _newest_migration(conn: sqlite3.Connection) -> int:
    (number,) = conn.execute("SELECT max(number) FROM schema_migrations").fetchone()
    return int(number or 0)


def _run_reads(name: str, conn: sqlite3.Connection, calls: Iterable[Call]) -> None:
    """Run each call in a read transaction of its own, so that it sees what came before it."""
    for call in calls:
        conn.execute("BEGIN")
        call.run(conn)
        conn.rollback()
        if call.error is not None:
            call.fail(translated(call.error, name, DISK_FAILURES))
