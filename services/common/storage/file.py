"""Prepares a database file for its service: checks it, migrates it, and makes it durable."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..core.logs import logger
from .errors import CannotOpen, CorruptDatabase, DatabaseInUse, describe, primary_code
from .filelock import LockHeld, sync_folder
from .migrations import Schema, migrate

Accept = Callable[[sqlite3.Connection], object]
"""Looks at a file as it is before the migrations, and raises an error if it is not to be opened."""
_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@contextmanager
def explain_failures(path: Path) -> Iterator[None]:
    """Turn what fails while `path` is opened into CannotOpen, with a sentence for a person."""
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
    """Raise CannotOpen if `path` is a symbolic link. SQLite keeps the WAL, which has the last
    changes, beside the link's target, where neither the lock nor a backup looks.
    """
    if path.is_symlink():
        raise CannotOpen(
            f"{path} is a link, and a database has to be a file: put the whole data folder where "
            "it is to be, and give that with --data-dir."
        )


def keep_private(path: Path) -> None:
    """Take the rights to a file or folder from all but its owner; nothing if it is not there.

    What belongs to somebody else, or to everybody such as /tmp, stays as it is, with a warning.
    """
    if sys.platform == "win32":
        return
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & stat.S_ISVTX:
            logger.warning("%s is for everybody: give the shop a folder of its own", path)
        elif mode & _OF_OTHERS:
            path.chmod(mode & ~_OF_OTHERS)
    except FileNotFoundError:
        return
    except OSError as error:
        logger.warning(
            "%s can be read by others, and that cannot be changed (%s): have it belong to the user"
            " that the shop runs as",
            path,
            error.strerror,
        )


def read_only_uri(path: Path) -> str:
    """The URI that opens the database at `path` read-only."""
    return f"{path.absolute().as_uri()}?mode=ro"


def prepare(
    conn: sqlite3.Connection, path: Path, schema: Schema, accept: Accept | None = None
) -> None:
    """Set up an unused connection as the one that writes to the file at `path`, and bring the file
    to `schema`, unless `accept` raises an error at what it finds.

    Raises CannotOpen, sqlite3.Error, OSError, and what `accept` raises.
    """
    for end in ("", "-wal", "-shm", "-journal"):  # SQLite makes new ones like the first of them
        keep_private(path.with_name(path.name + end))
    _roll_back_interrupted_creation(conn, path)
    _check(path)
    conn.row_factory = sqlite3.Row
    (mode,) = conn.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise CannotOpen(f"{path} cannot be kept safely: its file system has no WAL for SQLite.")
    keep_durable(conn)
    conn.execute("PRAGMA temp_store = MEMORY")  # savepoints write nothing to the disk
    if accept is not None:
        accept(conn)
    migrate(conn, schema, path.name)
    _make_durable(conn, path)


def keep_durable(conn: sqlite3.Connection) -> None:
    """Have a connection wait for the disk, at each COMMIT and wherever the WAL is emptied."""
    conn.execute("PRAGMA synchronous = FULL")
    conn.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone does not empty the disk's cache
    conn.execute("PRAGMA checkpoint_fullfsync = ON")


def _roll_back_interrupted_creation(conn: sqlite3.Connection, path: Path) -> None:
    """If the process died while it made the file, a journal is left. SQLite rolls it back at the
    first read, but not in `_check`, where the connection is read-only.
    """
    if path.with_name(f"{path.name}-journal").exists():
        conn.execute("PRAGMA schema_version").fetchone()


def _check(path: Path) -> None:
    """Raise CorruptDatabase if the file is damaged, before anything changes it. The connection is
    read-only, because one that can write moves the WAL into the file when it closes.
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


def _make_durable(conn: sqlite3.Connection, path: Path) -> None:
    """After a kill -9, a row may be readable that no fsync has covered yet. Put it on the disk
    before anybody sees it and takes it for committed.
    """
    try:
        held_back = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.Error as error:
        if primary_code(error) != sqlite3.SQLITE_FULL:
            raise
        held_back = True
    if held_back:  # by a reader or a full disk: an fsync of the WAL is as good
        with path.with_name(f"{path.name}-wal").open("rb+") as wal:
            os.fsync(wal.fileno())
        sync_folder(path.parent)
