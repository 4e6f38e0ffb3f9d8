"""`python -m tests.chaos --minutes N --seed S`: a long run."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from tests.end_to_end.real_shop import free_base_port

from .campaign import Campaign
from .report import Report

MOST_OF_A_ROUND = 120.0
ATTACK_OF_A_ROUND = 90.0
"""Seconds that crash points, and then other attacks, take turns for."""


async def long_run(folder: Path, base_port: int, seed: int, seconds: float) -> Report:
    """Attack for so long, then check."""
    async with Campaign(folder, base_port, seed) as campaign:
        async with AsyncExitStack() as stack:
            await campaign.working(stack)
            ends = time.monotonic() + seconds
            while (left := ends - time.monotonic()) > 0:
                await campaign.hit_every_point(within=min(left, MOST_OF_A_ROUND))
                if (left := ends - time.monotonic()) > 0:
                    await campaign.attack(min(left, ATTACK_OF_A_ROUND), gap=(0.5, 3.0))
        return await campaign.check()


def main() -> int:
    """Run as the flags say; the exit code is 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--base-port", type=int, default=None)
    parser.add_argument("--folder", type=Path, default=None)
    flags = parser.parse_args()
    base_port = flags.base_port or free_base_port()
    folder = flags.folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    print(f"seed {flags.seed}, base port {base_port}, kept in {folder}", flush=True)
    report = asyncio.run(long_run(folder, base_port, flags.seed, flags.minutes * 60))
    print(report.text())
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
