"""What refused orders leave behind does not stay, and its purge keeps nobody waiting."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from services.common.core.clock import seconds_after
from services.operations.audit.command import look

from .day import DAY, ONE_IN, OPENING, file_sizes, holds_of_the_writer, open_shop

ORDERS = 5_000
LONGEST_HOLD = 20.0
"""Milliseconds; of the processor, as what the disk takes is not the purge's doing."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


async def test_refused_orders_are_gone_on_day_8_and_nobody_has_waited_for_it(
    tmp_path: Path,
) -> None:
    with holds_of_the_writer() as holds:
        async with open_shop(tmp_path) as shop:
            empty = await shop.bytes_in_use()
            end = await shop.order(ORDERS, OPENING)
            full = await shop.bytes_in_use()
            holds.take()
            await shop.purge(seconds_after(end, 8 * DAY + 60))
            assert max(holds.processor) <= LONGEST_HOLD
            assert statistics.median(holds.wall) <= LONGEST_HOLD
            held = ORDERS // ONE_IN
            assert await shop.rows() == {
                "orders": held,
                "order_events": 2 * held,
                "idempotency_keys": 0,
                "reservations": held,
            }
            assert await shop.bytes_in_use() - empty < (full - empty) / 20
    assert look(tmp_path).breaches == []


async def test_a_repeat_within_a_day_is_answered_as_before(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        end = await shop.order(ORDERS // 10, OPENING)
        answers = [await shop.kept(number) for number in (0, ONE_IN - 1)]
        assert [answer and answer.status for answer in answers] == [409, 201]
        await shop.purge(seconds_after(OPENING, DAY))
        assert [await shop.kept(number) for number in (0, ONE_IN - 1)] == answers
        await shop.purge(seconds_after(end, 2 * DAY + 60))
        assert [await shop.kept(number) for number in (0, ONE_IN - 1)] == [None, None]
        assert (await shop.rows())["orders"] == ORDERS // 10


async def test_the_files_do_not_grow_from_one_week_to_the_next(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        end = await shop.order(ORDERS, OPENING)
        await shop.purge(seconds_after(end, 8 * DAY + 60))
        before = file_sizes(tmp_path)
        await shop.order(ORDERS, seconds_after(end, 9 * DAY))
    assert file_sizes(tmp_path) < 1.1 * before
