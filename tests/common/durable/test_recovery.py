"""The recovery worker, with steps and peers that a test makes up."""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import sqlite3
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from client.backoff import Backoff
from services.common.core import background
from services.common.core.background import running
from services.common.durable import recovery
from services.common.durable.recovery import Inconclusive, Recovery, Taken
from services.common.storage.database import Database, DatabaseError, open_database
from services.common.storage.transition import StaleState
from services.common.web.responses import StoredResponse
from tests.common.bakery import SCHEMA
from tests.schemas import schema_of
from tests.shop import until


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "bakery.db", schema_of(SCHEMA)) as database:
        yield database


@pytest.fixture
def never_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing happens by time alone: neither the second's look nor the end of a backoff."""
    monkeypatch.setattr(recovery, "EVERY_SECONDS", 1000.0)
    monkeypatch.setattr(recovery, "BACKOFF", Backoff(1000.0, 1000.0))


class Loaves:
    """Entities with steps to take, each done with one call; a test says how that goes."""

    def __init__(self, **steps: int) -> None:
        self.steps = dict(steps)
        self.taken: list[str] = []
        self.tried: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.meanwhile: Callable[[str], Awaitable[None]] = self.nothing

    async def nothing(self, name: str) -> None:
        await asyncio.sleep(0)

    def due(self, _conn: sqlite3.Connection) -> list[str]:
        return [name for name, left in self.steps.items() if left]

    async def step(self, name: str, _seen: object) -> Taken | None:
        if not self.steps[name]:
            return None
        self.tried.append(name)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.meanwhile(name)
        finally:
            self.at_once -= 1
        self.steps[name] -= 1
        self.taken.append(name)
        return Taken(self.steps[name])

    @property
    def all_done(self) -> bool:
        return not any(self.steps.values())


@asynccontextmanager
async def working(database: Database, loaves: Loaves) -> AsyncIterator[Recovery]:
    worker = Recovery(database, loaves.due, loaves.step)
    async with running(worker.run, "recovery"):
        yield worker


async def test_steps_due_at_the_start_are_taken_to_the_end(database: Database) -> None:
    loaves = Loaves(rye=3, oat=1)
    async with working(database, loaves):
        await until(lambda: loaves.all_done)
    assert sorted(loaves.taken) == ["oat", "rye", "rye", "rye"]


@pytest.mark.usefixtures("never_by_itself")
async def test_steps_that_become_due_are_taken_when_the_worker_is_woken(database: Database) -> None:
    loaves = Loaves()
    async with working(database, loaves) as worker:
        loaves.steps["rye"] = 2
        worker.wake()
        await until(lambda: loaves.all_done)


async def test_steps_that_become_due_are_taken_without_a_wake(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "EVERY_SECONDS", 0.01)
    loaves = Loaves()
    async with working(database, loaves):
        loaves.steps["rye"] = 1
        await until(lambda: loaves.all_done)


@pytest.mark.usefixtures("never_by_itself")
async def test_the_steps_of_one_entity_are_taken_one_at_a_time(database: Database) -> None:
    loaves = Loaves(rye=20)
    async with working(database, loaves) as worker:
        await asyncio.gather(*(worker.advance("rye", within=10) for _ in range(10)))
        assert loaves.all_done
    assert loaves.most_at_once == 1
    assert len(loaves.taken) == 20


async def test_a_bounded_number_of_entities_is_advanced_at_once(
    database: Database,
) -> None:
    loaves = Loaves(**{f"loaf_{number}": 2 for number in range(50)})
    async with working(database, loaves):
        await until(lambda: loaves.all_done)
    assert loaves.most_at_once == recovery.AT_ONCE


@pytest.mark.usefixtures("never_by_itself")
async def test_an_inconclusive_step_waits_and_the_others_go_on(database: Database) -> None:
    async def only_rye(name: str) -> None:
        if name != "rye":
            raise Inconclusive("no answer")

    loaves = Loaves(oat=1, rye=2, spelt=1)
    loaves.meanwhile = only_rye
    async with working(database, loaves):
        await until(lambda: loaves.steps["rye"] == 0)
    assert sorted(loaves.tried) == ["oat", "rye", "rye", "spelt"]


