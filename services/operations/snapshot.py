"""Several databases at one instant, while the services that own them go on writing.

All writers are gated: SQLite's own write lock is taken on every database, from outside, so that the
services need no switch for it. While all are held a read transaction begins on each; then the gate
is lifted, and what is read from then on is of that one instant.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.common.clock import utc_now
from services.common.database import BUSY_SECONDS
from services.common.database_errors import describe, primary_code

from . import OperationError
from .audit_files import naming

GATE_SECONDS = 0.2 * BUSY_SECONDS
"""How long a writer is held up at most. A service waits five times as long, so that no write fails
for it, even where the machine is so busy that it takes a while until this process lets go.
"""
PAUSE_SECONDS = (0.1, 0.2)
"""Between two tries. A service that waits looks again after 50 ms at most, and gets its turn."""
POLL_SECONDS = 0.0002
PATIENCE = 10.0


class NotServed(Exception):
    """A database is not in WAL mode: its service is about to open it."""


@dataclass(frozen=True, slots=True)
class Instant:
    """Connections that all read one instant, when that was, and how long writers were held up."""

    readers: Mapping[Path, sqlite3.Connection]
    at: str
    gate_seconds: float


@contextmanager
def one_instant(paths: Iterable[Path], *, patience: float = PATIENCE) -> Iterator[Instant]:
    """The databases at `paths`, which services have open, at one instant; for reading alone.

    Raises OperationError when one cannot be read, or they cannot all be held within `patience`
    seconds, and NotServed.
    """
    with ExitStack() as reading:
        readers = {
            path: reading.enter_context(_connected(path, "ro", timeout=BUSY_SECONDS))
            for path in paths
        }
        for path, reader in readers.items():
            # In any other mode its service is about to open it, and nothing may be in its way.
            if reader.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                raise NotServed(path)
        # SQLite before 3.51.3 can corrupt a WAL when two connections write or checkpoint at once.
        # The gates do neither: they lock, and roll back. Nor do they as they are closed, though a
        # service may have been killed meanwhile: SQLite checkpoints as the last connection closes,
        # and the readers, which cannot, are still open then. A WAL may have to be recovered here
        # if a service has just been killed: that reads it, under locks that a start waits for.
        with ExitStack() as gating:
            gates = {
                path: gating.enter_context(_connected(path, "rw", timeout=0.0)) for path in readers
            }
            since = _hold(gates, patience)
            for reader in readers.values():
                reader.execute("BEGIN")
                _read(reader)  # SQLite takes the instant at the first read, not at BEGIN
            at = utc_now()
            _let_go(gates)
            gate_seconds = time.monotonic() - since
        yield Instant(readers, at, gate_seconds)


@contextmanager
def _connected(path: Path, mode: str, *, timeout: float) -> Iterator[sqlite3.Connection]:
    """A connection that has nothing left to open. No mode creates a file."""
    with ExitStack() as stack:
        with naming(path):
            uri = f"{path.absolute().as_uri()}?mode={mode}"
            conn = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=timeout)
            stack.enter_context(closing(conn))
            _read(conn)
        yield conn


def _read(conn: sqlite3.Connection) -> None:
    conn.execute("SELECT count(*) FROM sqlite_master").fetchone()


def _hold(gates: Mapping[Path, sqlite3.Connection], patience: float) -> float:
    """Hold the write lock of all, or of none; returns since when the first was held (monotonic)."""
    give_up_at = time.monotonic() + patience
    never_held = dict(gates)
    while True:
        since = None
        let_go_at = give_up_at
        missing = dict(gates)
        while missing and time.monotonic() < let_go_at:
            for path in list(missing):
                now = time.monotonic()
                if _is_taken(path, missing[path]):
                    del missing[path]
                    never_held.pop(path, None)
                    if since is None:
                        since, let_go_at = now, now + GATE_SECONDS
            if missing:
                time.sleep(POLL_SECONDS)
        if since is not None and not missing:
            return since
        _let_go(gates)
        if time.monotonic() >= give_up_at:
            locked = next(iter(never_held or missing))
            raise OperationError(
                f"{locked} is locked by a program that does not let go of it: end that, and try "
                "again."
            )
        time.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311  jitter


def _is_taken(path: Path, gate: sqlite3.Connection) -> bool:
    try:
        gate.execute("BEGIN IMMEDIATE")
        # A database that may only be read lets one begin, and holds up nobody.
        gate.execute("DELETE FROM schema_migrations WHERE 0")
    except sqlite3.Error as error:
        if primary_code(error) == sqlite3.SQLITE_BUSY:
            return False
        raise OperationError(
            f"The writers to {path} cannot be held up for an instant ({describe(error)}): do this "
            "as the user that the shop runs as."
        ) from None
    return True


def _let_go(gates: Mapping[Path, sqlite3.Connection]) -> None:
    for gate in gates.values():
        gate.rollback()
