"""What a run came to, in words."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import textwrap
import time
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version

from services.common.core.version import VERSION

from .crash_points import POINTS, CrashPoints
from .history import History, Record
from .monitor import Monitor
from .nemesis import Nemesis
from .proxy import LOST, Proxy

WIDTH = 110
NAME_WIDTH = 19
MAX_VIOLATIONS = 40
MAX_NAMED = 8
NOT_RUN = "not run"
TOGETHER = "\N{NO-BREAK SPACE}"
"""Between a number and what it counts."""


class Report:
    """The figures of one run, and what did not hold."""

    def __init__(self, seed: int) -> None:
        self.violations: list[str] = []
        self.audit = ""
        self.stopped_in = 0.0
        self.without_registry = NOT_RUN
        self.full_disk = NOT_RUN
        self.power_cut = [("power cut", "a run of its own: python -m tests.power_cut")]
        self.not_run = ""
        """Attacks that are not possible here, and why."""
        self._seed = seed
        self._began = time.monotonic()
        self._lines: list[tuple[str, str]] = []

    def count(
        self,
        history: History,
        nemesis: Nemesis,
        proxy: Proxy,
        points: CrashPoints,
        monitor: Monitor,
    ) -> None:
        """Take in what happened."""
        killed = kills(nemesis, points)
        slowest = max((record.ended - record.began for record in history.records), default=0.0)
        through = [record for record in history.records if record.note["via"]]
        minutes = (time.monotonic() - self._began) / 60
        self._lines = [
            ("run", f"seed {self._seed}, {minutes:.1f} minutes on {os.cpu_count()} cores"),
            ("versions", _versions()),
            ("requests", _outcomes(history.records)),
            ("via the gateway", _outcomes(through)),
            ("by what", _listed(Counter(record.op for record in history.records))),
            ("rejected or lost", _listed(_rejections(history))),
            ("slowest answer", f"{slowest:.1f} s"),
            ("kills", f"{killed.total():,}: {_listed(killed)}"),
            ("attacks", _listed(nemesis.faults)),
            ("answers lost", f"{proxy.happened[LOST]:,} after the effect"),
            ("in the proxies", _listed(proxy.happened)),
            ("crash points", _points(points)),
            ("recovery", _recovery(monitor.recoveries)),
            ("looked at", f"the databases {monitor.looks:,} times while the shop ran"),
            ("stopped in", f"{self.stopped_in:.1f} s"),
        ]

    def text(self) -> str:
        """The report, to be printed."""
        lines = [
            *self._lines,
            ("without registry", self.without_registry),
            ("full disk", self.full_disk),
            *self.power_cut,
            ("not run", self.not_run or "nothing"),
            ("violations", str(len(self.violations))),
        ]
        figures = "\n".join(_wrapped(f"{name:{NAME_WIDTH}}{told}") for name, told in lines)
        wrong = "".join(f"  {violation}\n" for violation in self.violations[:MAX_VIOLATIONS])
        return f"{figures}\n{wrong}\n{self.audit.rstrip()}\n"


def kills(nemesis: Nemesis, points: CrashPoints) -> Counter[str]:
    """How often each process was killed, at a crash point too."""
    hits = points.hits()
    return nemesis.kills + Counter({s: sum(hits[s, p] for p in POINTS[s]) for s in POINTS})


def _wrapped(line: str) -> str:
    filled = textwrap.fill(
        line,
        WIDTH,
        subsequent_indent=" " * NAME_WIDTH,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.replace(TOGETHER, " ")


def _outcomes(records: Sequence[Record]) -> str:
    return f"{len(records):,}: {_listed(Counter(record.outcome for record in records))}"


def _points(points: CrashPoints) -> str:
    hits = points.hits()
    every = [(service, point) for service in POINTS for point in POINTS[service]]
    fewest = min(hits[point] for point in every)
    rarest = [f"{s} {p}" for s, p in every if hits[s, p] == fewest]
    hit = sum(1 for point in every if hits[point])
    return (
        f"{hit} of {len(every)} hit, {hits.total():,} times in all; least often, {fewest} each:"
        f" {', '.join(rarest) if len(rarest) <= MAX_NAMED else f'{len(rarest)} of them'}"
    )


def _rejections(history: History) -> Counter[str]:
    return Counter(
        f"{record.status or ''} {record.code}".strip()
        for record in history.records
        if record.outcome != "ok"
    )


def _versions() -> str:
    packages = (f"{name} {version(name)}" for name in ("aiohttp", "aiosqlite", "msgspec", "uvloop"))
    beneath = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return ", ".join([f"shop {VERSION}", beneath, *packages])


def _listed(counts: Counter[str]) -> str:
    each = (f"{count:,} {name}".replace(" ", TOGETHER) for name, count in counts.most_common())
    return ", ".join(each) or "none"


def _recovery(seconds: list[float]) -> str:
    if len(seconds) < 2:
        return "not measured"
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return (
        f"p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s, max {max(seconds):.2f} s from all services"
        f" up to all settled, {len(seconds)} times"
    )
