"""Power cuts in the life of a database lose nothing that was acknowledged, and damage no file."""

from __future__ import annotations

from pathlib import Path

import pytest

from .recording import why_not
from .replay import replay

SEED = 20
IMAGES = 300


@pytest.mark.chaos
@pytest.mark.timeout(120)
def test_no_power_cut_loses_an_acknowledged_row_or_damages_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if told := why_not():
        pytest.skip(told)
    replayed = replay(tmp_path, IMAGES, SEED)
    with capsys.disabled():
        print(f"\nseed {SEED}\n{replayed.text()}")
    assert replayed.violations == []
