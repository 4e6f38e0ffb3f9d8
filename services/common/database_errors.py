"""What the database helper raises, each with a message that is a sentence for a person.

DatabaseError
├── CannotOpen            at start: say why and end
│   ├── DatabaseInUse     another process holds the file
│   ├── CorruptDatabase   the file is damaged, and was left as it is
│   ├── SchemaTooNew      a newer release has written it
│   ├── MigrationChanged  what was applied is not what this release has under that number
│   └── MigrationFailed
├── OutOfRoom             507: nothing was done
├── Overloaded            503: the queue is full, nothing was done
├── TransactionLost       503: nothing was done, send it again
├── DatabaseClosed        503: closing, nothing was done
└── StorageFailed         503: the disk fails or is read-only, the file is corrupt; nothing was done
    └── OutcomeUnknown    504: the COMMIT itself failed: whether it was done is not known
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path


class DatabaseError(Exception):
    """Any of what this module lists."""


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


class SchemaTooNew(CannotOpen):
    """The file has migrations that this release does not know."""


class MigrationChanged(CannotOpen):
    """A migration that was applied differs from the one of that number in this release."""


class MigrationFailed(CannotOpen):
    """A migration could not be applied; the file is as it was before it."""


class OutOfRoom(DatabaseError):
    """There is no room on the disk; nothing was done."""


class Overloaded(DatabaseError):
    """As many calls are waiting as may wait; nothing was done."""


class TransactionLost(DatabaseError):
    """The transaction was rolled back for a reason that is not the caller's; nothing was done."""


class DatabaseClosed(DatabaseError):
    """The database is closing or closed; nothing was done."""


class StorageFailed(DatabaseError):
    """The disk is failing or read-only, or the file is corrupt; nothing was done."""


class OutcomeUnknown(StorageFailed):
    """The COMMIT failed half-way: only reopening the file tells whether it was done."""


DISK_FAILURES = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
WRITE_FAILURES = DISK_FAILURES | {sqlite3.SQLITE_READONLY}


def primary_code(error: BaseException) -> int | None:
    """SQLite's result code, without its extension; None for what is no error of SQLite's."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def describe(error: BaseException) -> str:
    """The error's message, with SQLite's name for it."""
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return f"{error} ({name})"


def causes(error: BaseException) -> Iterator[BaseException]:
    """`error`, what it was raised for, and so on."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        yield cause
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__


def out_of_room(name: str) -> OutOfRoom:
    """That the disk has no room for the database `name`."""
    return OutOfRoom(f"{name}: there is no room on the disk; nothing was done")


def again(error: DatabaseError) -> DatabaseError:
    """Another one like it: tracebacks of several callers do not go into one exception."""
    twin = type(error)(*error.args)
    twin.__cause__ = error.__cause__
    return twin


def translated(error: BaseException, name: str, failures: frozenset[int]) -> BaseException:
    """What the caller of a function that raised `error` is told: OutOfRoom or StorageFailed when
    the disk is behind it, also when the function made something else of that; else `error` itself.

    `name` is the database's, for the message; `failures` are the codes that StorageFailed is for.
    """
    for cause in causes(error):
        code = primary_code(cause)
        if code == sqlite3.SQLITE_FULL or code in failures:
            failed = StorageFailed(f"{name} cannot be used: {describe(cause)}")
            told = out_of_room(name) if code == sqlite3.SQLITE_FULL else failed
            told.__cause__ = error
            return told
    return error
