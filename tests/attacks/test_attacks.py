"""While one guest attacks a real shop, the others notice hardly anything of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.real_shop import RealShop

from .run import attack, open_shop

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(180),
    pytest.mark.skipif(sys.platform != "linux", reason="127.0.0.2 and /proc are Linux's"),
]

SECONDS = 15.0
"""Longer than a body or a reader is waited for, so that some are given up meanwhile."""
QUICK = 0.05
"""Seconds: a quiet p99 below it counts as this, for three times as much is not noticed either."""


@pytest.fixture
def attacked(tmp_path: Path) -> Iterator[RealShop]:
    """A real shop with large products."""
    with open_shop(tmp_path / "shop") as shop:
        yield shop


@pytest.mark.parametrize("how", ["half-a-body", "read-nothing", "hoard-unpaid"])
async def test_an_attack_of_one_guest_fails_nobody_elses_requests(
    attacked: RealShop, how: str, record_property: pytest.FixtureRequest
) -> None:
    figures = await attack(attacked, how, seconds=SECONDS)
    record_property("told", str(figures))  # type: ignore[operator]
    assert not figures.attacked.failed
    assert figures.told["429"] > 0
    assert "503" not in figures.told
    assert figures.too_large() == {}
    assert figures.attacked.percentile(99) <= 3 * max(figures.quiet.percentile(99), QUICK)
