"""The short run: every crash point once, some of every other fault, and then every promise."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.end_to_end.real_shop import free_base_port

from .campaign import Campaign
from .crash_points import POINTS
from .full_disk import report_full_disk
from .report import Report

SEED = 20
OF_THEIR_OWN = ("keep registry away", "empty registry", "fill disk")
"""Attacks that have a phase of their own in the short run."""


async def short_run(folder: Path) -> tuple[Report, set[tuple[str, str]]]:
    """What came of a run, and the points that were hit."""
    async with Campaign(folder, free_base_port(), SEED) as campaign:
        async with AsyncExitStack() as stack:
            await campaign.working(stack)
            await campaign.hit_every_point(within=130.0)
            await campaign.attack_with_each(within=30.0, but=OF_THEIR_OWN)
            await campaign.work_without_registry(8.0)
        # The one mostly waits until all has settled.
        report, _ = await asyncio.gather(
            campaign.check(),
            report_full_disk(campaign.report, folder / "full-disk", free_base_port(), SEED),
        )
        report.violations += campaign.not_seen()
        return report, set(campaign.points.hits())


@pytest.mark.chaos
@pytest.mark.skipif(sys.platform != "linux", reason="the attacks are Linux's")
@pytest.mark.timeout(240)
def test_nothing_is_lost_under_faults_at_every_point(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, hits = asyncio.run(short_run(tmp_path))
    with capsys.disabled():
        print(f"\n{report.text()}", end="")
    assert report.violations == []
    assert hits == {(service, point) for service in POINTS for point in POINTS[service]}
