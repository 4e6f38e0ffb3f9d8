"""Migrations: applied once, in order, each whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.common.database_errors import MigrationChanged, MigrationFailed, SchemaTooNew
from services.common.migrations import migrate

FIRST = "CREATE TABLE shelves (id INTEGER PRIMARY KEY); -- the first"
SECOND = """
CREATE TABLE jars (id INTEGER PRIMARY KEY, shelf INTEGER NOT NULL REFERENCES shelves);
CREATE TRIGGER no_shelf_0 BEFORE INSERT ON shelves WHEN NEW.id = 0
BEGIN SELECT RAISE(ABORT, 'no shelf 0'); SELECT 1; END;
INSERT INTO shelves (id) VALUES (1);
INSERT INTO jars (id, shelf) VALUES (1, 1)
"""


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None)) as opened:
        yield opened


def tables(conn: sqlite3.Connection) -> set[str]:
    return {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_migrations_are_applied_in_order_and_once(conn: sqlite3.Connection) -> None:
    migrate(conn, [FIRST], "shop.db")
    migrate(conn, [FIRST, SECOND], "shop.db")
    migrate(conn, [FIRST, SECOND], "shop.db")
    assert conn.execute("SELECT number FROM schema_migrations").fetchall() == [(1,), (2,)]
    assert conn.execute("SELECT * FROM jars").fetchall() == [(1, 1)]


def test_foreign_keys_are_on_afterwards(conn: sqlite3.Connection) -> None:
    migrate(conn, [FIRST, SECOND], "shop.db")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        conn.execute("INSERT INTO jars (shelf) VALUES (9)")


def test_a_migration_may_rebuild_a_table_that_others_point_to(conn: sqlite3.Connection) -> None:
    rebuild = """
    CREATE TABLE new_shelves (id INTEGER PRIMARY KEY, name TEXT) STRICT;
    INSERT INTO new_shelves (id) SELECT id FROM shelves;
    DROP TABLE shelves;
    ALTER TABLE new_shelves RENAME TO shelves;
    """
    migrate(conn, [FIRST, SECOND, rebuild], "shop.db")
    assert conn.execute("SELECT id, name FROM shelves").fetchall() == [(1, None)]


def test_a_migration_that_fails_leaves_nothing_of_it_and_what_was_before(
    conn: sqlite3.Connection,
) -> None:
    bad = "CREATE TABLE half (id INTEGER); CREATE TABLE shelves (id INTEGER)"
    with pytest.raises(MigrationFailed, match=r"Migration 2 of shop\.db .*shelves already exists"):
        migrate(conn, [FIRST, bad], "shop.db")
    assert tables(conn) == {"schema_migrations", "shelves"}
    migrate(conn, [FIRST, SECOND], "shop.db")


def test_a_migration_that_leaves_rows_pointing_to_nothing_is_undone(
    conn: sqlite3.Connection,
) -> None:
    with pytest.raises(MigrationFailed, match="rows in jars that point to nothing"):
        migrate(conn, [FIRST, SECOND, "DELETE FROM shelves"], "shop.db")
    assert conn.execute("SELECT id FROM shelves").fetchall() == [(1,)]


def test_a_migration_that_ends_its_transaction_is_refused(conn: sqlite3.Connection) -> None:
    with pytest.raises(MigrationFailed, match="ends the transaction"):
        migrate(conn, ["CREATE TABLE shelves (id INTEGER); COMMIT;"], "shop.db")


def test_a_migration_that_was_changed_afterwards_is_refused(conn: sqlite3.Connection) -> None:
    migrate(conn, [FIRST, SECOND], "shop.db")
    with pytest.raises(MigrationChanged, match=r"Migration 1 .*shop\.db"):
        migrate(conn, [FIRST + " ", SECOND], "shop.db")


def test_a_schema_of_a_newer_release_is_refused(conn: sqlite3.Connection) -> None:
    migrate(conn, [FIRST, SECOND], "shop.db")
    with pytest.raises(SchemaTooNew, match=r"shop\.db .*schema is number 2, this release knows 1"):
        migrate(conn, [FIRST], "shop.db")
