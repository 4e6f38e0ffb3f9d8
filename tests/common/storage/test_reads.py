"""Three ways to read: by a key on the loop, a page on a thread, much of a table on another."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.common.storage.database import (
    Database,
    DatabaseClosed,
    StorageFailed,
    open_database,
)
from tests.common.storage.batches import SCHEMA, Refused, add, refuse_if_taken, skus
from tests.schemas import schema_of

COUNT = (
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
    " SELECT count(*) FROM n"
)


class Stall:
    """A query that holds its thread from when it has begun until its end."""

    def __init__(self) -> None:
        self.begun, self.end = threading.Event(), threading.Event()

    def query(self, _conn: sqlite3.Connection) -> None:
        self.begun.set()
        self.end.wait(10)


def count(conn: sqlite3.Connection, rows: int) -> tuple[int, int]:
    """A query of so many rows; returns their number, and on which thread it was run."""
    return conn.execute(COUNT, (rows,)).fetchone()[0], threading.get_ident()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA)) as opened:
        yield opened


async def test_a_lookup_sees_every_write_that_was_answered_before_it(database: Database) -> None:
    seen = []

    async def write_and_look(n: int) -> None:
        await database.write(add(f"sku-{n}"))
        seen.append(f"sku-{n}" in await database.lookup(skus))

    await asyncio.gather(*(write_and_look(n) for n in range(100)))
    assert len(seen) == 100
    assert all(seen)


async def test_a_lookup_sees_one_state_of_the_whole_database(
    database: Database, tmp_path: Path
) -> None:
    def look_twice(conn: sqlite3.Connection) -> tuple[list[str], list[str]]:
        first = skus(conn)
        with sqlite3.connect(tmp_path / "shop.db") as stranger:
            stranger.execute("INSERT INTO products (sku, stock) VALUES ('tea', 1)")
        stranger.close()
        return first, skus(conn)

    assert await database.lookup(look_twice) == ([], [])
    assert await database.lookup(skus) == ["tea"]


async def test_an_error_of_a_lookup_is_raised_and_holds_no_later_one_in_the_past(
    database: Database,
) -> None:
    def refuse_half_way(conn: sqlite3.Connection) -> None:
        products = conn.execute("SELECT sku FROM products")
        raise Refused(products.fetchone()["sku"])

    await database.write(lambda conn: [add(sku)(conn) for sku in ("a", "b", "c")])
    kept = await asyncio.gather(database.lookup(refuse_half_way), return_exceptions=True)
    assert isinstance(kept[0], Refused)
    await database.write(add("d"))
    assert await database.lookup(skus) == ["a", "b", "c", "d"]
    with pytest.raises(Refused):
        await database.lookup(refuse_if_taken("a"))


async def test_any_number_of_short_lookups_is_run_on_the_loops_thread(database: Database) -> None:
    threads = {(await database.lookup(count, 10))[1] for _ in range(2000)}
    assert threads == {threading.get_ident()}


async def test_a_lookup_that_takes_long_is_run_on_another_thread(database: Database) -> None:
    rows, thread = await database.lookup(count, 50_000)
    assert rows == 50_000
    assert thread != threading.get_ident()
    assert (await database.lookup(count, 10))[1] == threading.get_ident()


async def test_a_lookup_does_not_wait_for_a_lock_on_the_loops_thread(database: Database) -> None:
    def locked_here(_conn: sqlite3.Connection) -> int:
        if threading.current_thread() is threading.main_thread():
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        return threading.get_ident()

    assert await database.lookup(locked_here) != threading.get_ident()


async def test_a_disk_that_fails_in_a_lookup_has_failed(database: Database) -> None:
    def fail(_conn: sqlite3.Connection) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error

    with pytest.raises(StorageFailed):
        await database.lookup(fail)
    assert "disk I/O error" in await database.failed()


async def test_a_lookup_cannot_write(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.lookup(add("tea"))


async def test_after_the_end_there_is_no_lookup(tmp_path: Path) -> None:
    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA)) as database:
        await database.close()
        with pytest.raises(DatabaseClosed):
            await database.lookup(skus)


async def test_a_long_scan_holds_back_no_other_answer(database: Database) -> None:
    stall = Stall()
    scanning = asyncio.create_task(database.scan(stall.query))
    await asyncio.to_thread(stall.begun.wait, 10)
    await database.write(add("tea"))
    assert await database.read(skus) == ["tea"]
    assert await database.lookup(skus) == ["tea"]
    assert not scanning.done()
    stall.end.set()
    await scanning


async def test_a_read_is_heard_while_the_one_after_it_still_runs(database: Database) -> None:
    first, long = Stall(), Stall()
    holding = asyncio.create_task(database.read(first.query))
    await asyncio.to_thread(first.begun.wait, 10)
    short = asyncio.create_task(database.read(skus))
    waiting = asyncio.create_task(database.read(long.query))
    await asyncio.sleep(0)
    first.end.set()
    await holding
    assert await short == []
    await asyncio.to_thread(long.begun.wait, 10)
    assert not waiting.done()
    long.end.set()
    await waiting
