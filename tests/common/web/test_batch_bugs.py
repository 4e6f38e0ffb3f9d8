"""The tests of batches can see: each bug, planted alone, fails the test that is after it."""

from __future__ import annotations

from collections.abc import Iterator

import aiohttp
import pytest

from tests.chaos.planted.in_batches import (
    answer_to_the_wrong_caller,
    failed_part_fails_its_batch,
    lost_batch_repeated_whole,
    part_heard_before_commit,
)
from tests.chaos.planted.seams import Seams
from tests.common.web import test_batch, test_lanes
from tests.common.web.test_batch import Bakery, bakery  # noqa: F401  a fixture
from tests.common.web.test_lanes import Caller, caller, lose, peer  # noqa: F401  fixtures
from tests.shop import Shop

FAILED = (AssertionError, aiohttp.ClientError, TimeoutError)


@pytest.fixture
def seams() -> Iterator[Seams]:
    with Seams() as seams:
        yield seams


@pytest.fixture
def heard_early(seams: Seams) -> None:
    """Planted before a database is opened."""
    part_heard_before_commit(seams)


async def test_an_answer_to_the_wrong_caller_is_caught(
    seams: Seams,
    caller: Caller,  # noqa: F811
) -> None:
    answer_to_the_wrong_caller(seams)
    with pytest.raises(FAILED):
        await test_lanes.test_each_gets_its_own_answer_in_whatever_order_they_come(
            caller, [0, 1, 2]
        )


async def test_a_batch_that_is_repeated_whole_is_caught(
    seams: Seams,
    caller: Caller,  # noqa: F811
) -> None:
    lost_batch_repeated_whole(seams)
    with pytest.raises(FAILED):
        await test_lanes.test_of_a_batch_that_breaks_off_only_the_repeatable_are_sent_again(
            caller, lose, ["/a", "/told"]
        )


async def test_a_part_that_fails_its_batch_is_caught(
    seams: Seams,
    shop: Shop,
    bakery: Bakery,  # noqa: F811
) -> None:
    failed_part_fails_its_batch(seams)
    with pytest.raises(FAILED):
        await test_batch.test_a_part_that_fails_fails_alone(shop, bakery)


@pytest.mark.usefixtures("heard_early")
async def test_a_part_that_is_heard_before_its_commit_is_caught(
    shop: Shop,
    bakery: Bakery,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(FAILED):
        await test_batch.test_a_part_is_not_answered_before_the_commit_that_holds_it(
            shop, bakery, monkeypatch
        )
