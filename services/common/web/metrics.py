"""Prometheus metrics of one application, in a registry of its own."""

from __future__ import annotations

from functools import lru_cache

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector


class Metrics:
    """Counts and times requests."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        requests = Counter(
            "http_requests_total",
            "Requests answered.",
            ("service", "method", "route", "status"),
            registry=self.registry,
        )
        seconds = Histogram(
            "http_request_seconds",
            "Time from a request's headers to its answer.",
            ("service", "method", "route"),
            registry=self.registry,
        )

        # Cached, because looking up a labelled child costs more than counting with it.
        @lru_cache(maxsize=1024)
        def count_of(method: str, route: str, status: int) -> Counter:
            return requests.labels(service, method, route, str(status))

        @lru_cache(maxsize=256)
        def timer_of(method: str, route: str) -> Histogram:
            return seconds.labels(service, method, route)

        self._count_of = count_of
        self._timer_of = timer_of

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Record one request: the template of its path, and the seconds until the response."""
        if route == "unmatched":
            method = "any"  # a path that a caller invents must not make a new time series
        self._count_of(method, route, status).inc()
        self._timer_of(method, route).observe(seconds)

    def text(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self.registry)


METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)
