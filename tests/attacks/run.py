"""One attack on a real shop: before, meanwhile, and what it cost in memory."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.real_shop import ROOT, RealShop, call, free_base_port

from .customers import Business, do_business

WATCHED = ("storefront", "catalog", "order", "payment")
SPARE_MIB = 32
DESCRIPTION = "d" * 4800
PRODUCTS = 200
STOCK = 1_000_000


@dataclass
class Figures:
    """What came of an attack."""

    how: str
    quiet: Business
    attacked: Business
    told: dict[str, int]
    idle_mib: dict[str, float]
    peak_mib: dict[str, float]

    @property
    def slower(self) -> float:
        """By how much the slowest of a hundred requests was slower than in the quiet shop."""
        return self.attacked.percentile(99) / self.quiet.percentile(99)

    def too_large(self) -> dict[str, float]:
        """The processes that took more memory than twice what they take idle, and some."""
        return {
            name: peak
            for name, peak in self.peak_mib.items()
            if peak > 2 * self.idle_mib[name] + SPARE_MIB
        }

    def __str__(self) -> str:
        told = ", ".join(f"{count} {status}" for status, count in sorted(self.told.items()))
        memory = ", ".join(
            f"{name} {self.idle_mib[name]:.0f} → {peak:.0f} MiB"
            for name, peak in self.peak_mib.items()
        )
        return (
            f"{self.how}\n  quiet     {self.quiet}\n  attacked  {self.attacked}"
            f" ({self.slower:.1f} times the quiet p99)\n  attacker  {told}\n  memory    {memory}"
        )


@contextmanager
def open_shop(folder: Path) -> Iterator[RealShop]:
    """A real shop with products that have much to tell."""
    folder.mkdir()
    shop = RealShop(folder / "data", free_base_port())
    try:
        shop.ready()
        for number in range(PRODUCTS):
            name = f"Drops {number}"
            product = {"name": name, "price": 1, "stock": STOCK, "description": DESCRIPTION}
            status, _ = call("POST", f"{shop.url('catalog')}/products", product)
            assert status == 201
        yield shop
    finally:
        shop.stop()


async def attack(shop: RealShop, how: str, *, seconds: float) -> Figures:
    """Let customers do business in the quiet shop, and then while somebody attacks it."""
    url = shop.url("storefront")
    _, guest = call("POST", f"{url}/api/session", key=None)
    await do_business(url, 2.0)
    quiet = await do_business(url, seconds)
    pids = {name: pid for name, pid in shop.pids().items() if name in WATCHED}
    idle = _memory(pids)
    attacker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.attacks.attackers", how, url, str(seconds + 2)),
        cwd=ROOT,
        env={**os.environ, "TOKEN": guest["token"]},
        stdout=asyncio.subprocess.PIPE,
    )
    peak = dict(idle)
    watching = asyncio.create_task(_watch(pids, peak))
    await asyncio.sleep(1.0)  # until it is there
    attacked = await do_business(url, seconds)
    told, _ = await attacker.communicate()
    watching.cancel()
    return Figures(how, quiet, attacked, json.loads(told), idle, peak)


async def _watch(pids: Mapping[str, int], peak: dict[str, float]) -> None:
    while True:
        for name, mib in _memory(pids).items():
            peak[name] = max(peak[name], mib)
        await asyncio.sleep(0.1)


def _memory(pids: Mapping[str, int]) -> dict[str, float]:
    """The resident memory of processes, in MiB."""
    return {name: _resident(pid) for name, pid in pids.items()}


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    (kib,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kib) / 1024
