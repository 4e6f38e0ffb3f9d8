"""`python -m tests.chaos --minutes N --seed S`: a long run. Ctrl-C ends it early, checks what there
was so far, and leaves nothing running.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from services.operations.run.deployment import SERVICES
from tests.end_to_end.real_shop import free_base_port, is_free
from tests.power_cut.replay import replay

from .campaign import Campaign
from .full_disk import report_full_disk
from .report import Report

MAX_OF_A_ROUND = 120.0
ATTACK_OF_A_ROUND = 90.0
"""Seconds that crash points, and then other attacks, take turns for."""
PROGRESS_EVERY = 30.0
IMAGES = 1000
WHOLE_RUN, WHOLE_WITHOUT_REGISTRY = 20.0, 10.0
"""Minutes of attacks after which the registry is away for so many; for less of them, for less."""


class Plan(NamedTuple):
    """What is to be run; times are in seconds."""

    folder: Path
    base_port: int
    seed: int
    seconds: float
    without_registry: float


async def long_run(plan: Plan) -> Report:
    """Attack for so long, take the registry away, then check; fill a disk of its own, cut power."""
    is_whole = True
    async with Campaign(plan.folder, plan.base_port, plan.seed) as campaign:
        report = campaign.report
        with _kept(report, "the attack"):
            async with AsyncExitStack() as stack:
                await campaign.working(stack)
                progress = asyncio.create_task(_tell_progress(campaign))
                stack.callback(progress.cancel)
                try:
                    await _attack(campaign, plan)
                except asyncio.CancelledError:  # Ctrl-C; a second one is not held up
                    _stop_cancelling()
                    is_whole = False
                    print("Stopped early: checking what there was so far.", flush=True)
        with _kept(report, "the check"):
            await campaign.check()
    if is_whole:
        report.violations += campaign.not_seen()
        with _kept(report, "the full disk"):
            await report_full_disk(report, plan.folder / "full-disk", free_base_port(), plan.seed)
        with _kept(report, "the power cut"):
            replayed = await asyncio.to_thread(replay, plan.folder / "power-cut", IMAGES, plan.seed)
            report.power_cut = replayed.lines
            report.violations += replayed.violations
    return report


@contextmanager
def _kept(report: Report, phase: str) -> Iterator[None]:
    """A phase that fails is a violation, and what was found before it is told all the same."""
    try:
        yield
    except Exception as error:
        traceback.print_exc()
        report.violations.append(f"{phase} did not come to its end: {error!r}")


async def _attack(campaign: Campaign, plan: Plan) -> None:
    ends = time.monotonic() + plan.seconds
    while (left := ends - time.monotonic()) > 0:
        await campaign.hit_every_point(within=min(left, MAX_OF_A_ROUND))
        if (left := ends - time.monotonic()) > 0:
            await campaign.attack(min(left, ATTACK_OF_A_ROUND), gap=(0.5, 3.0))
    if plan.without_registry:
        await campaign.work_without_registry(plan.without_registry)


async def _tell_progress(campaign: Campaign) -> None:
    began = time.monotonic()
    while True:
        await asyncio.sleep(PROGRESS_EVERY)
        minutes = (time.monotonic() - began) / 60
        print(f"{minutes:5.1f} min  {campaign.progress()}", flush=True)


def _stop_cancelling() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.uncancel()


def plan_of(arguments: list[str] | None = None) -> tuple[Plan, Path | None]:
    """The run that the flags describe, and where its report goes; ends with a sentence if none."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=WHOLE_RUN, help="of attacks (%(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument(
        "--without-registry",
        type=float,
        metavar="MINUTES",
        help=f"after the attacks ({WHOLE_WITHOUT_REGISTRY:g}; less in a run of less than"
        f" {WHOLE_RUN:g}; 0 leaves it out)",
    )
    parser.add_argument("--base-port", type=int, help="a free one, unless given")
    parser.add_argument(
        "--folder", type=Path, help="a new or empty one; a temporary one by default"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="where the report goes as well")
    flags = parser.parse_args(arguments)
    away = flags.without_registry
    if away is None:
        away = WHOLE_WITHOUT_REGISTRY * min(1.0, flags.minutes / WHOLE_RUN)
    if sys.platform != "linux":
        parser.error("the attacks are Linux's, and this is another system")
    if not 0 < flags.minutes < 10_000 or not 0 <= away < 10_000:
        parser.error("a run takes more than 0 minutes, and no registry at least 0")
    if flags.seed < 0:
        parser.error(f"--seed {flags.seed}: a seed is 0 or more")
    base_port = flags.base_port if flags.base_port is not None else free_base_port()
    offsets = [one.offset for one in SERVICES]
    if not 1 <= base_port <= 65535 - max(offsets):
        parser.error(f"--base-port {base_port}: the shop's ports are 1 to 65535")
    if taken := [base_port + offset for offset in offsets if not is_free(base_port + offset)]:
        parser.error(f"--base-port {base_port}: port {taken[0]} is taken; give another, or none")
    if flags.report is not None and not flags.report.parent.is_dir():
        parser.error(f"--report {flags.report}: there is no folder {flags.report.parent}")
    if flags.folder is not None and flags.folder.exists() and not _is_empty(flags.folder):
        parser.error(f"--folder {flags.folder}: it is not an empty folder")
    folder = flags.folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    return Plan(folder, base_port, flags.seed, flags.minutes * 60, away * 60), flags.report


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def main() -> int:
    """Run as the flags say; the exit code is 1 if a promise was broken."""
    plan, file = plan_of()
    print(f"seed {plan.seed}, base port {plan.base_port}, kept in {plan.folder}", flush=True)
    logging.getLogger("client").setLevel(logging.ERROR)  # that no registry answers is no news here
    try:
        report = asyncio.run(long_run(plan))
    except KeyboardInterrupt:
        print("Stopped, and nothing is checked.")
        return 130
    print(report.text())
    if file is not None:
        file.write_text(report.text())
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
