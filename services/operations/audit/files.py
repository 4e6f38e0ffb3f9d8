"""Opens the four databases of a shop together, read-only, whether the shop runs or not.

Nothing in the data folder is created or changed. SQLite would leave a WAL beside a database that
nobody else has open, and a shop of another user could not open that later. So a database at rest is
read as immutable, or from a copy if its service was killed and the last changes are in a WAL. A
database of an older release is read from a copy that was migrated to this release's schema.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from services.common.storage.errors import (
    CorruptDatabase,
    MigrationFailed,
    describe,
    primary_code,
)
from services.common.storage.file import read_only_uri, refuse_link
from services.common.storage.filelock import is_held
from services.common.storage.migrations import migrate, pending
from services.common.storage.restore_guard import require_whole
from services.common.storage.shop_identity import opened_currency

from .. import OperationError
from ..databases import AUDITED, DATABASES, schema_of
from ..sentences import sentences

T = TypeVar("T")

PATIENCE = 15.0
"""Seconds in which a shop that is being started is read again."""
_BUSY_SECONDS = 5.0
_HAS_MIGRATIONS = "SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'"

Stamp = tuple[tuple[int, int] | None, ...]
"""For a database and its WAL: the time of the last change, and the size."""


def read_shop(folder: Path, read: Callable[[sqlite3.Connection], T]) -> tuple[T, bool]:
    """The result of `read` for the databases in `folder`, and whether the shop is running.

    `read` gets a connection to which they are attached as `carts`, `products`, `orders` and
    `payments`. At rest they are all of one instant; in a running shop each is of an instant of its
    own. Raises OperationError if they cannot be read.
    """
    files = {name: folder / f"{name}.db" for name in AUDITED}
    try:
        require_all(folder, files.values())
        give_up_at = time.monotonic() + PATIENCE
        while True:
            failure: OperationError | None = None
            at_rest = {name: stamp(path) for name, path in files.items() if not is_open(path)}
            running = len(at_rest) < len(files) or is_held(folder / "run.lock")
            try:
                with _attached(files, at_rest) as conn:
                    value = read(conn)
            except sqlite3.Error as error:
                failure = OperationError(f"{folder} cannot be read: {describe(error)}.")
            except OperationError as rejection:
                failure = rejection
            if any(is_open(files[name]) or stamp(files[name]) != at_rest[name] for name in at_rest):
                # The shop was started during the read.
                if time.monotonic() < give_up_at:
                    continue
                failure = OperationError(f"The shop in {folder} starts again and again.")
            if failure is not None:
                raise failure
            return value, running
    except OSError as error:
        raise OperationError(
            f"{error.filename or folder} cannot be read ({error.strerror})."
        ) from None


def require_all(folder: Path, files: Iterable[Path]) -> None:
    """Raise OperationError if a file is missing, or a restore of the data folder is incomplete."""
    if not folder.is_dir():
        state = "is not a folder" if folder.exists() else "is not there"
        raise OperationError(f"{folder} {state}; give the shop's data folder with --data-dir.")
    with sentences():
        require_whole(folder)
    for path in files:
        if not path.is_file():
            raise OperationError(
                f"{folder} has no {path.name} in it; give the data folder of a whole shop with "
                "--data-dir."
            )
        with sentences():
            refuse_link(path)


@contextmanager
def _attached(
    files: Mapping[str, Path], at_rest: Mapping[str, Stamp]
) -> Iterator[sqlite3.Connection]:
    """One connection to all databases, in a read transaction."""
    with (
        tempfile.TemporaryDirectory(prefix="audit-", ignore_cleanup_errors=True) as copies,
        closing(_connection()) as conn,
    ):
        for name, path in files.items():
            with naming(path):
                uri = _uri_at_rest(path, Path(copies)) if name in at_rest else read_only_uri(path)
                if _is_of_older_release(path, uri):
                    uri = _migrated(path, uri, Path(copies))
                conn.execute(f"ATTACH ? AS {name}", (uri,))
        conn.execute("BEGIN")
        for name, path in files.items():
            with naming(path):
                conn.execute(f"SELECT count(*) FROM {name}.sqlite_master").fetchone()  # noqa: S608
        yield conn


def _connection() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:", uri=True, isolation_level=None, timeout=_BUSY_SECONDS)
    conn.row_factory = sqlite3.Row
    return conn


def _uri_at_rest(path: Path, copies: Path) -> str:
    wal = _wal(path)
    if not (_mark(wal) or (0, 0))[1]:
        return f"{read_only_uri(path)}&immutable=1"
    try:
        for file in (path, wal):
            shutil.copyfile(file, copies / file.name)
    except OSError as error:
        raise _no_copy(path, copies, "was left open when its service was killed", error) from None
    return read_only_uri(copies / path.name)


def _is_of_older_release(path: Path, uri: str) -> bool:
    """Raises OperationError for a database of another service, or of a newer release, or with
    amounts that this release cannot read.
    """
    with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as conn, sentences():
        if not conn.execute(_HAS_MIGRATIONS).fetchone():
            raise OperationError(f"{path} is not the {DATABASES[path.name]} service's database.")
        missing = pending(conn, schema_of(path.name), path.name)
        opened_currency(conn)
        return bool(missing)


def _migrated(path: Path, uri: str, copies: Path) -> str:
    """The URI of a migrated copy, because the checks know only this release's schema."""
    copy = copies / f"migrated-{path.name}"
    with (
        closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS)) as older,
        closing(sqlite3.connect(copy, isolation_level=None)) as newer,
        sentences(),
    ):
        try:
            older.backup(newer)
            migrate(newer, schema_of(path.name), path.name)
        except (sqlite3.OperationalError, MigrationFailed) as error:
            if primary_code(error.__cause__ or error) != sqlite3.SQLITE_FULL:
                raise
            full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            raise _no_copy(path, copies, "is of an older release", full) from None
    return read_only_uri(copy)


def _no_copy(path: Path, copies: Path, why: str, error: OSError) -> OperationError:
    return OperationError(
        f"{path.name} {why}, and cannot be copied to {copies.parent} to be read ({error.strerror})."
    )


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn an error of SQLite's into an OperationError that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        if primary_code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            corrupt = CorruptDatabase(path, error.sqlite_errorname)
            raise OperationError(str(corrupt)) from None
        raise OperationError(f"{path} cannot be read: {describe(error)}.") from None


def is_open(path: Path) -> bool:
    """Whether a service has the database open."""
    return is_held(path.with_name(f"{path.name}.lock"))


def stamp(path: Path) -> Stamp:
    """A value that differs after a database was changed."""
    return tuple(_mark(file) for file in (path, _wal(path)))


def _mark(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")
