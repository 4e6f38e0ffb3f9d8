"""The worker takes what is due, one step at a time for an entity, with growing pauses after each
failure, and at once when it is nudged.
"""

import asyncio
import logging
import operator
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from services.common import recovery
from services.common.background import running
from services.common.database import Database, OutOfRoom, Overloaded, open_database
from services.common.recovery import NotKnown, Recovery
from tests.shop import until


class Entities:
    """Things with steps left to take; a step can be kept waiting, and can fail."""

    def __init__(self, **left: int) -> None:
        self.left = left
        self.at: dict[str, list[float]] = {name: [] for name in left}
        self.failure: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.looks = 0
        self.looks_fail_with: Exception | None = None
        self.busy = self.busiest = 0

    def due(self, _conn: sqlite3.Connection) -> Sequence[str]:
        self.looks += 1
        if self.looks_fail_with is not None:
            raise self.looks_fail_with
        return [name for name, left in self.left.items() if left]

    async def step(self, name: str) -> bool:
        self.at[name].append(asyncio.get_running_loop().time())
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            await self.open.wait()
        finally:
            self.busy -= 1
        if self.failure is not None:
            raise self.failure
        if not self.left[name]:
            return False
        self.left[name] -= 1
        return True

    async def tried(self, times: int, name: str = "a") -> None:
        """Wait until a step of an entity has been tried so often."""
        await until(lambda: len(self.at[name]) >= times)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    migration = "CREATE TABLE some (id INTEGER) STRICT;"
    async with open_database(tmp_path / "some.db", [migration]) as database:
        yield database


@pytest.fixture
def rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    """No look and no second try comes by itself within a test's time."""
    monkeypatch.setattr(recovery, "EVERY_SECONDS", 3600.0)
    monkeypatch.setattr(recovery, "FIRST_BACKOFF", 3600.0)
    monkeypatch.setattr(recovery, "LAST_BACKOFF", 3600.0)


@asynccontextmanager
async def working(database: Database, entities: Entities) -> AsyncIterator[Recovery]:
    worker = Recovery(database, entities.due, entities.step)
    async with running(worker.run, "recovery"):
        yield worker


@pytest.mark.usefixtures("rarely")
async def test_what_is_due_at_the_start_is_taken_to_its_end(database: Database) -> None:
    entities = Entities(a=3, b=1, c=0)
    async with working(database, entities):
        await until(lambda: not any(entities.left.values()))
    assert [len(tried) for tried in entities.at.values()] == [4, 2, 0]


async def test_it_looks_again_by_itself(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "EVERY_SECONDS", 0.01)
    entities = Entities(a=0)
    async with working(database, entities):
        await until(lambda: entities.looks > 2)
        entities.left["a"] = 1
        await until(lambda: entities.left["a"] == 0)


@pytest.mark.usefixtures("rarely")
async def test_it_looks_at_once_when_it_is_woken(database: Database) -> None:
    entities = Entities(a=0)
    async with working(database, entities) as worker:
        await until(lambda: entities.looks)
        entities.left["a"] = 1
        worker.wake()
        await until(lambda: entities.left["a"] == 0)


async def test_after_each_failure_it_waits_longer_up_to_a_bound(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "EVERY_SECONDS", 3600.0)
    monkeypatch.setattr(recovery, "FIRST_BACKOFF", 0.02)
    monkeypatch.setattr(recovery, "LAST_BACKOFF", 0.08)
    monkeypatch.setattr("random.uniform", lambda _least, most: most)
    entities = Entities(a=1)
    entities.failure = NotKnown("not yet")
    async with working(database, entities):
        await entities.tried(6)
    pauses = [after - before for before, after in pairwise(entities.at["a"])]
    least = [0.02, 0.04, 0.08, 0.08, 0.08]
    assert all(map(operator.ge, pauses[:5], least))


@pytest.mark.usefixtures("rarely")
async def test_a_nudge_ends_the_waiting(database: Database) -> None:
    entities = Entities(a=1)
    entities.failure = NotKnown("not yet")
    async with working(database, entities) as worker:
        await entities.tried(1)
        await until(lambda: not entities.busy)
        entities.failure = None
        worker.nudge()
        await until(lambda: entities.left["a"] == 0)


