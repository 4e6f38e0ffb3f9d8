"""Databases that are written to all the time are read as they are at one instant, and no write
fails for it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from services.common.storage.database import Database, open_database
from services.common.storage.file import read_only_uri
from services.operations import OperationError
from services.operations.backup.snapshot import NotServed, one_instant
from tests.schemas import schema_of
from tests.shop import until

SCHEMA = "CREATE TABLE counter (number INTEGER NOT NULL) STRICT; INSERT INTO counter VALUES (0);"
WRITERS = 8
NOBODY = 65534


@dataclass
class Pair:
    """Two counters in two databases: each writer raises the first and then the second."""

    paths: tuple[Path, Path]
    databases: tuple[Database, Database]

    @asynccontextmanager
    async def written_to(self) -> AsyncIterator[None]:
        """Have all writers at work meanwhile; a write that fails is raised."""
        stop = asyncio.Event()

        async def write() -> None:
            while not stop.is_set():
                for database in self.databases:
                    await database.write(count)

        async with asyncio.TaskGroup() as group:
            for _ in range(WRITERS):
                group.create_task(write())
            yield
            stop.set()


def count(conn: sqlite3.Connection) -> None:
    conn.execute("UPDATE counter SET number = number + 1")


def number(conn: sqlite3.Connection) -> int:
    return int(conn.execute("SELECT number FROM counter").fetchone()[0])


def fit(numbers: Iterable[int]) -> bool:
    """Whether both can have been so at one time: a writer has raised the first alone at most."""
    first, second = numbers
    return 0 <= first - second <= WRITERS


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    paths = (tmp_path / "first.db", tmp_path / "second.db")
    async with (
        open_database(paths[0], schema_of(SCHEMA)) as first,
        open_database(paths[1], schema_of(SCHEMA)) as second,
    ):
        yield Pair(paths, (first, second))


class SlowToRead(sqlite3.Connection):
    """Takes a while for what it reads, in which much would be written if the gate let it."""

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        cursor = super().execute(sql, *parameters)
        if sql.startswith("SELECT"):
            time.sleep(0.02)
        return cursor


async def test_databases_read_at_one_instant_agree_under_load(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> list[int]:
        with one_instant(pair.paths) as instant:
            return [number(instant.readers[path]) for path in pair.paths]

    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=SlowToRead))
    async with pair.written_to():
        seen = [await asyncio.to_thread(read) for _ in range(4)]
    assert [numbers for numbers in seen if not fit(numbers)] == []
    assert seen[0] < seen[-1]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_databases_read_one_after_the_other_do_not_agree(
    pair: Pair, order: tuple[int, int]
) -> None:
    """The proof that the check above can tell."""
    seen: dict[int, int] = {}

    async def is_much_later() -> bool:
        now = await pair.databases[1].read(number)
        return now > max(seen.values()) + 2 * WRITERS

    async with pair.written_to():
        for which in order:
            with closing(sqlite3.connect(read_only_uri(pair.paths[which]), uri=True)) as conn:
                seen[which] = number(conn)
            await until(is_much_later)
    assert not fit((seen[0], seen[1]))


async def test_a_later_write_is_not_seen(pair: Pair) -> None:
    with one_instant(pair.paths) as instant:
        await pair.databases[0].write(count)
        assert number(instant.readers[pair.paths[0]]) == 0
    assert await pair.databases[0].read(number) == 1


async def test_a_service_can_end_and_start_during_a_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "counter.db"
    async with open_database(path, schema_of(SCHEMA)) as database:
        instant = one_instant([path])
        reader = instant.__enter__().readers[path]
        await database.write(count)
    async with open_database(path, schema_of(SCHEMA)) as database:
        await database.write(count)
        assert number(reader) == 0
        instant.__exit__(None, None, None)
        assert await database.read(number) == 2


async def test_a_database_that_is_never_free_is_named_and_the_other_is_not_held(pair: Pair) -> None:
    def read() -> None:
        with one_instant(pair.paths, patience=1.0):
            raise AssertionError

    with closing(sqlite3.connect(pair.paths[1], isolation_level=None)) as in_the_way:
        in_the_way.execute("BEGIN IMMEDIATE")
        reading = asyncio.create_task(asyncio.to_thread(read))
        while not reading.done():
            await pair.databases[0].write(count)
        with pytest.raises(OperationError, match=r"second\.db is locked by a program"):
            await reading
    for database in pair.databases:
        await database.write(count)


def test_a_database_whose_service_is_only_about_to_open_it_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(path := tmp_path / "fresh.db")) as conn:
        conn.executescript(SCHEMA)
    with pytest.raises(NotServed), one_instant([path]):
        pass
    assert [file.name for file in tmp_path.iterdir()] == ["fresh.db"]


async def test_the_wal_of_a_killed_service_is_left_as_it_was(pair: Pair, tmp_path: Path) -> None:
    await pair.databases[0].write(count)
    (tmp_path / "killed").mkdir()
    for end in ("", "-wal"):
        shutil.copy(f"{pair.paths[0]}{end}", tmp_path / "killed")
    path = tmp_path / "killed" / "first.db"
    wal = path.with_name("first.db-wal")
    before = (path.read_bytes(), wal.read_bytes())
    with one_instant([path]) as instant:
        assert number(instant.readers[path]) == 1
    assert (path.read_bytes(), wal.read_bytes()) == before


@contextmanager
def one_who_may_only_read(folder: Path) -> Iterator[None]:
    """Be a user meanwhile who may not write what is in the folder; root may write anything."""
    folder.chmod(0o755)
    for file in folder.iterdir():
        file.chmod(0o444)
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="needs the permissions of POSIX")
async def test_a_user_who_may_only_read_is_told_that_writers_cannot_be_held() -> None:
    # Not in tmp_path: nobody but its owner gets as far as that.
    with TemporaryDirectory() as place:
        path = Path(place) / "counter.db"
        async with open_database(path, schema_of(SCHEMA)):
            with (
                one_who_may_only_read(path.parent),
                pytest.raises(OperationError, match=r"do this as the user that the shop runs as"),
                one_instant([path]),
            ):
                pass
