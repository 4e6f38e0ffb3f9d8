"""How every service keeps its data: one SQLite file, one thread that writes, two that read.

`write` is durable when it returns (`synchronous=FULL`); units of work that wait at the same time
share one COMMIT. `lookup`, `read` and `scan` see every write that returned before they began; which
of them to call says how much a query reads. Units of work and queries are plain functions of a
sqlite3 connection: they cannot await anything, and a unit of work must not begin or end a
transaction (a savepoint of its own is fine).
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Concatenate, NoReturn, ParamSpec, TypeVar

import aiosqlite

from ..core.logs import logger
from .changes import Changes, WatchedTables
from .errors import (
    CannotOpen,
    CommitInDoubt,
    CorruptDatabase,
    DatabaseClosed,
    DatabaseError,
    DatabaseInUse,
    DiskFull,
    MigrationChanged,
    MigrationFailed,
    Overloaded,
    SchemaTooNew,
    StorageFailed,
    TransactionLost,
)
from .file import (
    Accept,
    explain_failures,
    keep_durable,
    keep_private,
    prepare,
    read_only_uri,
    refuse_link,
)
from .filelock import FileLock
from .group_commit import GroupCommit
from .migrations import Schema
from .reads import ForAThread, Lookups, reading_thread
from .restore_guard import require_whole
from .thread import DatabaseThread, on_thread

__all__ = [
    "CannotOpen",
    "CommitInDoubt",
    "CorruptDatabase",
    "Database",
    "DatabaseClosed",
    "DatabaseError",
    "DatabaseInUse",
    "DiskFull",
    "MigrationChanged",
    "MigrationFailed",
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
BUSY_SECONDS = 0.5
"""How long to wait for another program that has locked the file, such as a sqlite3 shell."""
EXIT_IO_ERROR = 74


def end_process(reason: str) -> NoReturn:
    """Log the reason and end the process immediately: no response may claim what is not known."""
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
        scanner: aiosqlite.Connection,
        emptier: aiosqlite.Connection,
        lookups: Lookups,
        queue_limit: int,
    ) -> None:
        self.failure: str | None = None
        """Why nothing can be written: the disk fails or is read-only, or the file is corrupt."""
        self._failed = asyncio.Event()
        self._lookups = lookups
        self._watched = WatchedTables(lookups.data_version)
        self._writes = DatabaseThread(
            writer,
            commits.run,
            WRITES_AT_ONCE,
            queue_limit,
            self._note,
            on_end=self._watched.settle,
        )
        self._reads = reading_thread(reader, name, queue_limit, self._note)
        self._scans = reading_thread(scanner, name, queue_limit, self._note)
        self._emptier = emptier

    async def write(
        self,
        unit: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a unit of work, and return its result once its changes are on the disk.

        If it raises, its own changes are undone (no other unit's), and the error is raised here. A
        caller that is cancelled does not learn whether the unit was committed. Raises DiskFull,
        Overloaded, TransactionLost, DatabaseClosed or StorageFailed when nothing was done, and
        CommitInDoubt when that is not known.
        """
        if self.failure:
            raise StorageFailed(self.failure)
        return await self._writes.call(unit, *args, **kwargs)

    async def lookup(
        self,
        query: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a query that finds a few rows by a key: an order by its id, the lines of a cart.

        As `read`, but sooner: with SQLite it is run on the loop's own thread. One that takes longer
        than a lookup does is broken off there, and run as `read` would.
        """
        try:
            return self._lookups.run(query, *args, **kwargs)
        except ForAThread:
            return await self.read(query, *args, **kwargs)
        except StorageFailed as error:
            self._note(error)
            raise

    async def read(
        self,
        query: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a query that reads a page or so of a list, and return its result. It sees one state
        of the whole database.

        Keep it short: others wait for its end. Raises what the query raises, Overloaded,
        DatabaseClosed, StorageFailed.
        """
        return await self._reads.call(query, *args, **kwargs)

    async def scan(
        self,
        query: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a query that may read much of a table, such as a search by words. As `read`, but it
        holds up other scans alone. SQLite cannot empty the WAL while a query reads.
        """
        return await self._scans.call(query, *args, **kwargs)

    async def watch(self, table: str, *columns: str) -> Changes:
        """Tell from now on which rows of a table change: in one of `columns`, or in any. What is
        kept in memory of those rows can be exact by that (memory.py). Raises as `write`.
        """
        changes = await self.write(self._watched.watch, table, columns)
        self._watched.look()
        return changes

    async def empty_wal(self) -> None:
        """Move what the WAL has into the file while others write; it is for a caller that writes
        much. Else SQLite does it at the end of a COMMIT, which then takes many times as long. What
        cannot be moved now, as somebody still reads, is left for later.
        """
        await on_thread(self._emptier, _empty_wal)

    async def check(self) -> None:
        """Return if the database can be used now; else raise the DatabaseError that says why."""
        if self.failure:
            raise StorageFailed(self.failure)
        await self.read(_read_something)

    async def failed(self) -> str:
        """Wait until the storage has failed, and return why."""
        await self._failed.wait()
        return self.failure or ""

    async def close(self) -> None:
        """Take no new calls, and finish those that wait."""
        self._watched.close()
        await self._writes.close()
        await self._reads.close()
        await self._scans.close()
        self._lookups.close()

    def _note(self, error: BaseException) -> None:
        if isinstance(error, StorageFailed) and not self.failure:
            self.failure = str(error)
            self._failed.set()


@asynccontextmanager
async def open_database(
    path: Path,
    schema: Schema,
    *,
    accept: Accept | None = None,
    queue_limit: int = QUEUE_LIMIT,
    end_process: Callable[[str], object] = end_process,
) -> AsyncIterator[Database]:
    """The database at `path`, checked and brought to `schema`, locked against other processes, and
    closed at the end.

    `accept` may refuse the file as it is, before it is brought to `schema`, by raising an error.
    `queue_limit` writes may wait, and as many reads. `end_process` is called with the reason when a
    COMMIT failed half-way; no response may depend on that transaction.

    Raises CannotOpen or a subclass of it.
    """
    async with AsyncExitStack() as stack:
        with explain_failures(path):
            refuse_link(path)
            stack.enter_context(FileLock(path.with_name(f"{path.name}.lock")))
            keep_private(path.parent)
            require_whole(path.parent)
            connect = partial(
                aiosqlite.connect,
                isolation_level=None,
                timeout=BUSY_SECONDS,
                cached_statements=512,
            )
            writer = await stack.enter_async_context(connect(path))
            await on_thread(writer, prepare, path, schema, accept)
            commits = await on_thread(writer, GroupCommit, path, end_process)
            reader, scanner = [
                await stack.enter_async_context(connect(read_only_uri(path), uri=True))
                for _ in range(2)
            ]
            reader.row_factory = scanner.row_factory = sqlite3.Row
            emptier = await stack.enter_async_context(connect(path))
            await on_thread(emptier, keep_durable)
            lookups = Lookups(path)
        database = Database(
            path.name, writer, commits, reader, scanner, emptier, lookups, queue_limit
        )
        stack.push_async_callback(database.close)
        yield database


def _empty_wal(conn: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):  # the one that writes will find what is the matter, and say so
        conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def _read_something(conn: sqlite3.Connection) -> None:
    conn.execute("SELECT max(number) FROM schema_migrations").fetchone()
