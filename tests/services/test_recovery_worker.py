"""When the worker looks for what is due: no later than the shortest pause ends, and not without end
while a step takes its time.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from client.backoff import Backoff
from services.common.core.background import running
from services.common.durable import recovery
from services.common.durable.recovery import Inconclusive, Recovery
from services.common.storage.database import Database, open_database
from tests.schemas import schema_of
from tests.shop import until


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    migration = "CREATE TABLE some (id INTEGER) STRICT;"
    async with open_database(tmp_path / "some.db", schema_of(migration)) as database:
        yield database


@pytest.fixture(autouse=True)
def soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second try is due long before the next look comes by itself."""
    monkeypatch.setattr(recovery, "EVERY_SECONDS", 3600.0)
    monkeypatch.setattr(recovery, "BACKOFF", Backoff(0.01, 5.0))


async def test_the_worker_looks_again_when_the_shortest_pause_ends(database: Database) -> None:
    tries: list[str] = []

    async def step(entity: str, _seen: object) -> None:
        tries.append(entity)
        raise Inconclusive("not yet")

    async with running(Recovery(database, lambda _: ["a"], step).run, "recovery"):
        await until(lambda: len(tries) > 2)


async def test_wake_ups_soon_after_each_other_are_one_look(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "GATHER_SECONDS", 0.2)
    looks: list[list[str]] = []
    woken_for: list[str] = []

    def due(_conn: sqlite3.Connection) -> list[str]:
        looks.append(list(woken_for))
        return []

    async def step(_entity: str, _seen: object) -> None:
        raise AssertionError

    worker = Recovery(database, due, step)
    async with running(worker.run, "recovery"):
        await until(lambda: len(looks) == 1)
        for entity in ("a", "b", "c"):
            woken_for.append(entity)
            worker.wake()
            await asyncio.sleep(0)
        await until(lambda: len(looks) == 2)
    assert looks == [[], ["a", "b", "c"]]


async def test_a_slow_step_does_not_make_the_worker_look_without_end(
    database: Database,
) -> None:
    looks: list[int] = []
    tries: list[str] = []
    second_try = asyncio.Event()

    def due(_conn: sqlite3.Connection) -> list[str]:
        looks.append(len(looks))
        return ["a"]

    async def step(entity: str, _seen: object) -> None:
        tries.append(entity)
        if len(tries) > 1:
            await second_try.wait()
        raise Inconclusive("not yet")

    async with running(Recovery(database, due, step).run, "recovery"):
        await until(lambda: len(tries) == 2)
        so_far = len(looks)
        with pytest.raises(TimeoutError):
            await until(lambda: len(looks) > so_far + 1, seconds=0.1)
