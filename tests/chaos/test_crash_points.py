"""Where a process is said to have ended itself, it did."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import Any, cast

import pytest

from client.errors import Conflict
from client.transport import Transport
from services.common.database import OutOfRoom, open_database
from services.common.group_commit import GroupCommit
from services.common.idempotency import Answer
from services.common.refusal import Refusal
from tests.batches import SCHEMA, FaultyConnection, Refused, add, faults, together

from .crash_points import CrashPoints
from .implant import Points, bring_in_points

__all__ = ["faults"]


class Reached(Points):
    """Points that are noted down, and end nothing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "order")
        self.seen: list[str] = []

    def reach(self, *points: str, dwell: float = 0.0) -> None:
        self.seen += points


@pytest.fixture
def reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reached:
    for name in ("_begin", "_run_unit", "_commit"):
        monkeypatch.setattr(GroupCommit, name, getattr(GroupCommit, name))  # to be put back
    monkeypatch.setattr(Transport, "request", answer_unless_refused)
    points = Reached(tmp_path)
    bring_in_points(points)
    return points


async def answer_unless_refused(
    _self: Transport, _service: str, _method: str, path: str, **_options: Any
) -> str:
    if "refused" in path:
        raise Conflict("no", status=409)
    return "answer"


def place(conn: sqlite3.Connection) -> None:
    add("placed")(conn)


def look(conn: sqlite3.Connection) -> None:
    conn.execute("SELECT * FROM products").fetchall()


def refuse(conn: sqlite3.Connection) -> None:
    add("undone")(conn)
    raise Refused


def keep_refusal(conn: sqlite3.Connection) -> Refusal:
    add("kept")(conn)
    return Refusal(status=409, code="insufficient_stock", detail="no")


def answer_refusal(conn: sqlite3.Connection) -> Answer:
    add("answered")(conn)
    return Answer(409, b"{}")


async def test_a_call_is_past_its_answer_only_where_it_got_one(reached: Reached) -> None:
    transport = cast("Any", object.__new__(Transport))
    assert await transport.request("catalog", "PUT", "/reservations/1") == "answer"
    with pytest.raises(Conflict):
        await transport.request("catalog", "PUT", "/reservations/refused")
    assert reached.seen == ["reserve.before_call", "reserve.after_call", "reserve.before_call"]


async def test_a_commit_is_of_the_units_that_did_something(
    tmp_path: Path, reached: Reached
) -> None:
    async with open_database(tmp_path / "shop.db", [SCHEMA]) as database:
        await together(database, refuse, look, place, keep_refusal, answer_refusal)
    commits = [point for point in reached.seen if point.endswith("_commit")]
    assert commits == ["place.before_commit", "place.after_commit"]


async def test_after_a_commit_that_found_no_room_is_no_point(
    tmp_path: Path, reached: Reached, faults: type[FaultyConnection]
) -> None:
    async with open_database(tmp_path / "shop.db", [SCHEMA]) as database:
        faults.code = sqlite3.SQLITE_FULL
        (told,) = await together(database, place)
        assert isinstance(told, OutOfRoom)
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


def test_a_process_that_is_ending_leaves_the_next_order_to_the_one_after_it(
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


def test_an_order_that_is_taken_back_as_it_is_read_ends_nothing(
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
