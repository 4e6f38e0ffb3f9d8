"""Customers who go about their business, and write down how long they waited."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

import aiohttp

CUSTOMERS = 8
PAUSE_SECONDS = 0.06


@dataclass
class Business:
    """What customers asked in a while: the seconds of each request, and what failed."""

    seconds: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)

    def percentile(self, percent: float) -> float:
        """The seconds within which so many of a hundred requests were answered."""
        return sorted(self.seconds)[
            min(int(len(self.seconds) * percent / 100), len(self.seconds) - 1)
        ]

    def __str__(self) -> str:
        p50, p99, most = (self.percentile(each) * 1000 for each in (50, 99, 100))
        failed = ", ".join(f"{count} {what}" for what, count in self.failed.items()) or "0"
        return (
            f"{len(self.seconds):5} requests, {failed} failed,"
            f" p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {most:.0f} ms"
        )


async def do_business(url: str, seconds: float) -> Business:
    """Have customers browse, fill and empty their carts, and look at their orders, for so long."""
    business = Business()
    ends = time.monotonic() + seconds
    async with aiohttp.ClientSession(url) as session, asyncio.TaskGroup() as group:
        for number in range(CUSTOMERS):
            group.create_task(_shop(session, business, ends, number / CUSTOMERS * PAUSE_SECONDS))
    return business


async def _shop(
    session: aiohttp.ClientSession, business: Business, ends: float, begins: float
) -> None:
    began = time.monotonic()
    async with session.post("/api/session") as response:
        guest = await response.json()
    business.seconds.append(time.monotonic() - began)
    cart = f"/api/cart/{guest['user_id']}"
    errands = [
        ("GET", "/api/products?limit=24", None),
        ("GET", "/api/products/1", None),
        ("POST", f"{cart}/add", {"product_id": 1, "quantity": 1}),
        ("GET", cart, None),
        ("DELETE", cart, None),
        ("GET", "/api/orders?limit=20", None),
    ]
    headers = {"X-API-Key": guest["token"]}
    await asyncio.sleep(begins)
    while True:
        for method, path, body in errands:
            if time.monotonic() >= ends:
                return
            began = time.monotonic()
            async with session.request(method, path, json=body, headers=headers) as response:
                await response.read()
            business.seconds.append(time.monotonic() - began)
            if response.status >= 400:
                business.failed[f"{response.status}"] += 1
            await asyncio.sleep(max(0.0, began + PAUSE_SECONDS - time.monotonic()))
