"""Opens the four databases of a shop together, for reading alone, whether it runs or not.

Nothing in the data folder is created or changed. SQLite would leave a WAL beside a database that
nobody else has open, and a shop of another user's could not open that afterwards. So one at rest is
read as immutable, or from a copy if its service was killed and the last changes are in a WAL.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from services.common.database_errors import CorruptDatabase, describe, primary_code
from services.common.database_file import read_only_uri, refuse_link
from services.common.filelock import is_held
from services.common.restoring import require_whole

from . import OperationError
from .sentences import sentences

T = TypeVar("T")

SERVICES: Mapping[str, str] = {
    "carts": "cart",
    "products": "catalog",
    "orders": "order",
    "payments": "payment",
}
"""Whose each database is."""

_A_TABLE = {
    "carts": "cart_closes",
    "products": "stock_ledger",
    "orders": "order_events",
    "payments": "payments",
}
_BUSY_SECONDS = 5.0

Stamp = tuple[tuple[int, int] | None, ...]
"""Of a database and its WAL: when each was last changed, and its size."""


def read_shop(folder: Path, read: Callable[[sqlite3.Connection], T]) -> tuple[T, bool]:
    """What `read` makes of the databases in `folder`, and whether the shop is running.

    `read` is given a connection to which they are attached as `carts`, `products`, `orders` and
    `payments`. At rest they are one instant; of a running shop each is, but not of the same moment.
    Raises OperationError where they cannot be read.
    """
    files = {name: folder / f"{name}.db" for name in SERVICES}
    try:
        require_all(folder, files.values())
        while True:
            failure: OperationError | None = None
            at_rest = {name: stamp(path) for name, path in files.items() if not is_open(path)}
            running = len(at_rest) < len(files) or is_held(folder / "run.lock")
            try:
                with _attached(files, at_rest) as conn:
                    value = read(conn)
            except sqlite3.Error as error:
                failure = OperationError(f"{folder} cannot be read: {describe(error)}.")
            except OperationError as refusal:
                failure = refusal
            if any(is_open(files[name]) or stamp(files[name]) != at_rest[name] for name in at_rest):
                continue  # It was started while it was being read.
            if failure is not None:
                raise failure
            return value, running
    except OSError as error:
        raise OperationError(
            f"{error.filename or folder} cannot be read ({error.strerror})."
        ) from None


def require_all(folder: Path, files: Iterable[Path]) -> None:
    """Raise OperationError unless all are in the data folder, and no restore of it is half done."""
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
            uri = _uri_at_rest(path, Path(copies)) if name in at_rest else read_only_uri(path)
            with naming(path):
                conn.execute(f"ATTACH ? AS {name}", (uri,))
        conn.execute("BEGIN")
        for name, path in files.items():
            with naming(path):
                rows = conn.execute(f"SELECT name FROM {name}.sqlite_master").fetchall()  # noqa: S608
            if _A_TABLE[name] not in {row["name"] for row in rows}:
                raise OperationError(f"{path} is not the {SERVICES[name]} service's database.")
        yield conn


def _connection() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:", uri=True, isolation_level=None, timeout=_BUSY_SECONDS)
    conn.row_factory = sqlite3.Row
    return conn


def _uri_at_rest(path: Path, copies: Path) -> str:
    wal = _wal(path)
    if not wal.exists() or wal.stat().st_size == 0:
        return f"{read_only_uri(path)}&immutable=1"
    try:
        for file in (path, wal):
            shutil.copyfile(file, copies / file.name)
    except OSError as error:
        raise OperationError(
            f"{path.name} was left open when its service was killed, and cannot be copied to "
            f"{copies.parent} to be read ({error.strerror})."
        ) from None
    return read_only_uri(copies / path.name)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Say which file it is that cannot be read."""
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
    """What tells that a database was changed."""
    return tuple(
        (file.stat().st_mtime_ns, file.stat().st_size) if file.exists() else None
        for file in (path, _wal(path))
    )


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")
