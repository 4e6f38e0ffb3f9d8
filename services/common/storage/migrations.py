"""Brings a database file to the schema of this release.

A schema is made of series of migrations: one of the service itself, and one for each thing that
services share. A series is a folder of SQL files, `0001_what_it_does.sql` and so on without a gap.
Each is applied once and remembered by its checksum, in which comments and white space do not count.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .errors import MigrationChanged, MigrationFailed, SchemaTooNew, WrongDatabase
from .first_release import COMBINED_CHECKSUMS, SERIES

SHARED = Path(__file__).parents[1] / "migrations"

_TABLE = """
CREATE TABLE schema_migrations (
    series     TEXT NOT NULL,
    number     INTEGER NOT NULL,
    checksum   TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (series, number)
) STRICT
"""
_INSERT = "INSERT INTO schema_migrations (series, number, checksum) VALUES (?, ?, ?)"
_FILE_NAME = re.compile(r"([0-9]{4})_\w+\.sql")
_TOKEN = re.compile(
    r"""(?P<skipped> --[^\n]* | /\*.*?\*/ | \s+ )
      | '(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | \[[^\]]*\]  # text and quoted names
      | \w+ | .""",
    re.VERBOSE | re.DOTALL,
)
_ENDS_TRANSACTION = frozenset({"BEGIN", "COMMIT", "END", "ROLLBACK"})


@dataclass(frozen=True)
class Migration:
    """One SQL script of a series; the first is number 1."""

    series: str
    number: int
    sql: str

    def __str__(self) -> str:
        return f"Migration {self.number} of {self.series}"

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the script's tokens, so of what it does and not of how it is written."""
        return hashlib.sha256("\n".join(_tokens(self.sql)).encode()).hexdigest()

    @cached_property
    def statements(self) -> Sequence[str]:
        """The script's statements, in order."""
        return list(_statements(self.sql))


Schema = Sequence[Sequence[Migration]]
"""The series that make up a database; the service's own comes last."""


def read_series(name: str, folder: Path) -> list[Migration]:
    """The migrations in a folder, in order. Raises ValueError for a name that is not the next."""
    scripts = sorted(path for path in folder.iterdir() if path.suffix == ".sql")
    for number, path in enumerate(scripts, start=1):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None or int(match[1]) != number:
            raise ValueError(f"{path} should be {number:04d}_what_it_does.sql")
    numbered = enumerate(scripts, start=1)
    return [Migration(name, number, path.read_text("utf-8")) for number, path in numbered]


def service_schema(
    service: str, folder: Path, *, shared: Sequence[str] = ("shop", "idempotency")
) -> Schema:
    """The schema of a service: the shared series that it uses, and its own in `folder`."""
    return [*(read_series(name, SHARED / name) for name in shared), read_series(service, folder)]


def pending(conn: sqlite3.Connection, schema: Schema, name: str) -> list[Migration]:
    """The migrations that the database still lacks. Only reads.

    `name` is the file's, for messages. Raises WrongDatabase, SchemaTooNew, MigrationChanged,
    sqlite3.Error.
    """
    applied = _applied(conn, schema, name)
    known = {series[0].series: len(series) for series in schema}
    own = schema[-1][0].series
    if applied and (own, 1) not in applied:
        raise WrongDatabase(f"{name} is not the {own} service's database.")
    for series, number in applied:
        if number > known.get(series, 0):
            raise SchemaTooNew(
                f"{name} was written by a newer release (its {series} schema is number {number}, "
                f"this release knows {known.get(series, 0)}): start that release, or restore an "
                "older backup."
            )
    missing = []
    for migration in (migration for series in schema for migration in series):
        checksum = applied.get((migration.series, migration.number))
        if checksum is None:
            missing.append(migration)
        elif checksum != migration.checksum:
            raise MigrationChanged(
                f"{migration} is not the one that {name} was made with: leave it as it was and "
                "add another after it."
            )
    return missing


def migrate(conn: sqlite3.Connection, schema: Schema, name: str) -> None:
    """Apply the migrations that the database still lacks, all of them or none.

    They run in one transaction, which also records each of them. Foreign keys are off meanwhile, so
    that a script may rebuild a table; they are checked before the COMMIT, and on afterwards. `name`
    is the file's, for messages.

    Raises WrongDatabase, SchemaTooNew, MigrationChanged, MigrationFailed, sqlite3.Error.
    """
    missing = pending(conn, schema, name)
    try:
        if missing or not _has_series(conn):
            conn.execute("PRAGMA foreign_keys = OFF")
            conn.execute("BEGIN IMMEDIATE")
            _prepare_table(conn, schema, name)
            for migration in missing:
                _apply(conn, migration, name)
            _check_foreign_keys(conn, name)
            conn.execute("COMMIT")
    finally:
        if conn.in_transaction:
            conn.execute("ROLLBACK")
        conn.execute("PRAGMA foreign_keys = ON")


def _applied(conn: sqlite3.Connection, schema: Schema, name: str) -> dict[tuple[str, int], str]:
    """The checksum of each migration that was applied, by series and number."""
    columns = _columns(conn)
    if not columns:
        return {}
    if "series" in columns:
        rows = conn.execute("SELECT series, number, checksum FROM schema_migrations")
        return {(series, number): checksum for series, number, checksum in rows}
    # Release 0.1.0 had no series: its one script is now the first migration of each series.
    own = schema[-1][0].series
    row = conn.execute("SELECT checksum FROM schema_migrations").fetchone()
    if row is None:  # the process died before it made anything else
        return {}
    if row[0] != COMBINED_CHECKSUMS.get(own):
        raise WrongDatabase(f"{name} is not the {own} service's database.")
    firsts = [series[0] for series in schema if series[0].series in SERIES]
    return {(first.series, 1): first.checksum for first in firsts}


def _prepare_table(conn: sqlite3.Connection, schema: Schema, name: str) -> None:
    """Create the table of applied migrations, or bring an older one to today's form."""
    if _has_series(conn):
        return
    applied = _applied(conn, schema, name)
    conn.execute("DROP TABLE IF EXISTS schema_migrations")
    conn.execute(_TABLE)
    conn.executemany(_INSERT, [(*key, checksum) for key, checksum in applied.items()])


def _apply(conn: sqlite3.Connection, migration: Migration, name: str) -> None:
    try:
        for statement in migration.statements:
            if next(_tokens(statement)).upper() in _ENDS_TRANSACTION:
                raise MigrationFailed(f"{migration} ends the transaction that {name} is in.")
            conn.execute(statement)
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise MigrationFailed(f"{migration} failed on {name}: {error}.") from error
    conn.execute(_INSERT, (migration.series, migration.number, migration.checksum))


def _check_foreign_keys(conn: sqlite3.Connection, name: str) -> None:
    broken = conn.execute("PRAGMA foreign_key_check").fetchone()
    if broken:
        raise MigrationFailed(
            f"The migrations of {name} leave rows in {broken[0]} that point to nothing."
        )


def _has_series(conn: sqlite3.Connection) -> bool:
    return "series" in _columns(conn)


def _columns(conn: sqlite3.Connection) -> set[str]:
    return {row[1] for row in conn.execute("PRAGMA table_info (schema_migrations)")}


def _tokens(sql: str) -> Iterator[str]:
    return (match[0] for match in _TOKEN.finditer(sql) if not match["skipped"])


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for piece in re.split(r"(?<=;)", script):
        statement += piece
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
    if any(_tokens(statement)):
        yield statement.strip()