@pytest.mark.usefixtures("rarely")
async def test_being_woken_does_not_end_the_waiting(database: Database) -> None:
    entities = Entities(a=1, b=0)
    entities.failure = NotKnown("not yet")
    async with working(database, entities) as worker:
        await entities.tried(1)
        entities.failure = None
        entities.left["b"] = 1
        worker.wake()
        await until(lambda: entities.left["b"] == 0)
    assert entities.left["a"] == 1


async def test_while_a_step_takes_its_time_it_does_not_look_without_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "EVERY_SECONDS", 3600.0)
    monkeypatch.setattr(recovery, "FIRST_BACKOFF", 0.01)
    entities = Entities(a=1)
    entities.failure = NotKnown("not yet")
    async with working(database, entities) as worker:
        await entities.tried(1)
        entities.open.clear()
        await entities.tried(2)
        looks = entities.looks
        with pytest.raises(TimeoutError):
            await until(lambda: entities.looks > looks + 1, seconds=0.1)
        entities.failure = None
        entities.open.set()
        worker.nudge()
        await until(lambda: entities.left["a"] == 0)


@pytest.mark.usefixtures("rarely")
async def test_the_worker_and_a_request_take_an_entitys_steps_one_at_a_time(
    database: Database,
) -> None:
    entities = Entities(a=5)
    async with working(database, entities) as worker:
        await asyncio.gather(*(worker.advance("a", within=5.0) for _ in range(5)))
        await until(lambda: entities.left["a"] == 0)
    assert entities.busiest == 1


@pytest.mark.usefixtures("rarely")
async def test_entities_do_not_wait_for_each_other_up_to_a_bound(database: Database) -> None:
    entities = Entities(**{f"e{n}": 1 for n in range(recovery.AT_ONCE + 5)})
    entities.open.clear()
    async with working(database, entities):
        await until(lambda: entities.busy == recovery.AT_ONCE)
        entities.open.set()
        await until(lambda: not any(entities.left.values()))
    assert entities.busiest == recovery.AT_ONCE


async def test_a_request_waits_no_longer_than_it_may(database: Database) -> None:
    entities = Entities(a=1)
    entities.open.clear()
    worker = Recovery(database, entities.due, entities.step)
    await worker.advance("a", within=0.01)
    assert entities.left["a"] == 1
    entities.open.set()
    await worker.advance("a", within=5.0)
    assert entities.left["a"] == 0


@pytest.mark.parametrize(
    "failure", [NotKnown("not yet"), OutOfRoom("no room"), KeyError("a mistake of ours")]
)
async def test_a_step_that_fails_in_a_request_is_left_to_the_worker(
    database: Database, failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "EVERY_SECONDS", 3600.0)
    monkeypatch.setattr(recovery, "FIRST_BACKOFF", 0.01)
    entities = Entities(a=0)
    entities.failure = failure
    async with working(database, entities) as worker:
        await until(lambda: entities.looks)
        entities.left["a"] = 1
        await worker.advance("a", within=5.0)
        entities.failure = None
        await until(lambda: entities.left["a"] == 0)


async def test_an_unexpected_failure_of_one_ends_the_work_on_no_other(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(recovery, "FIRST_BACKOFF", 0.01)
    entities = Entities(a=1, b=1)
    entities.failure = KeyError("a mistake of ours")
    with caplog.at_level(logging.ERROR):
        async with working(database, entities):
            await entities.tried(1, "a")
            await entities.tried(1, "b")
            entities.failure = None
            await until(lambda: not any(entities.left.values()))
    assert "a step failed" in caplog.text


async def test_a_look_that_fails_is_followed_by_another(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "EVERY_SECONDS", 0.01)
    entities = Entities(a=1)
    entities.looks_fail_with = Overloaded("too many")
    async with working(database, entities):
        await until(lambda: entities.looks > 1)
        entities.looks_fail_with = None
        await until(lambda: entities.left["a"] == 0)
