"""Where a process is said to have ended itself, it did."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections import Counter
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from client.errors import Conflict
from client.transport import Transport
from services.common.core.rejection import Rejection
from services.common.storage.database import DiskFull, open_database
from services.common.storage.group_commit import GroupCommit
from services.common.web.responses import StoredResponse
from tests.common.storage.batches import SCHEMA, FaultyConnection, Refused, add, faults, together
from tests.schemas import schema_of

from .crash_points import UNITS, CrashPoints
from .implant import Points, Units, bring_in_points

__all__ = ["faults"]


def place(conn: sqlite3.Connection) -> None:
    add("placed")(conn)


def look(conn: sqlite3.Connection) -> None:
    conn.execute("SELECT * FROM products").fetchall()


def reject(conn: sqlite3.Connection) -> None:
    add("undone")(conn)
    raise Refused


def keep_rejection(conn: sqlite3.Connection) -> Rejection:
    add("kept")(conn)
    return Rejection(status=409, code="insufficient_stock", detail="no")


def answer_rejection(conn: sqlite3.Connection) -> StoredResponse:
    add("answered")(conn)
    return StoredResponse(409, b"{}")


class Reached(Points):
    """Points that are noted down, and end nothing; and units of work that reach them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "order")
        self.seen: list[str] = []
        self.units = SimpleNamespace(
            place=place,
            look=look,
            reject=reject,
            keep_rejection=keep_rejection,
            answer_rejection=answer_rejection,
        )

    def reach(self, *points: str, dwell: float = 0.0) -> None:
        self.seen += points


@pytest.fixture
def reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reached:
    """The points of the units of work below, and of calls that are answered here."""
    monkeypatch.setattr(GroupCommit, "run", GroupCommit.run)  # to be put back
    monkeypatch.setattr(Transport, "request", answer_unless_rejected)
    points = Reached(tmp_path)
    units = Units(points)
    units.watch(points.units, *vars(points.units))
    bring_in_points(points, units)
    return points


async def answer_unless_rejected(
    _self: Transport, _service: str, _method: str, path: str, **_options: Any
) -> str:
    if "rejected" in path:
        raise Conflict("no", status=409)
    return "answer"


@pytest.mark.parametrize("service", UNITS)
def test_every_unit_of_work_that_has_points_is_there(service: str, tmp_path: Path) -> None:
    units = Units(Reached(tmp_path))
    for module, names in UNITS[service].items():
        units.watch(SimpleNamespace(**vars(import_module(module))), *names)


async def test_a_call_is_past_its_answer_only_where_it_got_one(reached: Reached) -> None:
    transport = cast("Any", object.__new__(Transport))
    assert await transport.request("catalog", "PUT", "/reservations/1") == "answer"
    with pytest.raises(Conflict):
        await transport.request("catalog", "PUT", "/reservations/rejected")
    assert reached.seen == ["reserve.before_call", "reserve.after_call", "reserve.before_call"]


async def test_a_commit_is_of_the_units_that_did_something(
    tmp_path: Path, reached: Reached
) -> None:
    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA)) as database:
        await together(database, *vars(reached.units).values())
    commits = [point for point in reached.seen if point.endswith("_commit")]
    assert commits == ["place.before_commit", "place.after_commit"]


async def test_after_a_commit_that_found_no_room_is_no_point(
    tmp_path: Path, reached: Reached, faults: type[FaultyConnection]
) -> None:
    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA)) as database:
        faults.code = sqlite3.SQLITE_FULL
        (told,) = await together(database, reached.units.place)
        assert isinstance(told, DiskFull)
    assert [point for point in reached.seen if point.startswith("place.")] == [
        "place.before",
        "place.before_commit",
    ]


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The signals that a process has sent itself, and which had no effect."""
    sent: list[int] = []
    monkeypatch.setattr(os, "kill", lambda _pid, number: sent.append(number))
    return sent


def test_a_process_that_is_ending_leaves_the_next_instruction_to_the_one_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: list[int]
) -> None:
    points, ending = CrashPoints(tmp_path), Points(tmp_path, "order")

    def aim_and_reach_meanwhile(_seconds: float) -> None:
        points.aim("order", "pay.before_commit")
        ending.reach("pay.before_commit")

    monkeypatch.setattr(time, "sleep", aim_and_reach_meanwhile)
    points.aim("order", "hold.before_commit")
    ending.reach("hold.before_commit")
    assert ends == [signal.SIGKILL]
    assert points.is_aimed("order")
    assert points.hits() == Counter({("order", "hold.before_commit"): 1})


def test_an_instruction_that_is_taken_back_as_it_is_read_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: list[int]
) -> None:
    points, process = CrashPoints(tmp_path), Points(tmp_path, "order")
    unlink = Path.unlink

    def unlink_second(path: Path) -> None:
        unlink(path)
        unlink(path)

    points.aim("order", "pay.before")
    with monkeypatch.context() as too_late:
        too_late.setattr(Path, "unlink", unlink_second)
        process.reach("pay.before")
    assert (ends, points.hits()) == ([], Counter())
    points.aim("order", "pay.before")
    process.reach("pay.before")
    assert ends == [signal.SIGKILL]
