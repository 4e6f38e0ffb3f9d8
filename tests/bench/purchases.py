"""What a purchase costs: `python -m tests.bench.purchases [--against CHECKOUT]`.

A purchase is an order of one unit and its payment, over HTTP. Of the shop as it is, and of another
checkout of it if one is named, it tells how many are made a second, and how much processor time
each costs, by process. The two take turns for some rounds, as machines are noisy, and the ratio is
the median of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import msgspec

from tests.end_to_end.real_shop import OPERATOR, ROOT, RealShop, free_base_port

BUYERS = 16
UNITS = 1_000_000
ENCODER = msgspec.json.Encoder(decimal_format="number")
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass
class Shop:
    """A checkout's running shop, and what each round of it came to."""

    name: str
    running: RealShop
    rates: list[float] = field(default_factory=list)
    costs: list[dict[str, float]] = field(default_factory=list)
    """Milliseconds of processor time a purchase, by process."""

    @property
    def total_costs(self) -> list[float]:
        return [sum(cost.values()) for cost in self.costs]


class Buyer:
    """Calls a shop's services directly, as they are found at their default offsets."""

    def __init__(self, session: aiohttp.ClientSession, shop: RealShop) -> None:
        self._session = session
        self._shop = shop

    async def call(self, service: str, path: str, body: Mapping[str, Any]) -> Any:
        async with self._session.post(
            self._shop.url(service) + path,
            data=ENCODER.encode(body),
            headers={"Content-Type": "application/json", "X-API-Key": OPERATOR},
        ) as response:
            answer = await response.text()
            assert response.status in (200, 201), answer
            return msgspec.json.decode(answer)

    async def stock_up(self) -> int:
        """A product of which there is enough; returns its id."""
        product = {"name": "Pear Drops", "price": Decimal("1.20"), "stock": UNITS}
        return int((await self.call("catalog", "/products", product))["id"])

    async def buy(self, user_id: str, product_id: int) -> None:
        """Order one unit, and pay it."""
        items = [{"product_id": product_id, "quantity": 1}]
        order = await self.call("order", "/orders", {"user_id": user_id, "items": items})
        amount = Decimal(str(order["total_amount"]))
        receipt = await self.call(
            "payment", "/pay", {"order_id": order["order_id"], "amount": amount}
        )
        assert receipt["order_status"] == "PAID"


async def round_of(shop: Shop, seconds: float) -> None:
    """Have all buyers buy for so many seconds."""
    async with aiohttp.ClientSession() as session:
        buyer = Buyer(session, shop.running)
        product_id = await buyer.stock_up()
        done = 0
        before, began = cpu_seconds(shop.running), time.perf_counter()

        async def keep_buying(user_id: str) -> None:
            nonlocal done
            while time.perf_counter() - began < seconds:
                await buyer.buy(user_id, product_id)
                done += 1

        await asyncio.gather(*(keep_buying(f"buyer{number}") for number in range(BUYERS)))
        took = time.perf_counter() - began
        after = cpu_seconds(shop.running)
    shop.rates.append(done / took)
    shop.costs.append({name: 1000 * (after[name] - before[name]) / done for name in before})


def cpu_seconds(shop: RealShop) -> dict[str, float]:
    """Processor time that each process of a shop has used, user and system."""
    pids = {**shop.pids(), "run.py": shop.process.pid}
    return {name: sum(_ticks(pid)) / TICKS for name, pid in pids.items()}


def _ticks(pid: int) -> tuple[int, int]:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]), int(fields[12])


def report(shops: list[Shop]) -> None:
    """Print the table."""
    for shop in shops:
        total = median(shop.total_costs)
        print(f"\n{shop.name}: {median(shop.rates):.0f} purchases/s, {total:.1f} ms each")
        for name in sorted(shop.costs[0]):
            print(f"  {name:12}{median(cost[name] for cost in shop.costs):7.2f} ms")
    if len(shops) == 2:
        this, other = shops
        rate = median(a / b for a, b in zip(this.rates, other.rates, strict=True))
        cost = median(a / b for a, b in zip(this.total_costs, other.total_costs, strict=True))
        print(f"\nthis to that: {rate:.2f} of its purchases/s, {cost:.2f} of its processor time")


def main() -> int:
    """Measure and report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.purchases", description=__doc__)
    parser.add_argument(
        "--against", metavar="CHECKOUT", type=Path, help="another checkout's folder"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each round (%(default)s)")
    options = parser.parse_args()
    if not Path("/proc/self/stat").exists():
        sys.exit("Processor time by process is read from /proc, which there is on Linux alone.")
    roots = {"this shop": ROOT}
    if options.against:
        roots[str(options.against)] = options.against.resolve()
    with ExitStack() as stack:
        shops = []
        for name, root in roots.items():
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "data"
            running = RealShop(folder, free_base_port(), root=root)
            stack.callback(running.kill)
            shops.append(Shop(name, running.ready()))
        for _ in range(options.rounds):
            for shop in shops:
                asyncio.run(round_of(shop, options.seconds))
        report(shops)
    return 0


if __name__ == "__main__":
    sys.exit(main())
