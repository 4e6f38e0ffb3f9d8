"""How often one may call: buckets of tokens, and the gateway that takes them."""

import pytest

from services.common.core.errors import TooManyRequests
from services.storefront.limits import TokenBuckets
from tests.routes import assert_problem
from tests.shop import OPERATOR, Shop, token
from tests.storefront.peer import Peer


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


def test_a_bucket_refills_at_its_rate_up_to_its_size(clock: Clock) -> None:
    buckets = TokenBuckets(2.0, 5.0, clock=clock)
    taken(buckets)
    clock.now += 1.5
    assert taken(buckets) == 3
    clock.now += 1000
    assert taken(buckets) == 5


def test_a_rejection_takes_no_token_and_says_when_to_come_back(clock: Clock) -> None:
    buckets = TokenBuckets(0.1, 1.0, clock=clock)
    buckets.take("ada")
    for _ in range(3):
        with pytest.raises(TooManyRequests) as refused:
            buckets.take("ada")
        assert refused.value.headers["Retry-After"] == "10"
    clock.now += 10
    buckets.take("ada")


def test_each_caller_has_a_bucket(clock: Clock) -> None:
    buckets = TokenBuckets(1.0, 2.0, clock=clock)
    assert taken(buckets, "ada") == taken(buckets, "bob") == 2


def test_only_the_most_recent_callers_are_remembered(clock: Clock) -> None:
    buckets = TokenBuckets(1.0, 1.0, most=3, clock=clock)
    for name in ("ada", "bob", "cyd"):
        buckets.take(name)
    assert taken(buckets, "ada") == 0
    buckets.take("dee")
    assert len(buckets) == 3
    assert taken(buckets, "ada") == 0
    assert taken(buckets, "bob") == 1


async def test_a_customer_past_the_limit_is_429_and_no_service_is_called(
    catalog: Peer, shop: Shop
) -> None:
    await shop.start("storefront", customer_burst=2.0, customer_rate=0.5)
    ada, ada_again, bob = token("ada"), token("ada"), token("bob")
    for key in (ada, ada_again):
        assert (await shop.call("storefront", "GET", "/api/products", key=key)).status == 200
    refused = await shop.call("storefront", "GET", "/api/categories", key=ada)
    assert_problem(refused, 429, "too_many_requests")
    assert refused.headers["Retry-After"] in ("1", "2")
    assert len(catalog.seen) == 2
    assert (await shop.call("storefront", "GET", "/api/products", key=bob)).status == 200


async def test_the_operator_is_not_limited(catalog: Peer, shop: Shop) -> None:
    await shop.start("storefront", customer_burst=1.0, customer_rate=0.001)
    for _ in range(5):
        answer = await shop.call("storefront", "GET", "/api/products", key=OPERATOR)
        assert answer.status == 200
    assert len(catalog.seen) == 5
