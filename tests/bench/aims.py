"""What the shop is to reach, as data, and whether it does."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .figures import GENERATOR, Figures

STAND_IN, BARE = "stand-in", "bare aiohttp"
MB = 1e6
REQUESTS_BEFORE_MEMORY = 200_000


@dataclass(frozen=True)
class Aim:
    """A bound on one figure. `goal` is what would be better still."""

    text: str
    figure: Callable[[Figures], float]
    unit: str
    least: float | None = None
    most: float | None = None
    goal: float | None = None

    def told(self, figures: Figures) -> str:
        """The bound, the figure, and whether it holds, in a line."""
        value = self.figure(figures)
        word, bound = ("at least", self.least) if self.most is None else ("at most", self.most)
        assert bound is not None
        goal = f" (aim: {self.goal:g})" if self.goal is not None else ""
        wanted = f"{word} {bound:g} {self.unit}{goal}"
        if math.isnan(value):
            return f"{self.text:44}{wanted:46}not measured"
        holds = value >= bound if self.most is None else value <= bound
        number = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
        return f"{self.text:44}{wanted:46}{number:>8}  {'holds' if holds else 'SHORT'}"


def _ratio(row: str, clients: int = 32) -> Callable[[Figures], float]:
    return lambda figures: figures.ratio((row, clients), STAND_IN)


def _share(row: str) -> Callable[[Figures], float]:
    return lambda figures: figures.ratio((row, 32), BARE)


def _rate(clients: int) -> Callable[[Figures], float]:
    return lambda figures: figures.rate(("purchase", clients))


def _cost(clients: int, name: str = "") -> Callable[[Figures], float]:
    return lambda figures: figures.cost(("purchase", clients), name)


def _to_itself(row: str, other: str) -> Callable[[Figures], float]:
    return lambda figures: figures.to_itself((row, 32), other)


def _memory_at_end(figures: Figures) -> float:
    enough = figures.requests >= REQUESTS_BEFORE_MEMORY
    return figures.memory / MB if enough else math.nan


def _errors(row: str, clients: int, allowed: str = "none") -> Callable[[Figures], float]:
    """How many there were, but for those that `allowed` matches."""

    def count(figures: Figures) -> float:
        if not figures.of((row, clients)):
            return math.nan
        errors = figures.errors((row, clients))
        return sum(times for error, times in errors.items() if not re.fullmatch(allowed, error))

    return count


OVERLOADED = r"503 \w+"
TIMES = "x the stand-in"
AIMS = (
    Aim("GET /products (20), 32 clients", _ratio("list"), TIMES, least=10, goal=15),
    Aim("  beside bare aiohttp", _share("list"), "of it", least=0.5),
    Aim("  while 100 purchases/s go on", _to_itself("list-busy", "list"), "of that", least=0.8),
    Aim("GET /products/{id}, 32 clients", _ratio("product"), TIMES, least=12, goal=15),
    Aim("  beside bare aiohttp", _share("product"), "of it", least=0.5),
    Aim(
        "  while 100 purchases/s go on",
        _to_itself("product-busy", "product"),
        "of that",
        least=0.8,
    ),
    Aim("cart add, 32 clients", _ratio("add"), TIMES, least=10),
    Aim("POST /orders, 32 clients", _ratio("order"), TIMES, least=4),
    Aim("POST /pay, 32 clients", _ratio("pay"), TIMES, least=6),
    Aim("whole purchase, 32 clients", _ratio("purchase"), TIMES, least=4.5),
    Aim("", _rate(32), "a second", least=450, goal=550),
    Aim("", _cost(32), "µs of the shop each", most=2700, goal=2300),
    Aim("  the load generator's part", _cost(32, GENERATOR), "µs each", most=600),
    Aim("whole purchase, 64 clients", _rate(64), "a second", least=600, goal=800),
    Aim("  (an aim)", _cost(64), "µs of the shop each", most=1700),
    Aim(
        "whole purchase, 1 client, p50",
        lambda figures: figures.latency(("purchase", 1), "p50"),
        "ms",
        most=12,
    ),
    Aim(
        "whole purchase through /api, 32 clients",
        _to_itself("storefront", "purchase"),
        "of direct",
        least=0.6,
    ),
    Aim("python run.py until all are ready", Figures.start, "s", most=1.3),
    Aim("memory (PSS), idle", lambda figures: figures.idle_memory / MB, "MB", most=210),
    Aim(f"memory after {REQUESTS_BEFORE_MEMORY:,} requests", _memory_at_end, "MB", most=260),
    Aim("256 clients for 30 s", _errors("long", 256), "errors", most=0),
    Aim(
        "  p99 of a purchase",
        lambda figures: figures.latency(("long", 256), "p99") / 1000,
        "s",
        most=2,
    ),
    Aim(
        "past a bound, other than 503 + Retry-After",
        _errors("crowd", 800, OVERLOADED),
        "answers",
        most=0,
    ),
)


def judged(figures: Figures) -> Iterator[str]:
    """A line for each aim."""
    for aim in AIMS:
        yield aim.told(figures)
