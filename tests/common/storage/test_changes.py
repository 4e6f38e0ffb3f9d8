"""Which rows have changed, as whoever keeps something in memory is told; and what is kept."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from services.common.storage import changes as changes_module
from services.common.storage.changes import Changes, WatchedTables
from services.common.storage.database import Database, open_database
from services.common.storage.memory import OVERHEAD, Memory
from tests.common.storage.batches import SCHEMA, FaultyConnection, Refused, add, faults, together
from tests.schemas import schema_of
from tests.shop import until

__all__ = ["faults"]


def stock_up(conn: sqlite3.Connection, sku: str) -> int:
    """A unit that changes the stock of a product; returns its row."""
    row = conn.execute(
        "UPDATE products SET stock = stock + 1 WHERE sku = ? RETURNING rowid", (sku,)
    )
    return int(row.fetchone()[0])


def rename(conn: sqlite3.Connection, sku: str, to: str) -> None:
    conn.execute("UPDATE products SET sku = ? WHERE sku = ?", (to, sku))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA)) as opened:
        yield opened


async def test_a_snapshot_from_before_a_change_has_that_row_no_more_and_the_others_still(
    database: Database,
) -> None:
    changes = await database.watch("products")
    await together(database, add("tea"), add("jam"))
    before = changes.generation
    tea = await database.write(stock_up, "tea")
    assert not changes.row_is_as_of(tea, before)
    assert changes.row_is_as_of(tea, changes.generation)
    assert changes.row_is_as_of(tea + 1, before)
    assert not changes.table_is_as_of(before)
    assert changes.table_is_as_of(changes.generation)


async def test_a_change_is_under_way_until_its_commit_and_settled_before_its_caller_hears(
    tmp_path: Path, faults: type[FaultyConnection]
) -> None:
    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA)) as database:
        await database.write(add("tea"))
        changes = await database.watch("products")
        faults.reached, faults.go_on = threading.Event(), threading.Event()
        before = changes.generation
        changing = asyncio.create_task(database.write(stock_up, "tea"))
        await asyncio.to_thread(faults.reached.wait, 10)
        assert not changes.row_is_as_of(1, changes.generation)
        assert not changes.table_is_as_of(changes.generation)
        assert changes.generation == before
        faults.go_on.set()
        tea = await changing
        assert changes.generation == before + 1
        assert changes.row_is_as_of(tea, changes.generation)


async def test_a_change_that_was_undone_leaves_nothing_under_way(database: Database) -> None:
    changes = await database.watch("products")

    def add_and_refuse(conn: sqlite3.Connection) -> None:
        add("half")(conn)
        raise Refused("half")

    with pytest.raises(Refused):
        await database.write(add_and_refuse)
    assert changes.table_is_as_of(changes.generation)


async def test_rows_that_come_and_go_are_changes(database: Database) -> None:
    changes = await database.watch("products", "sku")
    before = changes.generation
    await database.write(add("tea"))
    assert not changes.row_is_as_of(1, before)
    before = changes.generation
    await database.write(lambda conn: conn.execute("DELETE FROM products").rowcount)
    assert not changes.row_is_as_of(1, before)


async def test_of_named_columns_only_their_changes_are_told(database: Database) -> None:
    changes = await database.watch("products", "sku")
    await database.write(add("tea"))
    before = changes.generation
    await database.write(stock_up, "tea")
    assert changes.table_is_as_of(before)
    await database.write(rename, "tea", "jam")
    assert not changes.table_is_as_of(before)


async def test_tables_that_are_not_watched_change_nothing(database: Database) -> None:
    changes = await database.watch("photos")
    before = changes.generation
    await database.write(add("tea"))
    assert changes.table_is_as_of(before)


async def test_past_so_many_rows_all_count_as_changed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes_module, "MOST_ROWS", 2)
    changes = await database.watch("products")
    before = changes.generation
    await together(database, *(add(f"sku-{n}") for n in range(3)))
    assert not changes.row_is_as_of(99, before)
    assert changes.row_is_as_of(99, changes.generation)
    assert changes.row_is_as_of(1, changes.generation)


async def test_what_another_program_has_written_counts_as_a_change_soon(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes_module, "LOOK_SECONDS", 0.001)
    await database.write(add("tea"))
    changes = await database.watch("products")
    before = changes.generation
    with closing(sqlite3.connect(tmp_path / "shop.db")) as shell, shell:
        stock_up(shell, "tea")
    await until(lambda: not changes.row_is_as_of(1, before))


def watched(versions: list[int | None]) -> tuple[WatchedTables, Changes]:
    """A table of a database whose version is each of these in turn."""
    tables = WatchedTables(lambda: versions.pop(0))
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("CREATE TABLE products (sku)")
        return tables, tables.watch(conn, "products", ())


async def test_while_nobody_writes_nothing_counts_as_changed() -> None:
    tables, changes = watched([7, 7])
    tables.look()
    before = changes.generation
    tables.look()
    assert changes.table_is_as_of(before)
    tables.close()


async def test_when_it_cannot_be_told_whether_somebody_wrote_all_counts_as_changed() -> None:
    tables, changes = watched([7, None])
    tables.look()
    before = changes.generation
    tables.look()
    assert not changes.row_is_as_of(1, before)
    tables.close()


def test_a_value_is_told_only_while_it_is_exact() -> None:
    changes = Changes()
    memory = Memory[int, str](10_000, changes.row_is_as_of)
    memory.keep(1, "tea", 3, changes.generation)
    assert memory.get(1) == "tea"
    changes.under_way.add(1)
    assert memory.get(1) is None
    changes.settle()
    assert memory.get(1) is None
    memory.keep(1, "jam", 3, changes.generation)
    assert memory.get(1) == "jam"


def test_a_value_of_a_snapshot_from_before_a_change_is_kept_in_vain() -> None:
    changes = Changes()
    memory = Memory[int, str](10_000, changes.row_is_as_of)
    before = changes.generation
    changes.under_way.add(1)
    changes.settle()
    memory.keep(1, "tea", 3, before)
    assert memory.get(1) is None


def test_what_was_not_asked_for_the_longest_makes_room() -> None:
    memory = Memory[str, str](3 * (OVERHEAD + 10), lambda _key, _generation: True)
    for key in ("a", "b", "c"):
        memory.keep(key, key, 10, 0)
    assert memory.get("a") == "a"
    memory.keep("d", "d", 10, 0)
    assert [memory.get(key) for key in ("a", "b", "c", "d")] == ["a", None, "c", "d"]


def test_a_value_that_takes_the_place_of_another_takes_no_more_room() -> None:
    memory = Memory[str, int](2 * (OVERHEAD + 10), lambda _key, _generation: True)
    memory.keep("a", 0, 10, 0)
    for n in range(100):
        memory.keep("b", n, 10, 0)
    assert (memory.get("a"), memory.get("b")) == (0, 99)


def test_what_is_larger_than_all_the_room_is_not_kept() -> None:
    memory = Memory[str, str](1000, lambda _key, _generation: True)
    memory.keep("a", "a", 10, 0)
    memory.keep("b", "b", 5000, 0)
    assert (memory.get("a"), memory.get("b")) == ("a", None)
