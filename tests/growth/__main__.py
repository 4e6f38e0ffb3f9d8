"""`python -m tests.growth`: an hour of refused orders, or as much as you say, and their purge."""

from __future__ import annotations

import argparse
import asyncio
import gc
import tempfile
import time
from pathlib import Path

from services.common.core.clock import seconds_after
from services.operations.audit.command import look

from .day import (
    A_SECOND,
    DAY,
    ONE_BY_ONE,
    ONE_IN,
    OPENING,
    Holds,
    Shop,
    file_sizes,
    holds_of_the_writer,
    open_shop,
    touch,
)

AN_HOUR = 3600 * A_SECOND
PAUSE_SECONDS = 0.02
LONG_MS = 20
"""A batch of the purge should hold the writer for less, in milliseconds."""


async def simulate(folder: Path, orders: int) -> None:
    """Print what the orders leave, what the purge takes, and for how long it holds the writer."""
    with holds_of_the_writer() as holds:
        async with open_shop(folder) as shop:
            empty = await shop.bytes_in_use()
            end = await shop.order(orders, OPENING)
            rows, before = await shop.rows(), await shop.bytes_in_use()
            placed = rows["orders"]
            held = min(orders, ONE_BY_ONE) // ONE_IN
            print(f"orders             {placed:,}, at 50 a second, {held:,} of them held")
            print(f"rows before        {rows}")
            print(f"bytes before       {before:,}: {(before - empty) / placed:,.0f} an order")
            answer = await shop.kept(0)
            await shop.purge(seconds_after(OPENING, DAY))
            assert answer is not None
            assert await shop.kept(0) == answer
            print("repeat, 24 hours   the same answer")
            gc.collect()  # as a service does once it listens
            gc.freeze()
            lone = await one_row_at_a_time(shop, holds)
            began = time.perf_counter()
            await shop.purge(seconds_after(end, 8 * DAY + 60))
            took = time.perf_counter() - began
            batches = holds.take()
            lone += await one_row_at_a_time(shop, holds)
            rows, after = await shop.rows(), await shop.bytes_in_use()
            print(f"rows after         {rows}")
            print(f"bytes after        {after:,}")
            print(f"one row written    {told(lone)}")
            print(f"a batch purged     {told(batches)}")
            print(f"purge              {took:.1f} s in {len(batches.wall):,} batches")
            sizes = file_sizes(folder)
            again = min(orders, AN_HOUR)
            await shop.order(again, seconds_after(end, 9 * DAY))
        print(f"files              {sizes:,}; after {again:,} orders again {file_sizes(folder):,}")
    found = look(folder)
    print(f"audit              {len(found.breaches)} rows wrong")


async def one_row_at_a_time(shop: Shop, holds: Holds) -> Holds:
    """What the smallest writes take on this machine now, one now and then."""
    holds.take()
    for _ in range(500):
        await shop.databases["products"].write(touch)
        await asyncio.sleep(PAUSE_SECONDS)
    return holds.take()


def told(holds: Holds) -> str:
    """For how long the writer was held, in milliseconds."""
    walls = sorted(holds.wall)
    parts = {"median": 0.5, "99 %": 0.99, "longest": 1.0}
    spread = (f"{name} {walls[int(part * (len(walls) - 1))]:.1f}" for name, part in parts.items())
    longer = sum(wall > LONG_MS for wall in walls)
    return (
        f"writer held {', '.join(spread)} ms, {longer:,} of {len(walls):,} times for more than"
        f" {LONG_MS} ms; longest on the processor {max(holds.processor):.1f} ms"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m tests.growth", description=__doc__)
    much = parser.add_mutually_exclusive_group()
    much.add_argument("--orders", type=int, default=AN_HOUR, help="how many (%(default)s)")
    much.add_argument("--hours", type=float, help="how many, at 50 a second")
    parser.add_argument("--folder", type=Path, help="on the disk that is to be measured")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as made:
        orders = int(arguments.hours * AN_HOUR) if arguments.hours else arguments.orders
        asyncio.run(simulate(Path(made), orders))
