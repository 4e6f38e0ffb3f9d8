"""The errors of the database; each message is a sentence for a person.

DatabaseError
├── CannotOpen            at start: say why and end
│   ├── DatabaseInUse     another process holds the file
│   ├── CorruptDatabase   the file is damaged, and was left as it is
│   ├── WrongDatabase     it is another service's
│   ├── SchemaTooNew      a newer release has written it
│   ├── MigrationChanged  an applied migration differs from this release's of that number
│   └── MigrationFailed
├── DiskFull              507: nothing was done
├── Overloaded            503: the queue is full, nothing was done
├── TransactionLost       503: nothing was done, send it again
├── DatabaseClosed        503: closing, nothing was done
└── StorageFailed         503: the disk fails or is read-only, the file is corrupt; nothing was done
    └── CommitInDoubt     504: the COMMIT itself failed; whether it was done is not known
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path


class DatabaseError(Exception):
    """The base class of the errors in this module."""


class CannotOpen(DatabaseError):
    """The database cannot be opened; the message says why and what to do."""


class DatabaseInUse(CannotOpen):
    """Another process holds the database."""


class CorruptDatabase(CannotOpen):
    """The file is damaged; it was left as it is."""

    def __init__(self, path: Path, finding: str) -> None:
        super().__init__(
            f"{path} is corrupt ({finding}) and was left as it is; "
            "put a backup in its place with: python run.py restore DIR"
        )


class WrongDatabase(CannotOpen):
    """The file is another service's database, or no service's."""


class SchemaTooNew(CannotOpen):
    """The file has migrations that this release does not know."""


class MigrationChanged(CannotOpen):
    """A migration that was applied differs from the one of that number in this release."""


class MigrationFailed(CannotOpen):
    """A migration could not be applied; the file is as it was before it."""


class DiskFull(DatabaseError):
    """There is no room on the disk; nothing was done."""


class Overloaded(DatabaseError):
    """The queue is full; nothing was done."""


class TransactionLost(DatabaseError):
    """The transaction was rolled back, not because of this caller; nothing was done."""


class DatabaseClosed(DatabaseError):
    """The database is closing or closed; nothing was done."""


class StorageFailed(DatabaseError):
    """The disk is failing or read-only, or the file is corrupt; nothing was done."""


class CommitInDoubt(StorageFailed):
    """The COMMIT failed half-way: only reopening the file tells whether it was done."""


DISK_FAILURES = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
WRITE_FAILURES = DISK_FAILURES | {sqlite3.SQLITE_READONLY}


def primary_code(error: BaseException) -> int | None:
    """SQLite's primary result code; None if the error is not one of SQLite's."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def describe(error: BaseException) -> str:
    """The error's message, with SQLite's name for it."""
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return f"{error} ({name})"


def causes(error: BaseException) -> Iterator[BaseException]:
    """`error`, then the error that caused it, and so on."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        yield cause
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__


def disk_full(name: str) -> DiskFull:
    """The error that says that the disk has no room for the database `name`."""
    return DiskFull(f"{name}: there is no room on the disk; nothing was done")


def copy_of(error: DatabaseError) -> DatabaseError:
    """A copy of `error`: if several callers raised one object, their tracebacks would mix."""
    twin = type(error)(*error.args)
    twin.__cause__ = error.__cause__
    return twin


def translate(error: BaseException, name: str, failures: frozenset[int]) -> BaseException:
    """What to raise for `error`: DiskFull or StorageFailed if the disk caused it, even if the
    function that failed turned that into another error; otherwise `error` itself.

    `name` is the database's, for the message; `failures` are the codes that mean StorageFailed.
    """
    for cause in causes(error):
        code = primary_code(cause)
        if code == sqlite3.SQLITE_FULL or code in failures:
            failed = StorageFailed(f"{name} cannot be used: {describe(cause)}")
            translated = disk_full(name) if code == sqlite3.SQLITE_FULL else failed
            translated.__cause__ = error
            return translated
    return error
