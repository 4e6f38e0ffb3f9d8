"""Migrations: applied once, in order, each whole or not at all."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from services.common.storage.errors import (
    MigrationChanged,
    MigrationFailed,
    SchemaTooNew,
    WrongDatabase,
)
from services.common.storage.migrations import Migration, migrate, read_series
from services.operations import databases
from tests.schemas import schema_of

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
    migrate(conn, schema_of(FIRST), "shop.db")
    migrate(conn, schema_of(FIRST, SECOND), "shop.db")
    migrate(conn, schema_of(FIRST, SECOND), "shop.db")
    assert conn.execute("SELECT number FROM schema_migrations").fetchall() == [(1,), (2,)]
    assert conn.execute("SELECT * FROM jars").fetchall() == [(1, 1)]


def test_foreign_keys_are_on_afterwards(conn: sqlite3.Connection) -> None:
    migrate(conn, schema_of(FIRST, SECOND), "shop.db")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        conn.execute("INSERT INTO jars (shelf) VALUES (9)")


def test_a_migration_may_rebuild_a_table_that_others_point_to(conn: sqlite3.Connection) -> None:
    rebuild = """
    CREATE TABLE new_shelves (id INTEGER PRIMARY KEY, name TEXT) STRICT;
    INSERT INTO new_shelves (id) SELECT id FROM shelves;
    DROP TABLE shelves;
    ALTER TABLE new_shelves RENAME TO shelves;
    """
    migrate(conn, schema_of(FIRST, SECOND, rebuild), "shop.db")
    assert conn.execute("SELECT id, name FROM shelves").fetchall() == [(1, None)]


def test_a_migration_that_fails_leaves_nothing_of_it_and_what_was_before(
    conn: sqlite3.Connection,
) -> None:
    bad = "CREATE TABLE half (id INTEGER); CREATE TABLE shelves (id INTEGER)"
    migrate(conn, schema_of(FIRST), "shop.db")
    with pytest.raises(
        MigrationFailed, match=r"Migration 2 of tests failed on shop\.db: .*shelves already exists"
    ):
        migrate(conn, schema_of(FIRST, bad), "shop.db")
    assert tables(conn) == {"schema_migrations", "shelves"}
    migrate(conn, schema_of(FIRST, SECOND), "shop.db")


def test_a_migration_that_leaves_rows_pointing_to_nothing_is_undone(
    conn: sqlite3.Connection,
) -> None:
    migrate(conn, schema_of(FIRST, SECOND), "shop.db")
    with pytest.raises(MigrationFailed, match="rows in jars that point to nothing"):
        migrate(conn, schema_of(FIRST, SECOND, "DELETE FROM shelves"), "shop.db")
    assert conn.execute("SELECT id FROM shelves").fetchall() == [(1,)]


@pytest.mark.parametrize("end", ["COMMIT", "end transaction", "-- and so\nROLLBACK", "BEGIN"])
def test_a_migration_that_ends_its_transaction_is_refused(
    conn: sqlite3.Connection, end: str
) -> None:
    with pytest.raises(MigrationFailed, match="ends the transaction"):
        migrate(conn, schema_of(f"CREATE TABLE shelves (id INTEGER); {end};"), "shop.db")
    assert not tables(conn)


def test_several_migrations_are_applied_all_or_none(conn: sqlite3.Connection) -> None:
    with pytest.raises(MigrationFailed):
        migrate(conn, schema_of(FIRST, SECOND, "CREATE TABLE shelves (id INTEGER)"), "shop.db")
    assert not tables(conn)


@pytest.mark.parametrize(
    "same",
    [
        "CREATE TABLE shelves(id INTEGER PRIMARY KEY);",
        "\n  CREATE TABLE shelves -- for jars; one a row\n(id INTEGER /* ; */ PRIMARY KEY);",
        FIRST.replace(" -- the first", '\n\n-- it\'s the "first"'),
    ],
)
def test_comments_and_white_space_do_not_count(conn: sqlite3.Connection, same: str) -> None:
    migrate(conn, schema_of(FIRST, SECOND), "shop.db")
    migrate(conn, schema_of(same, SECOND), "shop.db")


@pytest.mark.parametrize(
    "other",
    [
        FIRST.replace("id INTEGER", "idINTEGER"),
        "SELECT 'a b'; " + FIRST,
        FIRST.replace("PRIMARY KEY", ""),
    ],
)
def test_every_word_counts(conn: sqlite3.Connection, other: str) -> None:
    migrate(conn, schema_of(FIRST), "shop.db")
    with pytest.raises(MigrationChanged):
        migrate(conn, schema_of(other), "shop.db")


def test_white_space_in_a_text_counts() -> None:
    one, two = (Migration("tests", 1, f"SELECT '{text}'") for text in ("a -- b", "a  -- b"))
    assert one.checksum != two.checksum


def test_a_database_of_another_service_is_refused(conn: sqlite3.Connection) -> None:
    migrate(conn, schema_of(FIRST, series="cart"), "shop.db")
    with pytest.raises(WrongDatabase, match=r"shop\.db is not the order service's database\."):
        migrate(conn, schema_of(FIRST, series="order"), "shop.db")


def test_each_series_is_numbered_by_itself(conn: sqlite3.Connection) -> None:
    jars = [Migration("jars", 1, "CREATE TABLE jars (id INTEGER)")]
    (shelves,) = schema_of(FIRST)
    migrate(conn, [shelves], "shop.db")
    migrate(conn, [jars, shelves], "shop.db")
    applied = conn.execute("SELECT series, number FROM schema_migrations ORDER BY series")
    assert applied.fetchall() == [("jars", 1), ("tests", 1)]


@pytest.mark.parametrize("names", [["0002_b.sql"], ["0001_a.sql", "0003_c.sql"], ["1_a.sql"]])
def test_a_file_that_has_no_place_in_its_series_is_named(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text(FIRST)
    with pytest.raises(ValueError, match=re.escape(names[-1])):
        read_series("tests", tmp_path)


def test_a_migration_that_was_changed_afterwards_is_refused(conn: sqlite3.Connection) -> None:
    migrate(conn, schema_of(FIRST, SECOND), "shop.db")
    with pytest.raises(MigrationChanged, match=r"Migration 1 .*shop\.db"):
        migrate(conn, schema_of(FIRST.replace("id", "number"), SECOND), "shop.db")


def test_a_schema_of_a_newer_release_is_refused(conn: sqlite3.Connection) -> None:
    migrate(conn, schema_of(FIRST, SECOND), "shop.db")
    with pytest.raises(SchemaTooNew, match=r"shop\.db .*schema is number 2, this release knows 1"):
        migrate(conn, schema_of(FIRST), "shop.db")


def test_a_series_that_came_later_is_applied_to_a_database_of_the_first_release(
    tmp_path: Path,
) -> None:
    release = Path(__file__).parents[2] / "data" / "release-0.1.0"
    shutil.copyfile(release / "carts.db", tmp_path / "carts.db")
    later = [Migration("notes", 1, "CREATE TABLE notes (text TEXT)")]
    with closing(sqlite3.connect(tmp_path / "carts.db", isolation_level=None)) as conn:
        migrate(conn, [later, *databases.schema_of("carts.db")], "carts.db")
        assert "notes" in tables(conn)
