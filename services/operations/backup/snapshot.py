"""Reads several databases at one instant, while the services that own them run.

A gate holds up all writers: SQLite's own write lock is taken on every database, from outside, so
that the services need no switch for it. While all locks are held, a read transaction begins on each
database. Then the locks are released, and everything read from then on is of that one instant.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.common.core.clock import utc_now
from services.common.storage.database import BUSY_SECONDS
from services.common.storage.errors import describe, primary_code

from .. import OperationError
from ..audit.files import naming

GATE_SECONDS = 0.2 * BUSY_SECONDS
"""How long a writer is held up at most. A service waits five times as long, so that no write fails
because of a backup, even if the machine is so busy that this process is slow to release the locks.
"""
PAUSE_SECONDS = (0.1, 0.2)
"""Between two tries. A waiting service tries again after at most 50 ms, so it gets its turn."""
POLL_SECONDS = 0.0002
PATIENCE = 10.0


class NotServed(Exception):
    """A database is not in WAL mode: its service is about to open it."""


@dataclass(frozen=True, slots=True)
class Instant:
    """Connections that read one instant, its time, and how long writers were held up."""

    readers: Mapping[Path, sqlite3.Connection]
    at: str
    gate_seconds: float


@contextmanager
def one_instant(paths: Iterable[Path], *, patience: float = PATIENCE) -> Iterator[Instant]:
    """Read-only connections to the databases at `paths`, which services have open, at one instant.

    Raises OperationError if one cannot be read, or if not all can be locked together within
    `patience` seconds; NotServed.
    """
    with ExitStack() as reading:
        readers = {
            path: reading.enter_context(_connected(path, "ro", timeout=BUSY_SECONDS))
            for path in paths
        }
        for path, reader in readers.items():
            # In any other mode its service is about to open it, and must not be disturbed.
            if reader.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                raise NotServed(path)
        # SQLite before 3.51.3 can corrupt a WAL if two connections write or checkpoint at the same
        # time. The gates do neither: they lock, and roll back. They do not checkpoint when they are
        # closed either, even if the service was killed meanwhile: SQLite does that when the last
        # connection closes, and the readers, which cannot write, are still open then. If a service
        # has just been killed, its WAL is recovered here. That only reads the WAL, under locks for
        # which a starting service waits.
        with ExitStack() as gating:
            gates = {
                path: gating.enter_context(_connected(path, "rw", timeout=0.0)) for path in readers
            }
            since = _lock_all(gates, patience)
            for reader in readers.values():
                reader.execute("BEGIN")
                _read(reader)  # SQLite takes the instant at the first read, not at BEGIN
            at = utc_now()
            _release(gates)
            gate_seconds = time.monotonic() - since
        yield Instant(readers, at, gate_seconds)


@contextmanager
def _connected(path: Path, mode: str, *, timeout: float) -> Iterator[sqlite3.Connection]:
    """A connection that has read once, so that its files are open. No mode creates a file."""
    with ExitStack() as stack:
        with naming(path):
            uri = f"{path.absolute().as_uri()}?mode={mode}"
            conn = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=timeout)
            stack.enter_context(closing(conn))
            _read(conn)
        yield conn


def _read(conn: sqlite3.Connection) -> None:
    conn.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _lock_all(gates: Mapping[Path, sqlite3.Connection], patience: float) -> float:
    """Take the write locks of all, or of none; returns when the first was taken (monotonic)."""
    give_up_at = time.monotonic() + patience
    never_held = dict(gates)
    while True:
        since = None
        let_go_at = give_up_at
        missing = dict(gates)
        while missing and time.monotonic() < let_go_at:
            for path in list(missing):
                now = time.monotonic()
                if _try_lock(path, missing[path]):
                    del missing[path]
                    never_held.pop(path, None)
                    if since is None:
                        since, let_go_at = now, now + GATE_SECONDS
            if missing:
                time.sleep(POLL_SECONDS)
        if since is not None and not missing:
            return since
        _release(gates)
        if time.monotonic() >= give_up_at:
            locked = next(iter(never_held or missing))
            raise OperationError(
                f"{locked} is locked by a program that does not let go of it: end that, and try "
                "again."
            )
        time.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311  jitter


def _try_lock(path: Path, gate: sqlite3.Connection) -> bool:
    try:
        gate.execute("BEGIN IMMEDIATE")
        # On a read-only database BEGIN succeeds without a lock, but this fails.
        gate.execute("DELETE FROM schema_migrations WHERE 0")
    except sqlite3.Error as error:
        if primary_code(error) == sqlite3.SQLITE_BUSY:
            return False
        raise OperationError(
            f"The writers to {path} cannot be held up for an instant ({describe(error)}): do this "
            "as the user that the shop runs as."
        ) from None
    return True


def _release(gates: Mapping[Path, sqlite3.Connection]) -> None:
    for gate in gates.values():
        gate.rollback()
