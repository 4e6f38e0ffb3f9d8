"""Rate limits: each caller has a bucket of tokens, and each call takes one token."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from aiohttp import web

from services.common.core.errors import TooManyRequests


class TokenBuckets:
    """A bucket for each name. A full one holds `burst` tokens; `rate` tokens per second come back.

    Only the buckets of the `most` names that called last are kept; a new bucket is full.
    """

    def __init__(
        self,
        rate: float,
        burst: float,
        *,
        most: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._most = most
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens, and the time of that count

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, name: str) -> None:
        """Take a token from the bucket of `name`. Raises TooManyRequests if it is empty."""
        now = self._clock()
        tokens, since = self._buckets.pop(name, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        self._buckets[name] = (tokens - 1 if tokens >= 1 else tokens, now)
        if len(self._buckets) > self._most:
            del self._buckets[next(iter(self._buckets))]
        if tokens < 1:
            seconds = math.ceil((1 - tokens) / self._rate)
            raise TooManyRequests(
                f"Too many requests; the next one is taken in {seconds} s",
                headers={"Retry-After": str(seconds)},
            )


CUSTOMERS: web.AppKey[TokenBuckets] = web.AppKey("customers", TokenBuckets)
ADDRESSES: web.AppKey[TokenBuckets] = web.AppKey("addresses", TokenBuckets)
