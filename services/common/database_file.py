"""What a database file goes through before it serves: checked, migrated, and put on the disk."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .database_errors import CannotOpen, CorruptDatabase, DatabaseInUse, describe, primary_code
from .filelock import LockHeld, sync_folder
from .migrations import migrate


@contextmanager
def open_plainly(path: Path) -> Iterator[None]:
    """Make CannotOpen, with a sentence for a person, of what fails while `path` is opened."""
    try:
        yield
    except LockHeld as held:
        raise DatabaseInUse(f"{path} is in use by {held.holder}: stop that one first.") from None
    except OSError as error:
        raise CannotOpen(
            f"{path.parent} cannot be written ({error.strerror}): "
            "make it writable, or give another folder with --data-dir."
        ) from error
    except sqlite3.Error as error:
        if primary_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise CorruptDatabase(path, str(error)) from error
        if primary_code(error) == sqlite3.SQLITE_READONLY:
            raise CannotOpen(
                f"{path} cannot be written: make it writable, or do this as the user that it "
                "belongs to."
            ) from error
        raise CannotOpen(f"{path} cannot be opened: {describe(error)}.") from error


def refuse_link(path: Path) -> None:
    """Raise CannotOpen if `path` is a link: SQLite keeps the WAL, and with it the last changes,
    beside what it leads to, where neither the lock nor a backup would look.
    """
    if path.is_symlink():
        raise CannotOpen(
            f"{path} is a link, and a database has to be a file: put the whole data folder where "
            "it is to be, and give that with --data-dir."
        )


def read_only_uri(path: Path) -> str:
    """The URI that opens the database at `path` for reading alone."""
    return f"{path.absolute().as_uri()}?mode=ro"


def prepare(conn: sqlite3.Connection, path: Path, migrations: Sequence[str]) -> None:
    """Make a connection that has done nothing yet the one that writes to the file at `path`, and
    the file one that can be served.

    Raises CannotOpen, sqlite3.Error, OSError.
    """
    _undo_half_a_beginning(conn, path)
    _check(path)
    conn.row_factory = sqlite3.Row
    (mode,) = conn.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise CannotOpen(f"{path} cannot be kept safely: its file system has no WAL for SQLite.")
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone does not empty the disk's cache
    conn.execute("PRAGMA checkpoint_fullfsync = ON")
    conn.execute("PRAGMA temp_store = MEMORY")  # savepoints write nothing to the disk
    migrate(conn, migrations, path.name)
    _put_on_disk(conn, path)


def _undo_half_a_beginning(conn: sqlite3.Connection, path: Path) -> None:
    """A file that was being made when the process died has a journal: SQLite undoes with it what
    was done, but not in `_check`, where the connection is read-only.
    """
    if path.with_name(f"{path.name}-journal").exists():
        conn.execute("PRAGMA schema_version").fetchone()


def _check(path: Path) -> None:
    """Raise if the file is damaged. The connection is read-only and the first: it changes nothing,
    whereas one that writes would move the WAL into the file as it closes.
    """
    wal = path.with_name(f"{path.name}-wal")
    if path.stat().st_size == 0 and wal.exists() and wal.stat().st_size > 0:
        raise CorruptDatabase(path, "it is empty, but its WAL is not")
    conn = sqlite3.connect(read_only_uri(path), uri=True)
    try:
        (finding,) = conn.execute("PRAGMA quick_check(1)").fetchone()
    finally:
        conn.close()
    if finding != "ok":
        raise CorruptDatabase(path, " ".join(finding.split()))


def _put_on_disk(conn: sqlite3.Connection, path: Path) -> None:
    """After a kill -9 a row can be read that no fsync has covered yet: cover it before it is shown
    to anybody who takes it for done.
    """
    try:
        held_back = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.Error as error:
        if primary_code(error) != sqlite3.SQLITE_FULL:
            raise
        held_back = True
    if held_back:  # by a reader, or for want of room: it stays in the WAL, which is as good
        with path.with_name(f"{path.name}-wal").open("rb+") as wal:
            os.fsync(wal.fileno())
        sync_folder(path.parent)
