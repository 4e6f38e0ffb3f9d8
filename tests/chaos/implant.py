"""What the tests bring into the shop's processes from the outside: points at which a service ends
itself, a disk that is full, a clock that is off. The product has no switch for any of it.

Instructions are files in a folder that the environment names. `end-SERVICE` holds the name of the
point at which that service is to end itself; `full-SERVICE` and `clock-SERVICE` are there while its
disk is full, and while its clock is off by as many seconds as stand in it.
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
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.common.process.parent import PR_SET_PDEATHSIG

from .crash_points import NAMED_BY_ARGUMENT, UNITS

if TYPE_CHECKING:  # the clock is set before what tells the time by it is imported
    from services.common.storage.group_commit import GroupCommit
    from services.common.storage.thread import Call

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
        if service in UNITS:
            _set_clock(Path(folder) / f"clock-{service}")
            if bug := os.environ.get(BUG):
                from .planted.bugs import BUGS
                from .planted.seams import Seams

                BUGS[bug].plant(Seams())
            points = Points(Path(folder), service)
            bring_in_points(points, Units(points, service))


class Points:
    """The points of one service, and the one of them at which it is to end itself."""

    def __init__(self, folder: Path, service: str) -> None:
        self._instruction = str(folder / f"end-{service}")
        self._full = str(folder / f"full-{service}")
        self._hits = folder / "hits"
        self._service = service
        self._may_end = threading.Lock()
        self._was_full = False

    def reach(self, *points: str, dwell: float = 0.0) -> None:
        """End the process here, now, if that is the instruction; each is followed once.

        It stands still for `dwell` seconds first, while its other threads go on: a machine may.
        The instruction after it is for the process that comes next, whatever they reach meanwhile.
        """
        try:
            with open(self._instruction) as instruction:  # noqa: PTH123  a thousand times a second
                wanted = instruction.read()
        except OSError:  # no such file, or no file handle left to open it
            return
        if wanted not in points or not self._may_end.acquire(blocking=False):
            return
        try:
            Path(self._instruction).unlink()
        except FileNotFoundError:  # taken back since it was read
            self._may_end.release()
            return
        with self._hits.open("a") as hits:
            hits.write(f"{self._service} {wanted} {time.time():.3f}\n")
        time.sleep(dwell)
        os.kill(os.getpid(), signal.SIGKILL)

    def fill_disk(self, conn: sqlite3.Connection) -> None:
        """Leave the database no more room than it has, while that is the instruction."""
        full = os.path.exists(self._full)  # noqa: PTH110
        if full != self._was_full:
            conn.execute(f"PRAGMA max_page_count = {1 if full else _ROOM}").fetchone()
            self._was_full = full


class Units:
    """The units of work that have points: those of a service, unless others are watched."""

    def __init__(self, points: Points, service: str | None = None) -> None:
        self.running = ""
        """What is being done on the one thread that writes, if it has points."""
        self._points = points
        for module, names in UNITS.get(service or "", {}).items():
            self.watch(import_module(module), *names)

    def watch(self, owner: object, *names: str) -> None:
        """Have the units that are called by these names reach points.

        Raises AttributeError for one that is not there.
        """
        for name in names:
            setattr(owner, name, self._watched(name, getattr(owner, name)))

    def _watched(self, name: str, unit: Callable[..., Any]) -> Callable[..., Any]:
        takes = signature(unit)
        argument, pattern = NAMED_BY_ARGUMENT.get(name, ("", name))
        if argument and argument not in takes.parameters:
            raise AttributeError(f"{name} does not take {argument}")

        @functools.wraps(unit)
        def watched(*args: Any, **kwargs: Any) -> Any:
            if not self.running:  # else it is a part of the one that runs
                given = takes.bind(*args, **kwargs).arguments if argument else {}
                self.running = pattern.format(str(given.get(argument)).lower())
                self._points.reach(f"{self.running}.before")
            return unit(*args, **kwargs)

        return watched


def bring_in_points(points: Points, units: Units) -> None:
    """Have what this process does reach the points: its units of work, and calls of its peers."""
    from client.transport import Transport
    from services.common.core.errors import Problem
    from services.common.core.rejection import Rejection
    from services.common.storage.group_commit import GroupCommit
    from services.common.web.responses import StoredResponse

    run = GroupCommit.run
    request = Transport.request

    def is_rejected(call: Call) -> bool:
        """Whether what was written is a rejection, to be kept."""
        answers = StoredResponse | Rejection | Problem
        return isinstance(call.result, answers) and call.result.status >= 300

    @functools.wraps(run)
    def run_or_end(self: GroupCommit, conn: sqlite3.Connection, calls: Iterable[Call]) -> None:
        effective: list[tuple[str, Call]] = []

        def standing(when: str) -> list[str]:
            """Of those that a lost transaction, or a COMMIT without room, has not taken away."""
            return [f"{name}.{when}" for name, call in effective if call.error is None]

        def in_turn() -> Iterator[Call]:
            for call in calls:
                points.fill_disk(conn)
                units.running, written = "", conn.total_changes
                yield call  # and it has been run when the next one is asked for
                if units.running and conn.total_changes > written and not is_rejected(call):
                    effective.append((units.running, call))
            points.reach(*standing("before_commit"), dwell=DWELL)

        run(self, conn, in_turn())
        points.reach(*standing("after_commit"))

    @functools.wraps(request)
    async def request_or_end(
        self: Transport, service: str, method: str, path: str, **options: Any
    ) -> Any:
        name = call_name(method, path)
        points.reach(f"{name}.before_call")
        answer = await request(self, service, method, path, **options)
        # Not after a rejection, nor an answer that was lost: the peer has done it, and nobody here
        # has written that down.
        points.reach(f"{name}.after_call")
        return answer

    setattr(GroupCommit, "run", run_or_end)  # noqa: B010  mypy takes no method for another
    setattr(Transport, "request", request_or_end)  # noqa: B010


def call_name(method: str, path: str) -> str:
    """What a call asks of a peer, by the last word of its path."""
    parts = path.partition("?")[0].strip("/").split("/")
    if parts[0] == "reservations" and method == "PUT":
        return "reserve"
    if parts[0] == "cart" and method == "GET":
        return "read_cart"
    return f"{parts[-1]}_{parts[0]}" if len(parts) > 2 else parts[0]


def _set_clock(instruction: Path) -> None:
    from services.common.core import clock

    true_now = clock.utc_now

    def now() -> str:
        try:
            off = float(instruction.read_text())
        except (OSError, ValueError):
            return true_now()
        return clock.rfc3339(datetime.fromisoformat(true_now()) + timedelta(seconds=off))

    clock.utc_now = now


def _end_with_tests() -> None:
    """However the tests end, no shop of theirs is left: the kernel is asked to see to it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _start_again_soon() -> None:
    from services.operations.run import supervisor

    after = supervisor.Backoff.after
    setattr(  # noqa: B010
        supervisor.Backoff,
        "after",
        lambda self, ready_for: min(after(self, ready_for), LONGEST_PAUSE),
    )
