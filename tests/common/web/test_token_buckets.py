"""How often one may call: buckets of tokens."""

import pytest

from services.common.core.errors import TooManyRequests
from services.common.web.token_buckets import TokenBuckets


class Clock:
    """A clock that stands still until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(buckets: TokenBuckets, name: str = "ada") -> int:
    """How many tokens there were."""
    count = 0
    while True:
        try:
            buckets.take(name)
        except TooManyRequests:
            return count
        count += 1


def test_a_full_bucket_holds_a_burst(clock: Clock) -> None:
    buckets = TokenBuckets(2.0, 5.0, clock=clock)
    assert taken(buckets) == 5
    assert taken(buckets) == 0


def test_tokens_flow_back_at_their_rate_and_no_higher_than_the_brim(clock: Clock) -> None:
    buckets = TokenBuckets(2.0, 5.0, clock=clock)
    taken(buckets)
    clock.now += 1.5
    assert taken(buckets) == 3
    clock.now += 1000
    assert taken(buckets) == 5


def test_a_refusal_takes_nothing_and_says_when_to_come_back(clock: Clock) -> None:
    buckets = TokenBuckets(0.1, 1.0, clock=clock)
    buckets.take("ada")
    for _ in range(3):
        with pytest.raises(TooManyRequests) as refused:
            buckets.take("ada")
        assert refused.value.headers["Retry-After"] == "10"
    clock.now += 10
    buckets.take("ada")


def test_each_has_a_bucket(clock: Clock) -> None:
    buckets = TokenBuckets(1.0, 2.0, clock=clock)
    assert taken(buckets, "ada") == taken(buckets, "bob") == 2


def test_who_has_called_last_is_remembered_and_no_more_than_that(clock: Clock) -> None:
    buckets = TokenBuckets(1.0, 1.0, most=3, clock=clock)
    for name in ("ada", "bob", "cyd"):
        buckets.take(name)
    assert taken(buckets, "ada") == 0
    buckets.take("dee")
    assert len(buckets) == 3
    assert taken(buckets, "ada") == 0
    assert taken(buckets, "bob") == 1
