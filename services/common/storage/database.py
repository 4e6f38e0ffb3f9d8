"""How every service keeps its data: one SQLite file, one thread that writes, one that reads.

`write` is durable when it returns (`synchronous=FULL`); units of work that wait at the same time
share one COMMIT. `read` sees every write that returned before it began. Units of work and queries
are plain functions of a sqlite3 connection: they cannot await anything, and a unit of work must not
begin or end a transaction (a savepoint of its own is fine).
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Concatenate, NoReturn, ParamSpec, TypeVar

import aiosqlite

from ..core.logs import logger
from .errors import (
    DISK_FAILURES,
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
    translate,
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
from .restore_guard import require_whole
from .thread import Call, DatabaseThread, on_thread

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
READS_AT_ONCE = 16
"""A small number, because a read returns only when all reads of its batch have run."""
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
        emptier: aiosqlite.Connection,
        queue_limit: int,
    ) -> None:
        self.failure: str | None = None
        """Why nothing can be written: the disk fails or is read-only, or the file is corrupt."""
        self._failed = asyncio.Event()
        self._writes = DatabaseThread(writer, commits.run, WRITES_AT_ONCE, queue_limit, self._note)
        self._reads = DatabaseThread(
            reader, partial(_run_reads, name), READS_AT_ONCE, queue_limit, self._note
        )
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

    async def read(
        self,
        query: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a query, which sees one state of the whole database, and return its result.

        Keep it short: SQLite cannot empty the WAL while a query reads. Raises what the query
        raises, Overloaded, DatabaseClosed, StorageFailed.
        """
        return await self._reads.call(query, *args, **kwargs)

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
        await self._writes.close()
        await self._reads.close()

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
            reader = await stack.enter_async_context(connect(read_only_uri(path), uri=True))
            reader.row_factory = sqlite3.Row
            emptier = await stack.enter_async_context(connect(path))
            await on_thread(emptier, keep_durable)
        database = Database(path.name, writer, commits, reader, emptier, queue_limit)
        stack.push_async_callback(database.close)
        yield database


def _empty_wal(conn: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):  # the one that writes will find what is the matter, and say so
        conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def _read_something(conn: sqlite3.Connection) -> None:
    conn.execute("SELECT max(number) FROM schema_migrations").fetchone()


def _run_reads(name: str, conn: sqlite3.Connection, calls: Iterable[Call]) -> None:
    """Run each call in a read transaction of its own, so that it sees every earlier commit."""
    for call in calls:
        conn.execute("BEGIN")
        call.run(conn)
        conn.rollback()
        if call.error is not None:
            call.fail(translate(call.error, name, DISK_FAILURES))
