"""What a run came to, in words."""

from __future__ import annotations

import platform
import sqlite3
import statistics
from collections import Counter
from importlib.metadata import version

from services.common.version import VERSION

from .crash_points import POINTS, CrashPoints
from .history import History
from .monitor import Monitor
from .nemesis import Nemesis
from .proxy import Proxy


class Report:
    """The figures of one run, and what did not hold."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.violations: list[str] = []
        self.audit = ""
        self.stopped_in = 0.0
        self.lines: list[tuple[str, str]] = []

    def count(
        self,
        history: History,
        nemesis: Nemesis,
        proxy: Proxy,
        points: CrashPoints,
        monitor: Monitor,
    ) -> None:
        """Take in what happened."""
        outcomes = Counter[str](record.outcome for record in history.records)
        hits = points.hits()
        kills = nemesis.kills + Counter({s: sum(hits[s, p] for p in POINTS[s]) for s in POINTS})
        every = [(service, point) for service in POINTS for point in POINTS[service]]
        missed = [f"{s} {p}" for s, p in every if not hits[s, p]]
        slowest = max(record.ended - record.began for record in history.records)
        self.lines = [
            ("seed", str(self.seed)),
            ("versions", _versions()),
            ("requests", f"{outcomes.total()}: {_listed(outcomes)}"),
            ("by what", _listed(Counter(record.op for record in history.records))),
            ("refusals", _listed(_refusals(history))),
            ("slowest", f"{slowest:.1f} s"),
            ("kills", f"{kills.total()}: {_listed(kills)}"),
            ("attacks", _listed(nemesis.faults)),
            ("proxy", _listed(proxy.happened)),
            (
                "points",
                f"{len(every) - len(missed)} of {len(every)} hit, {hits.total()} times in all,"
                f" each at least {min(hits[point] for point in every)} times",
            ),
            ("missed", ", ".join(missed) or "none"),
            ("recovery", _recovery(monitor.recoveries)),
            ("looks", f"{monitor.looks} at the databases while the shop ran"),
            ("stopped in", f"{self.stopped_in:.1f} s"),
            ("violations", str(len(self.violations))),
        ]

    def text(self) -> str:
        """The report, to be printed."""
        figures = "\n".join(f"{name:11} {told}" for name, told in self.lines)
        wrong = "\n".join(f"  {violation}" for violation in self.violations[:40])
        return f"{figures}\n{wrong}\n{self.audit}"


def _refusals(history: History) -> Counter[str]:
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
    return ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "none"


def _recovery(seconds: list[float]) -> str:
    if len(seconds) < 2:
        return "not measured"
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return (
        f"p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s, max {max(seconds):.2f} s,"
        f" {len(seconds)} times"
    )
