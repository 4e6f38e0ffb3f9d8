"""Runs the units of work that wait under one COMMIT, so that one fsync serves them all.

Everything here happens in the database's own thread. Nobody hears anything before the COMMIT has
returned: a refusal, too, may rest on what another unit of the same transaction wrote, and until
then that is nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from .database_errors import (
    WRITE_FAILURES,
    DatabaseError,
    OutcomeUnknown,
    OutOfRoom,
    StorageFailed,
    TransactionLost,
    again,
    describe,
    out_of_room,
    primary_code,
    translated,
)
from .database_thread import Call

WAL_LIMIT = 32 << 20
"""Bytes of WAL past which it is worth waiting a moment for the readers, to begin it anew."""

LOOK_EVERY_UNITS = 1000
"""How often to look: on ext4 a stat before each COMMIT makes its fsync a third slower."""

_REFUSED_COMMIT = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CONSTRAINT})
"""COMMIT fails with these before it has touched the disk."""


class GroupCommit:
    """The transactions of the one connection that writes to the database at `path`.

    `end_process` is called with the reason when a COMMIT failed half-way. If it returns, the
    callers get OutcomeUnknown, and all after them StorageFailed.
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
        self._pending: list[Call] = []  # run in the transaction that stands
        self._in_unit = False
        self._units_since_look = 0
        conn.set_authorizer(self._authorize)

    def run(self, _conn: sqlite3.Connection, calls: Iterable[Call]) -> None:
        """Run the calls, and return when it is settled what became of each."""
        if self._units_since_look >= LOOK_EVERY_UNITS:
            self._keep_wal_short()
        try:
            refusal: DatabaseError | None = self._failure
            for call in calls:
                refusal = refusal or self._begin()
                if refusal:
                    call.fail(again(refusal))
                else:
                    self._run_unit(call)
                    refusal = self._failure
            if self._pending:
                self._commit()
        except Exception as error:  # a COMMIT, or not even a rollback worked
            self._end_half_way(error)

    def _begin(self) -> DatabaseError | None:
        """Begin a transaction unless one stands; returns why that cannot be."""
        if self._conn.in_transaction:
            return None
        try:
            self._conn.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            told = self._translated(error)
            return told if isinstance(told, DatabaseError) else self._lost(error)
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
            except sqlite3.Error as error:  # the result holds a statement that has not ended
                self._undo(call, error)

    def _undo(self, call: Call, error: BaseException) -> None:
        call.fail(self._translated(error))
        self._conn.execute("ROLLBACK TO unit_of_work")
        self._conn.execute("RELEASE unit_of_work")

    def _transaction_is_gone(self) -> None:
        """SQLite rolled it back while the last call ran, and with it all that ran before."""
        call = self._pending.pop()
        told = None if call.error is None else self._translated(call.error)
        lost = told if isinstance(told, OutOfRoom) else self._lost(call.error)
        if isinstance(told, DatabaseError) or (told is not None and not self._pending):
            call.fail(told)
        else:  # a refusal of its own may rest on what the others wrote
            call.fail(again(lost))
        self._fail_pending(lost)

    def _commit(self) -> None:
        try:
            self._conn.commit()
        except sqlite3.Error as error:
            full = primary_code(error) == sqlite3.SQLITE_FULL
            if not full and primary_code(error) not in _REFUSED_COMMIT:
                raise
            self._fail_pending(out_of_room(self._name) if full else self._lost(error))
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
        self._fail_pending(OutcomeUnknown(reason))
        with suppress(sqlite3.Error):
            self._conn.rollback()

    def _fail_pending(self, error: DatabaseError) -> None:
        for call in self._pending:
            call.fail(again(error))
        self._pending = []

    def _lost(self, cause: BaseException | None) -> TransactionLost:
        lost = TransactionLost(f"{self._name}: the transaction was lost; nothing was done")
        lost.__cause__ = cause
        return lost

    def _translated(self, error: BaseException) -> BaseException:
        told = translated(error, self._name, WRITE_FAILURES)
        if isinstance(told, StorageFailed):
            self._failure = told
        return told

    def _authorize(self, action: int, *_details: str | None) -> int:
        """A unit of work may not end the transaction, which is not its alone."""
        ends = self._in_unit and action == sqlite3.SQLITE_TRANSACTION
        return sqlite3.SQLITE_DENY if ends else sqlite3.SQLITE_OK

    def _keep_wal_short(self) -> None:
        """SQLite begins the WAL anew when nobody reads it: never, where somebody always does."""
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
