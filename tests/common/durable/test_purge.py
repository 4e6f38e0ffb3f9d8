"""The purge: in small batches, until nothing is left, whatever fails."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.common.durable import purge
from services.common.durable.purge import ROWS_AT_ONCE, forget_all
from services.common.storage.database import Database, open_database
from tests.schemas import schema_of
from tests.shop import until

NOW = "2026-01-01T00:00:00.000Z"


@pytest.fixture
async def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """One with many old loaves."""
    monkeypatch.setattr(purge, "PAUSE_SECONDS", 0.0)
    schema = schema_of("CREATE TABLE loaves (id INTEGER PRIMARY KEY)")
    async with open_database(tmp_path / "loaves.db", schema) as database:
        await database.write(bake, 3 * ROWS_AT_ONCE + 1)
        yield database


def bake(conn: sqlite3.Connection, loaves: int) -> None:
    conn.executemany("INSERT INTO loaves (id) VALUES (?)", [(each,) for each in range(loaves)])


def count(conn: sqlite3.Connection) -> int:
    return int(conn.execute("SELECT count(*) FROM loaves").fetchone()[0])


def eat(conn: sqlite3.Connection, now: str, limit: int) -> int:
    eaten = "DELETE FROM loaves WHERE id IN (SELECT id FROM loaves LIMIT ?)"
    return conn.execute(eaten, (limit,)).rowcount


async def test_what_is_old_goes_in_batches_until_nothing_is_left(database: Database) -> None:
    batches: list[int] = []

    def eat_and_tell(conn: sqlite3.Connection, now: str, limit: int) -> int:
        batches.append(eat(conn, now, limit))
        return batches[-1]

    await forget_all(database, [eat_and_tell], NOW)
    assert batches == [ROWS_AT_ONCE, ROWS_AT_ONCE, ROWS_AT_ONCE, 1]
    assert await database.read(count) == 0


async def test_others_write_between_two_batches(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []

    async def others(_seconds: float) -> None:
        left.append(await database.write(count))

    monkeypatch.setattr(asyncio, "sleep", others)
    await forget_all(database, [eat], NOW)
    assert left == [2 * ROWS_AT_ONCE + 1, ROWS_AT_ONCE + 1, 1]


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
