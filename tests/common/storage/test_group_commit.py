"""Units of work that share a COMMIT: what each hears, and when."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.common.storage.database import Database, DiskFull, TransactionLost, open_database
from tests.common.storage.batches import (
    SCHEMA,
    FaultyConnection,
    Refused,
    Unit,
    add,
    faults,
    refuse_if_taken,
    skus,
    together,
)
from tests.schemas import schema_of

__all__ = ["faults"]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA)) as opened:
        yield opened


async def test_units_that_wait_together_share_one_commit(
    tmp_path: Path, faults: type[FaultyConnection]
) -> None:
    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA)) as database:
        before = faults.commits
        expected = [f"sku-{n:02}" for n in range(20)]
        assert await together(database, *map(add, expected)) == expected
        assert faults.commits == before + 1
        assert await database.read(skus) == expected


async def test_a_unit_that_raises_is_undone_and_the_others_stand(database: Database) -> None:
    def add_and_refuse(conn: sqlite3.Connection) -> None:
        add("half")(conn)
        raise Refused("half")

    outcomes = await together(database, add("first"), add_and_refuse, add("last"))
    assert [type(outcome) for outcome in outcomes] == [str, Refused, str]
    assert await database.read(skus) == ["first", "last"]


@pytest.mark.parametrize("value", [2**63, "\ud800"], ids=["past 64 bits", "lone surrogate"])
async def test_a_value_that_cannot_be_bound_fails_its_own_unit(
    database: Database, value: object
) -> None:
    def bind(conn: sqlite3.Connection) -> None:
        conn.execute("SELECT ?", (value,))

    first, error, last = await together(database, add("first"), bind, add("last"))
    assert isinstance(error, OverflowError | UnicodeEncodeError)
    assert [first, last] == ["first", "last"]


async def test_nobody_hears_anything_before_the_commit_has_returned(
    tmp_path: Path, faults: type[FaultyConnection]
) -> None:
    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA)) as database:
        faults.reached, faults.go_on = threading.Event(), threading.Event()
        success = asyncio.create_task(database.write(add("tea")))
        rejection = asyncio.create_task(database.write(refuse_if_taken("tea")))
        await asyncio.to_thread(faults.reached.wait, 10)
        assert not success.done()
        assert not rejection.done()
        faults.go_on.set()
        assert await success == "tea"
        with pytest.raises(Refused):
            await rejection


async def test_a_rejection_that_rests_on_what_was_never_committed_is_not_heard(
    tmp_path: Path, faults: type[FaultyConnection]
) -> None:
    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA)) as database:
        faults.code = sqlite3.SQLITE_FULL
        outcomes = await together(database, add("tea"), refuse_if_taken("tea"))
        assert [type(outcome) for outcome in outcomes] == [DiskFull, DiskFull]
        faults.code = None
        assert await database.write(add("tea")) == "tea"


async def test_a_rollback_by_a_constraint_fails_those_before_it_and_runs_the_rest_anew(
    database: Database,
) -> None:
    before, culprit, after = await together(database, add("tea"), add("rollback"), add("jam"))
    assert isinstance(before, TransactionLost)
    assert isinstance(culprit, TransactionLost)
    assert isinstance(culprit.__cause__, sqlite3.IntegrityError)
    assert after == "jam"
    assert await database.read(skus) == ["jam"]


async def test_a_rollback_by_a_constraint_is_raised_to_the_only_unit_in_it(
    database: Database,
) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="rolled back by a trigger"):
        await database.write(add("rollback"))
    assert await database.write(add("tea")) == "tea"


async def test_a_rollback_that_a_unit_swallows_is_noticed(database: Database) -> None:
    def swallow(conn: sqlite3.Connection) -> str:
        try:
            return str(add("rollback")(conn))
        except sqlite3.IntegrityError:
            conn.execute("INSERT INTO products VALUES ('by itself', 1)")
            return "all is well"

    before, culprit, after = await together(database, add("tea"), swallow, add("jam"))
    assert isinstance(before, TransactionLost)
    assert isinstance(culprit, TransactionLost)
    assert after == "jam"


async def test_a_commit_that_is_refused_leaves_nothing_and_the_process_goes_on(
    tmp_path: Path, faults: type[FaultyConnection]
) -> None:
    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA)) as database:
        faults.code = sqlite3.SQLITE_BUSY
        with pytest.raises(TransactionLost):
            await database.write(add("tea"))
        faults.code = None
        assert await database.read(skus) == []


@pytest.mark.parametrize(
    "end",
    [
        lambda conn: conn.execute("COMMIT"),
        lambda conn: conn.execute("ROLLBACK"),
        lambda conn: conn.commit(),
        lambda conn: conn.rollback(),
        lambda conn: conn.executescript("SELECT 1"),
    ],
    ids=["COMMIT", "ROLLBACK", "commit()", "rollback()", "executescript()"],
)
async def test_a_unit_cannot_end_the_transaction_that_others_are_in(
    database: Database, end: Unit
) -> None:
    def misbehave(conn: sqlite3.Connection) -> None:
        add("half")(conn)
        end(conn)

    first, error, last = await together(database, add("first"), misbehave, add("last"))
    assert isinstance(error, sqlite3.DatabaseError)
    assert error.sqlite_errorcode == sqlite3.SQLITE_AUTH
    assert [first, last] == ["first", "last"]
    assert await database.read(skus) == ["first", "last"]


async def test_a_unit_may_have_savepoints_of_its_own(database: Database) -> None:
    def try_twice(conn: sqlite3.Connection) -> None:
        conn.execute("SAVEPOINT mine")
        add("one")(conn)
        conn.execute("ROLLBACK TO mine")
        add("two")(conn)

    await together(database, add("tea"), try_twice)
    assert await database.read(skus) == ["tea", "two"]


async def test_a_unit_that_returns_an_unfinished_statement_fails_alone(database: Database) -> None:
    def unfinished(conn: sqlite3.Connection) -> sqlite3.Cursor:
        return conn.execute("INSERT INTO products VALUES ('a', 1), ('b', 1) RETURNING sku")

    first, error, last = await together(database, add("first"), unfinished, add("last"))
    assert isinstance(error, sqlite3.OperationalError)
    assert [first, last] == ["first", "last"]
    assert await database.read(skus) == ["first", "last"]


async def test_an_error_that_is_kept_keeps_no_statement_unfinished(database: Database) -> None:
    def refuse_half_way(conn: sqlite3.Connection) -> None:
        added = conn.execute("INSERT INTO products VALUES ('a', 1), ('b', 1) RETURNING sku")
        raise Refused(added.fetchone()["sku"])

    kept = await together(database, add("tea"), refuse_half_way)
    assert isinstance(kept[1], Refused)
    assert await database.write(add("jam")) == "jam"
    assert await database.read(skus) == ["jam", "tea"]
