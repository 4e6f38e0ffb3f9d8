"""Brings a database file to the schema of this release: numbered SQL scripts, each applied once
and remembered by its checksum.
"""

import hashlib
import sqlite3
from collections.abc import Sequence

from services.common.database_errors import MigrationChanged, MigrationFailed, SchemaTooNew

_APPLIED = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    number INTEGER PRIMARY KEY,
    checksum TEXT NOT NULL,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT
"""


def migrate(conn: sqlite3.Connection, migrations: Sequence[str], name: str) -> None:
    """Apply those of `migrations` (the first is number 1) that the database has not had yet.

    Each is one transaction together with the note that it was applied. Foreign keys are off
    while a script runs, so that it may rebuild a table, and are checked before it is committed.
    `name` is the file's, for messages. Leaves foreign keys on.

    Raises SchemaTooNew, MigrationChanged, MigrationFailed, or sqlite3.Error.
    """
    conn.execute("PRAGMA foreign_keys = OFF")
    conn.execute(_APPLIED)
    applied = dict(conn.execute("SELECT number, checksum FROM schema_migrations").fetchall())
    newest = max(applied, default=0)
    if newest > len(migrations):
        raise SchemaTooNew(
            f"{name} was written by a newer release (its schema is number {newest}, this release "
            f"knows {len(migrations)}): start that release, or restore an older backup."
        )
    for number, script in enumerate(migrations, start=1):
        if number not in applied:
            _apply(conn, number, script, name)
        elif applied[number] != _checksum(script):
            raise MigrationChanged(
                f"Migration {number} is not the one that {name} was made with: "
                "leave it as it was and add another after it."
            )
    conn.execute("PRAGMA foreign_keys = ON")


def _apply(conn: sqlite3.Connection, number: int, script: str, name: str) -> None:
    try:
        # executescript commits what is open before it begins, so the BEGIN goes in with it
        conn.executescript(f"BEGIN IMMEDIATE;\n{script}")
        if not conn.in_transaction:
            raise MigrationFailed(f"Migration {number} of {name} ends the transaction it is in.")
        broken = conn.execute("PRAGMA foreign_key_check").fetchone()
        if broken:
            raise MigrationFailed(
                f"Migration {number} of {name} leaves rows in {broken[0]} that point to nothing."
            )
        conn.execute(
            "INSERT INTO schema_migrations (number, checksum) VALUES (?, ?)",
            (number, _checksum(script)),
        )
        conn.commit()
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise MigrationFailed(f"Migration {number} of {name} failed: {error}.") from error
    finally:
        conn.rollback()


def _checksum(script: str) -> str:
    return hashlib.sha256(script.encode()).hexdigest()
