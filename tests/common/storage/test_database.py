"""The helper that every service keeps its data with, as its callers see it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import aiosqlite
import pytest

from services.common.storage.database import Database, DatabaseClosed, Overloaded, open_database
from services.common.storage.thread import on_thread
from tests.common.storage.batches import SCHEMA, Refused, add, held, refuse_if_taken, skus
from tests.schemas import schema_of


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA)) as opened:
        yield opened


async def test_a_write_returns_what_its_unit_returns_and_a_read_sees_it(database: Database) -> None:
    def stock(conn: sqlite3.Connection, sku: str, *, more: int) -> int:
        row = conn.execute("SELECT stock FROM products WHERE sku = ?", (sku,)).fetchone()
        return int(row["stock"]) + more

    assert await database.write(add("tea", 7)) == "tea"
    assert await database.read(stock, "tea", more=1) == 8
    assert await database.write(stock, "tea", more=2) == 9


async def test_what_a_unit_raises_is_raised_to_its_caller(database: Database) -> None:
    await database.write(add("tea"))
    with pytest.raises(Refused):
        await database.write(refuse_if_taken("tea"))
    with pytest.raises(Refused):
        await database.read(refuse_if_taken("tea"))


async def test_a_unit_that_runs_out_of_an_iterator_fails_alone(database: Database) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await database.write(lambda _conn: next(iter(())))
    assert await database.write(add("tea")) == "tea"


async def test_a_read_sees_every_write_that_was_answered_before_it(database: Database) -> None:
    seen = []

    async def write_and_look(n: int) -> None:
        await database.write(add(f"sku-{n}"))
        seen.append(f"sku-{n}" in await database.read(skus))

    await asyncio.gather(*(write_and_look(n) for n in range(100)))
    assert all(seen)


async def test_a_query_sees_one_state_of_the_whole_database(database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def look_twice(conn: sqlite3.Connection) -> tuple[list[str], list[str]]:
        first = skus(conn)
        begun.set()
        go_on.wait(10)
        return first, skus(conn)

    looking = asyncio.create_task(database.read(look_twice))
    await asyncio.to_thread(begun.wait, 10)
    await database.write(add("tea"))
    go_on.set()
    assert await looking == ([], [])


async def test_an_error_that_is_kept_does_not_hold_later_reads_in_the_past(
    database: Database,
) -> None:
    def refuse_half_way(conn: sqlite3.Connection) -> None:
        products = conn.execute("SELECT sku FROM products")
        raise Refused(products.fetchone()["sku"])

    await database.write(lambda conn: [add(sku)(conn) for sku in ("a", "b", "c")])
    kept = await asyncio.gather(database.read(refuse_half_way), return_exceptions=True)
    assert isinstance(kept[0], Refused)
    await database.write(add("d"))
    assert await database.read(skus) == ["a", "b", "c", "d"]


async def test_the_connection_that_writes_is_durable_and_holds_foreign_keys(
    database: Database,
) -> None:
    def pragma(conn: sqlite3.Connection, name: str) -> object:
        return conn.execute(f"PRAGMA {name}").fetchone()[0]

    assert await database.write(pragma, "journal_mode") == "wal"
    assert await database.write(pragma, "synchronous") == 2
    assert await database.write(pragma, "foreign_keys") == 1


async def test_an_emptied_wal_is_written_anew_from_its_beginning(
    database: Database, tmp_path: Path
) -> None:
    for n in range(5):
        await database.write(add(f"sku-{n}"))
    size = (tmp_path / "shop.db-wal").stat().st_size
    await database.empty_wal()
    await database.write(add("tea"))
    assert (tmp_path / "shop.db-wal").stat().st_size == size


async def test_a_unit_whose_caller_left_before_its_turn_is_not_run(database: Database) -> None:
    async with held(database):
        left = asyncio.create_task(database.write(add("tea")))
        stays = asyncio.create_task(database.write(add("jam")))
        await asyncio.sleep(0)
        left.cancel()
        await asyncio.wait({left})
    assert await stays == "jam"
    assert left.cancelled()
    assert await database.read(skus) == ["jam"]


async def test_a_unit_whose_caller_leaves_in_the_middle_is_run_whole(database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def add_two(conn: sqlite3.Connection) -> None:
        add("jam")(conn)
        begun.set()
        go_on.wait(10)
        add("tea")(conn)

    leaving = asyncio.create_task(database.write(add_two))
    await asyncio.to_thread(begun.wait, 10)
    leaving.cancel()
    await asyncio.wait({leaving})
    go_on.set()
    assert await database.write(skus) == ["jam", "tea"]


async def test_callers_that_leave_at_any_moment_leave_no_transaction_open(
    database: Database,
) -> None:
    for n in range(200):
        writes = [asyncio.create_task(database.write(add(f"{n}-{k}"))) for k in range(3)]
        for _ in range(n % 7):
            await asyncio.sleep(0)
        writes[n % 3].cancel()
        await asyncio.wait(writes)
    assert await database.write(add("last")) == "last"
    stored = await database.read(skus)
    assert len(stored) >= 400
    assert "last" in stored


async def test_past_the_queues_bound_a_write_is_refused_at_once(tmp_path: Path) -> None:
    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA), queue_limit=2) as database:
        async with held(database):
            waiting = [asyncio.create_task(database.write(add(sku))) for sku in ("a", "b")]
            await asyncio.sleep(0)
            with pytest.raises(Overloaded):
                await database.write(add("c"))
        await asyncio.gather(*waiting)
        assert await database.write(add("d")) == "d"
        assert await database.read(skus) == ["a", "b", "d"]


async def test_past_the_queues_bound_a_read_is_refused_at_once(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold(_conn: sqlite3.Connection) -> None:
        begun.set()
        go_on.wait(10)

    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA), queue_limit=1) as database:
        holding = asyncio.create_task(database.read(hold))
        await asyncio.to_thread(begun.wait, 10)
        waiting = asyncio.create_task(database.read(skus))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await database.check()
        go_on.set()
        await asyncio.gather(holding, waiting)
        await database.check()


async def test_closing_finishes_what_waits_and_refuses_what_comes(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    async with open_database(path, schema_of(SCHEMA)) as database:
        async with held(database):
            waiting = [asyncio.create_task(database.write(add(sku))) for sku in ("a", "b")]
            await asyncio.sleep(0)
            closing = asyncio.create_task(database.close())
            await asyncio.sleep(0)
            with pytest.raises(DatabaseClosed):
                await database.write(add("late"))
        await closing
        assert [task.result() for task in waiting] == ["a", "b"]
    async with open_database(path, schema_of(SCHEMA)) as database:
        assert await database.read(skus) == ["a", "b"]


async def test_after_the_end_nothing_is_left_running(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA)) as database:
        await database.write(add("tea"))
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
    assert set(threading.enumerate()) <= before
    with pytest.raises(DatabaseClosed):
        await database.write(add("jam"))


async def test_aiosqlite_runs_a_function_of_ours_on_the_connections_thread(tmp_path: Path) -> None:
    def where(conn: sqlite3.Connection, wanted: str) -> tuple[str, int]:
        return conn.execute("SELECT ?", (wanted,)).fetchone()[0], threading.get_ident()

    async with aiosqlite.connect(tmp_path / "any.db") as connection:
        first, thread = await on_thread(connection, where, "one")
        assert first == "one"
        assert thread != threading.get_ident()
        assert await on_thread(connection, where, wanted="two") == ("two", thread)
        with pytest.raises(sqlite3.OperationalError):
            await on_thread(connection, lambda conn: conn.execute("nonsense"))
