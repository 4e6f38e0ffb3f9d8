"""How long to wait before something is tried again."""

from dataclasses import dataclass, field
from random import Random


@dataclass(frozen=True)
class Backoff:
    """Delays that double from `first` to `maximum` seconds, each shortened by up to a half.

    The jitter keeps callers that failed together from coming back together.
    """

    first: float
    maximum: float
    random: Random = field(default_factory=Random, repr=False)

    def delay(self, failures: int) -> float:
        """Return the seconds to wait after this many failures in a row (1 or more)."""
        doubled = self.first * 2.0 ** min(failures - 1, 64)
        return min(self.maximum, doubled) * self.random.uniform(0.5, 1.0)
