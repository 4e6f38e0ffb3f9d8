"""Counts and times the requests of one application, for Prometheus to read."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from aiohttp import web

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Seconds: the upper bounds of the histogram, above which there is one more."""


@dataclass(slots=True)
class Times:
    """How long the requests of one method and route took."""

    in_buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0


class Metrics:
    """What has been counted since the start; `exposition.py` puts it in words."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.counts: dict[tuple[str, str, int], int] = {}
        """Requests answered, by method, route and status."""
        self.times: dict[tuple[str, str], Times] = {}
        """By method and route."""

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Record one request: the template of its path, and the seconds until the response."""
        if route == "unmatched":
            method = "any"  # a path that a caller invents must not make a new time series
        key = (method, route, status)
        self.counts[key] = self.counts.get(key, 0) + 1
        times = self.times.get((method, route))
        if times is None:
            times = self.times[method, route] = Times()
        times.in_buckets[bisect_left(BOUNDS, seconds)] += 1
        times.seconds += seconds


METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)
