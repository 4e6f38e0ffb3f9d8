"""All that was measured, and what follows from it."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median

from .arithmetic import median_ratio
from .load.job import Result

Key = tuple[str, int]
"""A row's name, and the number of clients."""
SHOP = "shop"
GENERATOR = "generator"
BESIDE = "purchases beside"
"""What goes on while a cell is measured, as if it were one more system."""


@dataclass
class Figures:
    """Figures that were not measured are NaN."""

    results: dict[tuple[Key, str], list[Result]] = field(default_factory=lambda: defaultdict(list))
    """Of each cell and system, the rounds."""
    starts: list[float] = field(default_factory=list)
    """Seconds until the shop was ready, each time."""
    idle_memory: int = 0
    memory: int = 0
    requests: int = 0
    """How many requests the shop had been sent when its memory was `memory`."""

    def start(self) -> float:
        """Seconds until the shop was ready."""
        return _median(self.starts)

    def of(self, key: Key, system: str = SHOP) -> list[Result]:
        return self.results.get((key, system), [])

    def rate(self, key: Key, system: str = SHOP) -> float:
        """So many a second."""
        return _median([result.rate for result in self.of(key, system)])

    def latency(self, key: Key, part: str, system: str = SHOP) -> float:
        """`p50` or `p99`, in milliseconds."""
        values = [getattr(result, part) for result in self.of(key, system)]
        return _median([1000 * value for value in values if value is not None])

    def ratio(self, key: Key, to: str, system: str = SHOP) -> float:
        """To another system, by what both did in the same rounds."""
        these, others = self.of(key, system), self.of(key, to)
        if len(these) != len(others):
            return math.nan
        return median_ratio([each.rate for each in these], [each.rate for each in others])

    def to_itself(self, key: Key, row: str) -> float:
        """To what the shop does in another row with as many clients."""
        return self.rate(key) / self.rate((row, key[1])) if self.rate((row, key[1])) else math.nan

    def cost(self, key: Key, name: str = "", system: str = SHOP) -> float:
        """Microseconds of processor time for each: of a process, or of all but the generator."""
        results = self.of(key, system)
        done = sum(result.done for result in results)
        used = sum(
            seconds
            for result in results
            for process, seconds in result.cpu.items()
            if (process == name if name else process != GENERATOR)
        )
        return 1e6 * used / done if done else math.nan

    def generator_share(self, key: Key, system: str = SHOP) -> float:
        """How much of a core the load generator used."""
        results = self.of(key, system)
        seconds = sum(result.seconds for result in results)
        return sum(result.cpu[GENERATOR] for result in results) / seconds if seconds else math.nan

    def errors(self, key: Key, system: str = SHOP) -> dict[str, int]:
        """What went wrong, and how often."""
        counts: dict[str, int] = defaultdict(int)
        for result in self.of(key, system):
            for error, count in result.errors.items():
                counts[error] += count
        return dict(counts)


def _median(values: list[float]) -> float:
    return median(values) if values else math.nan
