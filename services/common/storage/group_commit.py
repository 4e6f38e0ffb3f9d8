"""Runs the units of work that wait in one transaction, so that one fsync serves them all.

Everything here runs on the database's own thread. No caller gets a result before the COMMIT has
returned. That includes a rejection: it may depend on what another unit of the same transaction
wrote, and that is not yet committed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from .errors import (
    WRITE_FAILURES,
    CommitInDoubt,
    DatabaseError,
    DiskFull,
    StorageFailed,
    TransactionLost,
    copy_of,
    describe,
    disk_full,
    primary_code,
    translate,
)
from .thread import Call

WAL_LIMIT = 32 << 20
"""Bytes. A longer WAL is worth a short wait for the readers, so that it can be emptied."""

LOOK_EVERY_UNITS = 1000
"""How often to look at the WAL: on ext4, a stat before each COMMIT makes fsync a third slower."""

_REFUSED_COMMIT = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CONSTRAINT})
"""COMMIT fails with these before it has touched the disk."""


class GroupCommit:
    """The transactions of the one connection that writes to the database at `path`.

    `end_process` is called with the reason when a COMMIT failed half-way. If it returns, the
    callers of that transaction get CommitInDoubt, and all later ones StorageFailed.
    """

    def __init__(
        self, conn: sqlite3.Connection, path: Path, end_process: Callable[[str], object]
    ) -> None:
        self._conn = conn
        self._name = path.name
        self._wal = path.with_name(f"{path.name}-wal")
        self._wal_limit = WAL_LIMIT
        self._end_process = end_process
        self._failure: StorageFailed | None = None
        self._pending: list[Call] = []  # have run in the open transaction
        self._in_unit = False
        self._units_since_look = 0
        conn.set_authorizer(self._authorize)

    def run(self, _conn: sqlite3.Connection, calls: Iterable[Call]) -> None:
        """Run the calls; on return each has its final result or error."""
        if self._units_since_look >= LOOK_EVERY_UNITS:
            self._keep_wal_short()
        try:
            rejection: DatabaseError | None = self._failure
            for call in calls:
                rejection = rejection or self._begin()
                if rejection:
                    call.fail(copy_of(rejection))
                else:
                    self._run_unit(call)
                    rejection = self._failure
            if self._pending:
                self._commit()
        except Exception as error:  # the COMMIT failed, or even a rollback did
            self._end_half_way(error)

    def _begin(self) -> DatabaseError | None:
        """Begin a transaction unless one is open; returns the error if that fails."""
        if self._conn.in_transaction:
            return None
        try:
            self._conn.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            translated = self._translated(error)
            return translated if isinstance(translated, DatabaseError) else self._lost(error)
        return None

    def _run_unit(self, call: Call) -> None:
        self._pending.append(call)
        self._conn.execute("SAVEPOINT unit_of_work")
        self._units_since_look += 1
        self._in_unit = True
        call.run(self._conn)
        self._in_unit = False
        if not self._conn.in_transaction:
            self._transaction_is_gone()
        elif call.error is not None:
            self._undo(call, call.error)
        else:
            try:
                self._conn.execute("RELEASE unit_of_work")
            except sqlite3.Error as error:  # the result holds an open cursor
                self._undo(call, error)

    def _undo(self, call: Call, error: BaseException) -> None:
        call.fail(self._translated(error))
        self._conn.execute("ROLLBACK TO unit_of_work")
        self._conn.execute("RELEASE unit_of_work")

    def _transaction_is_gone(self) -> None:
        """SQLite rolled the transaction back while the last call ran: all its calls are undone."""
        call = self._pending.pop()
        translated = None if call.error is None else self._translated(call.error)
        lost = translated if isinstance(translated, DiskFull) else self._lost(call.error)
        if isinstance(translated, DatabaseError) or (translated is not None and not self._pending):
            call.fail(translated)
        else:  # its own error may depend on what the others wrote, which is undone
            call.fail(copy_of(lost))
        self._fail_pending(lost)

    def _commit(self) -> None:
        try:
            self._conn.commit()
        except sqlite3.Error as error:
            full = primary_code(error) == sqlite3.SQLITE_FULL
            if not full and primary_code(error) not in _REFUSED_COMMIT:
                raise
            self._fail_pending(disk_full(self._name) if full else self._lost(error))
            self._conn.rollback()
        else:
            self._pending = []

    def _end_half_way(self, error: Exception) -> None:
        reason = (
            f"{self._name}: whether a transaction was done is not known, {describe(error)}; "
            "opening it again will tell"
        )
        self._end_process(reason)
        self._failure = StorageFailed(reason)
        self._fail_pending(CommitInDoubt(reason))
        with suppress(sqlite3.Error):
            self._conn.rollback()

    def _fail_pending(self, error: DatabaseError) -> None:
        for call in self._pending:
            call.fail(copy_of(error))
        self._pending = []

    def _lost(self, cause: BaseException | None) -> TransactionLost:
        lost = TransactionLost(f"{self._name}: the transaction was lost; nothing was done")
        lost.__cause__ = cause
        return lost

    def _translated(self, error: BaseException) -> BaseException:
        translated = translate(error, self._name, WRITE_FAILURES)
        if isinstance(translated, StorageFailed):
            self._failure = translated
        return translated

    def _authorize(self, action: int, *_details: str | None) -> int:
        """Forbid a unit of work to end the transaction, which it shares with others."""
        ends = self._in_unit and action == sqlite3.SQLITE_TRANSACTION
        return sqlite3.SQLITE_DENY if ends else sqlite3.SQLITE_OK

    def _keep_wal_short(self) -> None:
        """Empty a long WAL. SQLite does so only when nobody is reading, which may never happen."""
        self._units_since_look = 0
        with suppress(OSError):
            size = self._wal.stat().st_size
            if size > self._wal_limit:
                held_back = self._checkpoint()
                self._wal_limit = WAL_LIMIT + (size if held_back else 0)

    def _checkpoint(self) -> bool:
        try:
            held_back: int = self._conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.Error as error:
            self._translated(error)
            return True
        return bool(held_back)
