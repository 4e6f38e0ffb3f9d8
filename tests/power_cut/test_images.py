"""Opening what a cut has left: lost rows and damage are seen, and cuts fall everywhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path, PurePath

from services.common.storage.database import open_database
from tests.schemas import schema_of

from .disk import Fate
from .images import Cut, cuts, examined
from .operations import Heard, MakeFolder, Open, Operation, Started, Sync, Truncate, Write
from .recording import DATABASE
from .rows import SCHEMA, change

HERE = PurePath()


def nothing_more(_conn: sqlite3.Connection) -> None:
    """A unit that does nothing."""


async def written(path: Path, more: Callable[[sqlite3.Connection], None] = nothing_more) -> bytes:
    """A file with the first version of one row, and what `more` does to it."""
    async with open_database(path, schema_of(SCHEMA)) as database:
        await database.write(change, 1, 1)
        await database.write(more)
    with path.open("rb") as file:
        return file.read()


def life(content: bytes) -> list[Operation]:
    """That file is made and synced, and the row is heard of."""
    names = (MakeFolder(DATABASE.parent), Open(DATABASE), Sync(HERE), Sync(DATABASE.parent))
    return [Started(), *names, Write(DATABASE, 0, content), Sync(DATABASE), Heard({1: 1})]


def after_all(operations: list[Operation], fate: Fate) -> list[Cut]:
    return [Cut(len(operations), "anywhere", fate, "")]


async def test_a_row_that_was_heard_of_and_synced_is_found(tmp_path: Path) -> None:
    operations = life(await written(tmp_path / "shop.db"))
    found = await examined(operations, after_all(operations, "nothing kept"), tmp_path / "images")
    assert (found.losing, found.corrupt, found.looked_for) == ([], [], 1)
    assert not list((tmp_path / "images").iterdir())


async def test_a_row_that_was_heard_of_before_it_was_synced_is_lost(tmp_path: Path) -> None:
    operations = life(await written(tmp_path / "shop.db"))
    operations.remove(Sync(DATABASE))
    found = await examined(operations, after_all(operations, "nothing kept"), tmp_path / "images")
    assert "row 1 is version 0, 1 was acknowledged" in found.losing[0]
    assert (tmp_path / "images" / "0" / DATABASE).exists()


async def test_an_older_version_than_was_heard_of_is_lost(tmp_path: Path) -> None:
    operations = [*life(await written(tmp_path / "shop.db")), Heard({1: 2})]
    found = await examined(operations, after_all(operations, "nothing kept"), tmp_path / "images")
    assert "row 1 is version 1, 2 was acknowledged" in found.losing[0]


async def test_half_a_unit_of_work_is_damage(tmp_path: Path) -> None:
    def delete(conn: sqlite3.Connection) -> None:
        conn.execute("DELETE FROM rows")

    operations = life(await written(tmp_path / "shop.db", delete))
    found = await examined(operations, after_all(operations, "nothing kept"), tmp_path / "images")
    assert "row 1 is not what version 1 made of it" in found.corrupt[0]


async def test_a_file_that_does_not_open_is_damage(tmp_path: Path) -> None:
    operations = [*life(await written(tmp_path / "shop.db")), Truncate(DATABASE, 5000)]
    found = await examined(
        operations, after_all(operations, "everything kept"), tmp_path / "images"
    )
    assert len(found.corrupt) == 1


def test_a_seed_chooses_the_same_cuts_wherever_something_is_written() -> None:
    serving: list[Operation] = [Write(DATABASE, 0, b"page"), Sync(DATABASE), Heard({2: 1})]
    operations = [*life(b"file"), *serving, *life(b"file")]
    chosen = cuts(operations, 60, seed=1)
    assert {cut.where for cut in chosen} == {
        "first start",
        "restart",
        "checkpoint",
        "before a sync",
        "after an answer",
        "anywhere",
    }
    assert {cut.after for cut in chosen} == set(range(len(operations) + 1))
    assert cuts(operations, 60, seed=1) == chosen != cuts(operations, 60, seed=2)
