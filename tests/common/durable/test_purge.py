"""The purge: in small batches, until nothing is left, whatever fails."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.common.durable import purge
from services.common.durable.purge import (
    BATCH_SECONDS,
    FIRST_ROWS,
    LEAST_ROWS,
    forget_all,
)
from services.common.storage.database import Database, open_database
from tests.schemas import schema_of
from tests.shop import until

NOW = "2026-01-01T00:00:00.000Z"
LOAVES = 1_000


@pytest.fixture
async def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """One with many old loaves."""
    monkeypatch.setattr(purge, "PAUSE", 0.0)
    schema = schema_of("CREATE TABLE loaves (id INTEGER PRIMARY KEY)")
    async with open_database(tmp_path / "loaves.db", schema) as database:
        await database.write(bake, LOAVES)
        yield database


def bake(conn: sqlite3.Connection, loaves: int) -> None:
    conn.executemany("INSERT INTO loaves (id) VALUES (?)", [(each,) for each in range(loaves)])


def count(conn: sqlite3.Connection) -> int:
    return int(conn.execute("SELECT count(*) FROM loaves").fetchone()[0])


def eat(conn: sqlite3.Connection, now: str, limit: int) -> int:
    eaten = "DELETE FROM loaves WHERE id IN (SELECT id FROM loaves LIMIT ?)"
    return conn.execute(eaten, (limit,)).rowcount


class Eater:
    """A unit of work that tells how many it ate, and takes as long for each as a test says."""

    __name__ = "eat"

    def __init__(self, seconds: float) -> None:
        self.batches: list[int] = []
        self.now = 0.0
        self._seconds = seconds

    def __call__(self, conn: sqlite3.Connection, now: str, limit: int) -> int:
        self.batches.append(eat(conn, now, limit))
        self.now += self.batches[-1] * self._seconds
        return self.batches[-1]

    def clock(self) -> float:
        return self.now


async def test_what_is_old_goes_in_batches_until_nothing_is_left(database: Database) -> None:
    eater = Eater(0.0)
    await forget_all(database, [eater], NOW, clock=eater.clock)
    assert eater.batches[0] == FIRST_ROWS
    assert sum(eater.batches) == LOAVES
    assert await database.read(count) == 0


async def test_a_batch_is_as_large_as_its_time_allows(database: Database) -> None:
    eater = Eater(BATCH_SECONDS / 100)
    await forget_all(database, [eater], NOW, clock=eater.clock)
    assert all(75 <= batch <= 125 for batch in eater.batches[5:-1])


async def test_a_batch_is_never_too_large(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "MOST_ROWS", 100)
    eater = Eater(0.0)
    await forget_all(database, [eater], NOW, clock=eater.clock)
    assert max(eater.batches) == eater.batches[-2] == 100


async def test_a_batch_is_never_too_small(database: Database) -> None:
    eater = Eater(1.0)
    await forget_all(database, [eater], NOW, clock=eater.clock)
    assert eater.batches[-2] == LEAST_ROWS


async def test_others_write_between_two_batches(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    eater, left = Eater(0.0), []

    async def others(_seconds: float) -> None:
        left.append(await database.write(count))

    monkeypatch.setattr(asyncio, "sleep", others)
    await forget_all(database, [eater], NOW, clock=eater.clock)
    done = itertools.accumulate(eater.batches)
    assert left == [LOAVES - eaten for eaten in done][:-1]


async def test_the_pause_is_twice_as_long_as_the_batch(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    eater, pauses = Eater(0.001), []

    async def rest(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(purge, "PAUSE", 2.0)
    monkeypatch.setattr(asyncio, "sleep", rest)
    await forget_all(database, [eater], NOW, clock=eater.clock)
    assert pauses == pytest.approx([0.002 * batch for batch in eater.batches[:-1]])


async def test_the_wal_is_emptied_meanwhile(database: Database, tmp_path: Path) -> None:
    eater = Eater(1.0)
    await forget_all(database, [eater], NOW, clock=eater.clock)
    assert len(eater.batches) > 50  # each of which writes three pages or more
    assert (tmp_path / "loaves.db-wal").stat().st_size < 50 * 4096


async def test_what_cannot_go_is_logged_and_keeps_nothing_else(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    def burn(conn: sqlite3.Connection, now: str, limit: int) -> int:
        raise sqlite3.IntegrityError("a loaf only grows")

    await forget_all(database, [burn, eat], NOW)
    assert await database.read(count) == 0
    (record,) = caplog.records
    assert (record.message, vars(record)["what"]) == ("what is old stays", "burn")
    assert "a loaf only grows" in vars(record)["reason"]


async def test_what_grows_old_later_goes_later(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aiohttp import web

    from services.common.web.keys import DATABASE

    monkeypatch.setattr(purge, "EVERY_SECONDS", 0.01)
    app = web.Application()
    app[DATABASE] = database

    async def all_gone() -> bool:
        return await database.read(count) == 0

    context = purge.purge([eat])(app)
    await anext(context)
    await until(all_gone)
    await database.write(bake, 5)
    await until(all_gone)
    await anext(context, None)
