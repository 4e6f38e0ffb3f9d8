"""How reads are run: on a thread, or on the event loop's own, where a row that is found by its key
is there sooner than another thread would have heard that it is wanted.

It can be so because SQLite reads in this process; for a database behind a network it would not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import aiosqlite

from .errors import DISK_FAILURES, DatabaseClosed, causes, primary_code, translate
from .file import read_only_uri
from .thread import Call, DatabaseThread, release_cursors

T = TypeVar("T")
P = ParamSpec("P")

READS_AT_ONCE = 16
"""Reads that are run before the thread asks the loop for more."""
STEPS = 5000
"""How many steps of SQLite's machine are half of what a query may take: 0.2 ms or so. A row by its
key takes 30.
"""
_FOR_A_THREAD = frozenset({sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_BUSY})


class ForAThread(Exception):
    """The query takes long, or the file is locked: whatever waits has to do so on a thread."""


class Lookups:
    """The connection that reads the database at `path` on the thread that has made it."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._closed = False
        self._breaks = 0  # how often STEPS were over since the query began
        self._conn = sqlite3.connect(
            read_only_uri(path), uri=True, isolation_level=None, timeout=0, cached_statements=512
        )
        self._conn.row_factory = sqlite3.Row
        self._conn.set_progress_handler(self._takes_long, STEPS)

    def run(
        self,
        query: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a query in a read transaction of its own, and return its result.

        Raises ForAThread, and else what `Database.read` raises.
        """
        if self._closed:
            raise DatabaseClosed("The database is closing; nothing was done")
        self._breaks = 0
        try:
            self._conn.execute("BEGIN")
            try:
                return query(self._conn, *args, **kwargs)
            except BaseException as error:
                release_cursors(error)
                raise
            finally:
                self._conn.rollback()
        except Exception as error:
            if any(primary_code(cause) in _FOR_A_THREAD for cause in causes(error)):
                raise ForAThread from None
            translated = translate(error, self._name, DISK_FAILURES)
            if translated is error:
                raise
            raise translated from error

    def data_version(self) -> int | None:
        """A number that is another one after a COMMIT, whoever made it; None if that cannot be
        told now.
        """
        try:
            version: int = self._conn.execute("PRAGMA data_version").fetchone()[0]
        except sqlite3.Error:
            return None
        return version

    def close(self) -> None:
        """Take no more queries."""
        self._closed = True
        self._conn.close()

    def _takes_long(self) -> bool:
        # SQLite counts the steps of a statement over all its runs, so the first break may be
        # another query's.
        self._breaks += 1
        return self._breaks > 1


def reading_thread(
    connection: aiosqlite.Connection,
    name: str,
    queue_limit: int,
    on_error: Callable[[BaseException], None],
) -> DatabaseThread:
    """The thread of a connection that reads the database `name`."""
    run = partial(_run_reads, name)
    return DatabaseThread(connection, run, READS_AT_ONCE, queue_limit, on_error, tells_each=True)


def _run_reads(name: str, conn: sqlite3.Connection, calls: Iterable[Call]) -> None:
    """Run each call in a read transaction of its own, so that it sees every earlier commit."""
    for call in calls:
        conn.execute("BEGIN")
        call.run(conn)
        conn.rollback()
        if call.error is not None:
            call.fail(translate(call.error, name, DISK_FAILURES))
