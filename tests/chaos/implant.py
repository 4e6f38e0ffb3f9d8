"""What the tests bring into the shop's processes from the outside: points at which a service ends
itself, a disk that is full, a clock that is off. The product has no switch for any of it.

Orders are files in a folder that the environment names. `end-SERVICE` holds the name of the point
at which that service is to end itself; `full-SERVICE` and `clock-SERVICE` are there while its disk
is full, and while its clock is off by as many seconds as stand in it.
"""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.common.parent import PR_SET_PDEATHSIG

if TYPE_CHECKING:  # the clock is set before what tells the time by it is imported
    from services.common.database_thread import Call

FOLDER = "CHAOS_FOLDER"
BUG = "CHAOS_BUG"
"""Names the bug that is to be planted in every service, if any."""
REGISTRY = "CHAOS_REGISTRY"
"""The URL of the stand-in that the services are told instead of the registry's own."""

LONGEST_PAUSE = 0.05
"""Seconds until `run.py` starts again what was killed, so that there is time for many kills."""
DWELL = 0.05
"""Seconds between the last unit of work and the end before its COMMIT: whoever is told too early
is told by then.
"""
_ROOM = 2**31 - 2


def bring_in() -> None:
    """Look which process of the shop this is, and change it accordingly."""
    folder = os.environ.get(FOLDER)
    command = sys.orig_argv[1:]
    if folder is None or not command:
        return
    if command[0].endswith("run.py"):
        _end_with_tests()
        _start_again_soon()
    elif command[0] == "-m" and command[1].startswith("services."):
        if "--registry" in sys.argv:
            sys.argv[sys.argv.index("--registry") + 1] = os.environ[REGISTRY]
        service = command[1].removeprefix("services.")
        if bug := os.environ.get(BUG):
            from .planted.bugs import BUGS  # before anything of the product that it edits
            from .planted.edits import plant

            plant(BUGS[bug].edits)
        if service in ("cart", "catalog", "order", "payment"):
            _set_clock(Path(folder) / f"clock-{service}")
            bring_in_points(Points(Path(folder), service))


class Points:
    """The points of one service, and the one of them at which it is to end itself."""

    def __init__(self, folder: Path, service: str) -> None:
        self._order = str(folder / f"end-{service}")
        self._full = str(folder / f"full-{service}")
        self._hits = folder / "hits"
        self._service = service
        self._may_end = threading.Lock()
        self._was_full = False

    def reach(self, *points: str, dwell: float = 0.0) -> None:
        """End the process here, now, if that is the order; each order is obeyed once.

        It stands still for `dwell` seconds first, while its other threads go on: a machine may.
        The order after it is for the process that comes next, whatever they reach meanwhile.
        """
        try:
            with open(self._order) as order:  # noqa: PTH123  a thousand times a second
                wanted = order.read()
        except OSError:  # no such order, or no file handle left to look for it
            return
        if wanted not in points or not self._may_end.acquire(blocking=False):
            return
        try:
            Path(self._order).unlink()
        except FileNotFoundError:  # taken back since it was read
            self._may_end.release()
            return
        with self._hits.open("a") as hits:
            hits.write(f"{self._service} {wanted} {time.time():.3f}\n")
        time.sleep(dwell)
        os.kill(os.getpid(), signal.SIGKILL)

    def fill_disk(self, conn: sqlite3.Connection) -> None:
        """Leave the database no more room than it has, while that is the order."""
        full = os.path.exists(self._full)  # noqa: PTH110
        if full != self._was_full:
            conn.execute(f"PRAGMA max_page_count = {1 if full else _ROOM}").fetchone()
            self._was_full = full


def bring_in_points(points: Points) -> None:
    """Have what this process does reach the points: units of work, and calls of its peers."""
    from client import transport
    from services.common import group_commit
    from services.common.idempotency import Answer
    from services.common.refusal import Refusal

    run_unit = group_commit.GroupCommit._run_unit
    commit = group_commit.GroupCommit._commit
    begin = group_commit.GroupCommit._begin
    request = transport.Transport.request
    effective: set[Call] = set()  # run since the last COMMIT, and wrote something, not a refusal

    def begin_with_room(self: group_commit.GroupCommit) -> Any:
        points.fill_disk(self._conn)
        return begin(self)

    def run_unit_or_end(self: group_commit.GroupCommit, call: Call) -> None:
        points.reach(f"{unit_name(call.function, call.args)}.before")
        written = self._conn.total_changes
        run_unit(self, call)
        refused = isinstance(call.result, Answer | Refusal) and call.result.status >= 300
        if call.error is None and not refused and self._conn.total_changes > written:
            effective.add(call)

    def commit_or_end(self: group_commit.GroupCommit) -> None:
        calls = effective.intersection(self._pending)  # others went with a transaction that is lost
        effective.clear()
        points.reach(*_names(calls, "before_commit"), dwell=DWELL)
        commit(self)
        done = [call for call in calls if call.error is None]  # none, where COMMIT found no room
        points.reach(*_names(done, "after_commit"))

    @functools.wraps(request)
    async def request_or_end(
        self: transport.Transport, service: str, method: str, path: str, **options: Any
    ) -> Any:
        name = call_name(method, path)
        points.reach(f"{name}.before_call")
        answer = await request(self, service, method, path, **options)
        # Not after a refusal, nor an answer that was lost: the peer has done it, and nobody here
        # has written that down.
        points.reach(f"{name}.after_call")
        return answer

    for owner, name, replacement in (
        (group_commit.GroupCommit, "_begin", begin_with_room),
        (group_commit.GroupCommit, "_run_unit", run_unit_or_end),
        (group_commit.GroupCommit, "_commit", commit_or_end),
        (transport.Transport, "request", request_or_end),
    ):
        setattr(owner, name, replacement)


def _names(calls: Iterable[Call], when: str) -> list[str]:
    return [f"{unit_name(call.function, call.args)}.{when}" for call in calls]


def unit_name(function: Callable[..., Any], args: tuple[Any, ...]) -> str:
    """What a unit of work does: the name of its function, beneath what keeps its answer."""
    cells = dict(
        zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        if hasattr(function, "__code__")
        else ()
    )
    if "unit" in cells:
        inner = cells["args"].cell_contents if "args" in cells else ()
        return unit_name(cells["unit"].cell_contents, inner)
    name = getattr(function, "__name__", "unit")
    if name == "change":  # of an order, to (status, stock_state)
        return f"change_{args[1][1].lower()}"
    return f"move_{args[1]}" if name == "move" else name


def call_name(method: str, path: str) -> str:
    """What a call asks of a peer, by the last word of its path."""
    parts = path.partition("?")[0].strip("/").split("/")
    if parts[0] == "reservations" and method == "PUT":
        return "reserve"
    if parts[0] == "cart" and method == "GET":
        return "read_cart"
    return f"{parts[-1]}_{parts[0]}" if len(parts) > 2 else parts[0]


def _set_clock(order: Path) -> None:
    from services.common import clock

    true_now = clock.utc_now

    def now() -> str:
        try:
            off = float(order.read_text())
        except (OSError, ValueError):
            return true_now()
        return clock.rfc3339(datetime.fromisoformat(true_now()) + timedelta(seconds=off))

    clock.utc_now = now


def _end_with_tests() -> None:
    """However the tests end, no shop of theirs is left: the kernel is asked to see to it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _start_again_soon() -> None:
    from services.operations import supervisor

    after = supervisor.Backoff.after
    setattr(  # noqa: B010
        supervisor.Backoff,
        "after",
        lambda self, ready_for: min(after(self, ready_for), LONGEST_PAUSE),
    )
