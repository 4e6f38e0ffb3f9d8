"""What in the shop's log is a violation: lines as `run.py` makes them of what a child wrote."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.operations.run.loglines import as_json, read_line
from services.operations.run.processes import how_it_ended

from .logs import violations


def found(folder: Path, service: str, *said: str) -> list[str]:
    log, now = folder / "run.log", datetime.now(UTC)
    lines = (read_line(service, row.encode(), now=now, plain_level="error") for row in said)
    log.write_text("".join(f"{as_json(line)}\n" for line in lines))
    return list(violations(log))


@pytest.mark.parametrize(
    "said",
    [
        "Traceback (most recent call last):",
        "  + Exception Group Traceback (most recent call last):",
        "Fatal Python error: Segmentation fault",
        '{"message": "a step failed", "traceback": "ValueError"}',
    ],
)
def test_what_failed_unexpectedly_is_a_violation(said: str, tmp_path: Path) -> None:
    assert len(found(tmp_path, "order", said, '  File "services/order/app.py", line 1')) == 1


@pytest.mark.parametrize("code", [-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -35])
def test_an_end_by_a_signal_that_no_attack_sends_is_a_violation(code: int, tmp_path: Path) -> None:
    said = f"order {how_it_ended(code)} and is started again now"
    assert found(tmp_path, "run", said) == [f"run: {said}"]


@pytest.mark.parametrize("code", [-signal.SIGKILL, -signal.SIGTERM, 0, 74])
def test_an_end_that_an_attack_brings_about_is_none(code: int, tmp_path: Path) -> None:
    assert not found(tmp_path, "run", f"order {how_it_ended(code)} and is started again now")
