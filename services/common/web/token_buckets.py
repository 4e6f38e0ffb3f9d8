"""How often somebody may call: a bucket of tokens each, from which a call takes one."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from ..core.errors import TooManyRequests


class TokenBuckets:
    """A bucket for each name. A full one holds `burst` tokens, and `rate` a second flow back in.

    The buckets of the `most` names that called last are kept; one that is forgotten is full again.
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
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens, and when there were so many

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, name: str) -> None:
        """Take a token of `name`. Raises TooManyRequests where there is none."""
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