@pytest.mark.usefixtures("never_by_itself")
async def test_an_unexpected_failure_is_logged_and_the_others_go_on(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def burn_oat(name: str) -> None:
        if name == "oat":
            raise RuntimeError("burnt")

    loaves = Loaves(oat=1, rye=2)
    loaves.meanwhile = burn_oat
    async with working(database, loaves) as worker:
        await until(lambda: loaves.steps["rye"] == 0)
        await until(lambda: "oat" in loaves.tried)
        loaves.meanwhile = loaves.nothing
        await until(lambda: any(record.exc_info for record in caplog.records))
        worker.nudge()
        await until(lambda: loaves.all_done)


@pytest.mark.usefixtures("never_by_itself")
async def test_a_nudge_ends_the_backoff_and_a_wake_does_not(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def no_answer(_name: str) -> None:
        raise Inconclusive("no answer")

    loaves = Loaves(oat=1)
    loaves.meanwhile = no_answer
    async with working(database, loaves) as worker:
        await until(lambda: "not settled yet" in caplog.messages)
        loaves.meanwhile = loaves.nothing
        loaves.steps["rye"] = 1
        worker.wake()
        await until(lambda: "rye" in loaves.taken)
        assert loaves.tried == ["oat", "rye"]
        worker.nudge()
        await until(lambda: loaves.all_done)


async def test_the_pause_before_the_next_try_doubles_up_to_the_longest(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "BACKOFF", Backoff(0.01, 0.04))
    tried_at: list[float] = []

    async def no_answer(_name: str) -> None:
        tried_at.append(time.monotonic())
        raise Inconclusive("no answer")

    loaves = Loaves(oat=1)
    loaves.meanwhile = no_answer
    async with working(database, loaves):
        await until(lambda: len(tried_at) == 6)
    gaps = [later - sooner for sooner, later in itertools.pairwise(tried_at)]
    shortest = [0.005, 0.01, 0.02, 0.02, 0.02]
    assert all(gap >= least for gap, least in zip(gaps, shortest, strict=True)), gaps


async def test_a_step_that_goes_through_begins_the_pauses_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[int] = []

    class Recorded(Backoff):
        def delay(self, failures_in_a_row: int) -> float:
            failures.append(failures_in_a_row)
            return super().delay(failures_in_a_row)

    monkeypatch.setattr(recovery, "BACKOFF", Recorded(0.001, 0.1))
    tries = itertools.count(1)

    async def now_and_then(_name: str) -> None:
        if next(tries) not in (4, 7):
            raise Inconclusive("no answer")

    loaves = Loaves(oat=2)
    loaves.meanwhile = now_and_then
    async with working(database, loaves):
        await until(lambda: loaves.all_done)
    assert failures == [1, 2, 3, 1, 2]


@pytest.mark.usefixtures("never_by_itself")
async def test_advance_returns_at_its_deadline_and_the_worker_goes_on(
    database: Database,
) -> None:
    go_on = asyncio.Event()

    async def slowly(_name: str) -> None:
        await go_on.wait()

    loaves = Loaves()
    loaves.meanwhile = slowly
    async with working(database, loaves) as worker:
        loaves.steps["rye"] = 1
        await worker.advance("rye", within=0.01)
        assert not loaves.all_done
        go_on.set()
        await until(lambda: loaves.all_done)


@pytest.mark.usefixtures("never_by_itself")
@pytest.mark.parametrize(
    "failure", [Inconclusive("no answer"), DatabaseError("no room"), RuntimeError("burnt")]
)
async def test_advance_raises_no_failure_and_the_worker_tries_again(
    database: Database, failure: Exception
) -> None:
    failures = [failure]

    async def once_in_vain(_name: str) -> None:
        if failures:
            raise failures.pop()

    loaves = Loaves()
    loaves.meanwhile = once_in_vain
    async with working(database, loaves) as worker:
        loaves.steps["rye"] = 1
        await worker.advance("rye", within=10)
        await until(lambda: loaves.all_done)


@pytest.mark.parametrize("failure", [DatabaseError("the disk fails"), RuntimeError("a mistake")])
async def test_a_look_that_fails_is_followed_by_the_next(
    database: Database, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    monkeypatch.setattr(recovery, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(background, "AGAIN_SECONDS", 0.01)
    failures = [failure]
    loaves = Loaves(rye=1)

    def due(conn: sqlite3.Connection) -> list[str]:
        if failures:
            raise failures.pop()
        return loaves.due(conn)

    worker = Recovery(database, due, loaves.step)
    async with running(worker.run, "recovery"):
        await until(lambda: loaves.all_done)


class Name(str):
    """A name of which one can tell whether anything still refers to it."""


async def test_nothing_is_remembered_of_what_is_settled(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(recovery, "BACKOFF", Backoff(0.001, 0.001))
    tries = itertools.count(1)
    due_names: list[weakref.ref[Name]] = []
    settled = False

    def due(_conn: sqlite3.Connection) -> list[str]:
        if settled:
            return []
        name = Name("rye")
        due_names.append(weakref.ref(name))
        return [name]

    async def step(_name: str, _seen: object) -> Taken | None:
        nonlocal settled
        if settled:
            return None
        if next(tries) < 3:
            raise Inconclusive("no answer")
        settled = True
        return Taken(None)

    def are_forgotten() -> bool:
        gc.collect()
        return [name() for name in due_names[:-1]] == [None] * (len(due_names) - 1)

    worker = Recovery(database, due, step)
    async with running(worker.run, "recovery"):
        await until(lambda: settled)
        await worker.advance("rye", within=1)
        worker.wake()
        await until(are_forgotten)
    assert len(due_names) >= 3


class Rows:
    """One entity of two steps, of which the second settles it; notes the rows that it is handed."""

    FINAL = StoredResponse(200, b"{}")

    def __init__(self) -> None:
        self.handed: list[object] = []
        self.left = 2
        self.stale = 0

    async def step(self, _name: str, seen: object) -> Taken | None:
        self.handed.append(seen)
        if self.stale:
            self.stale -= 1
            raise StaleState
        if not self.left:
            return None
        self.left -= 1
        return Taken(f"{self.left} left", None if self.left else self.FINAL)


@pytest.fixture
def rows() -> Rows:
    return Rows()


async def test_a_step_is_handed_the_row_that_the_step_before_has_left(
    database: Database, rows: Rows
) -> None:
    worker = Recovery(database, lambda _: [], rows.step)
    await worker.advance("rye", within=1, begun="as begun")
    assert rows.handed == ["as begun", "1 left", "0 left"]


async def test_after_a_stale_answer_the_row_is_read_again(database: Database, rows: Rows) -> None:
    rows.stale = 1
    worker = Recovery(database, lambda _: [], rows.step)
    await worker.advance("rye", within=1, begun="as begun")
    assert rows.handed == ["as begun", None, "1 left", "0 left"]


async def test_a_row_that_others_have_worked_on_meanwhile_is_read_again(
    database: Database,
) -> None:
    loaves, handed = Loaves(rye=1), list[object]()
    go_on = asyncio.Event()

    async def wait(_name: str) -> None:
        await go_on.wait()

    loaves.meanwhile = wait

    async def step(name: str, seen: object) -> Taken | None:
        handed.append(seen)
        return await loaves.step(name, seen)

    worker = Recovery(database, lambda _: [], step)
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(worker.advance("rye", within=1, begun="as begun"))
        await until(lambda: bool(handed))
        go_on.set()
    assert handed == ["as begun", 0, None]


async def test_who_takes_the_step_that_settles_gets_its_final_response(
    database: Database, rows: Rows
) -> None:
    worker = Recovery(database, lambda _: [], rows.step)
    assert await worker.advance("rye", within=1) is Rows.FINAL
    assert await worker.advance("rye", within=1) is None
