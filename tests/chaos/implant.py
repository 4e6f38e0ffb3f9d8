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
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from services.common.parent import PR_SET_PDEATHSIG

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
            _bring_in_points(Points(Path(folder), service))


class Points:
    """The points of one service, and the one of them at which it is to end itself."""

    def __init__(self, folder: Path, service: str) -> None:
        self._order = str(folder / f"end-{service}")
        self._full = str(folder / f"full-{service}")
        self._hits = folder / "hits"
        self._service = service
        self._was_full = False

    def reach(self, *points: str, dwell: float = 0.0) -> None:
        """End the process here, now, if that is the order; each order is obeyed once.

        It stands still for `dwell` seconds first, while its other threads go on: a machine may.
        """
        try:
            with open(self._order) as order:  # noqa: PTH123  a thousand times a second
                wanted = order.read()
        except OSError:  # no such order, or no file handle left to look for it
            return
        if wanted not in points:
            return
        Path(self._order).unlink()
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


def _bring_in_points(points: Points) -> None:
    from client import transport
    from services.common import group_commit

    run_unit = group_commit.GroupCommit._run_unit
    commit = group_commit.GroupCommit._commit
    begin = group_commit.GroupCommit._begin
    request = transport.Transport.request

    def begin_with_room(self: group_commit.GroupCommit) -> Any:
        points.fill_disk(self._conn)
        return begin(self)

    def run_unit_or_end(self: group_commit.GroupCommit, call: Any) -> None:
        points.reach(f"{unit_name(call.function, call.args)}.before")
        run_unit(self, call)

    def commit_or_end(self: group_commit.GroupCommit) -> None:
        units = {unit_name(call.function, call.args) for call in self._pending}
        points.reach(*(f"{unit}.before_commit" for unit in units), dwell=DWELL)
        commit(self)
        points.reach(*(f"{unit}.after_commit" for unit in units))

    @functools.wraps(request)
    async def request_or_end(
        self: transport.Transport, service: str, method: str, path: str, **options: Any
    ) -> Any:
        name = call_name(method, path)
        points.reach(f"{name}.before_call")
        try:
            return await request(self, service, method, path, **options)
        finally:
            points.reach(f"{name}.after_call")

    for owner, name, replacement in (
        (group_commit.GroupCommit, "_begin", begin_with_room),
        (group_commit.GroupCommit, "_run_unit", run_unit_or_end),
        (group_commit.GroupCommit, "_commit", commit_or_end),
        (transport.Transport, "request", request_or_end),
    ):
        setattr(owner, name, replacement)


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
