"""Metrics in Prometheus' text format. What it needs is imported when they are first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from .metrics import BOUNDS, Metrics

CONTENT_TYPE = CONTENT_TYPE_LATEST
_BUCKETS = [*map(str, BOUNDS), "+Inf"]


class _Requests(Collector):
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        """The requests that were answered, and how long they took."""
        service = self._metrics.service
        counts = CounterMetricFamily(
            "http_requests", "Requests answered.", labels=("service", "method", "route", "status")
        )
        for (method, route, status), count in self._metrics.counts.items():
            counts.add_metric((service, method, route, str(status)), count)
        yield counts
        seconds = HistogramMetricFamily(
            "http_request_seconds",
            "Time from a request's headers to its answer.",
            labels=("service", "method", "route"),
        )
        for (method, route), times in self._metrics.times.items():
            up_to = zip(_BUCKETS, accumulate(times.in_buckets), strict=True)
            seconds.add_metric((service, method, route), list(up_to), times.seconds)
        yield seconds


def exposition(metrics: Metrics) -> bytes:
    """The metrics of an application and of its process, as text of CONTENT_TYPE."""
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    registry.register(_Requests(metrics))
    return generate_latest(registry)
