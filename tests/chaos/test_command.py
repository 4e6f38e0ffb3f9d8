"""What `python -m tests.chaos` makes of its flags, and how a report reads; nothing is attacked."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest

from .__main__ import plan_of
from .report import WIDTH, Report

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the attacks are Linux's")


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ("--minutes 0", "a run takes more than 0 minutes"),
        ("--minutes nan", "a run takes more than 0 minutes"),
        ("--without-registry -1", "no registry at least 0"),
        ("--seed -1", "--seed -1: a seed is 0 or more"),
        ("--base-port 65500", "--base-port 65500: the shop's ports are 1 to 65535"),
        ("--folder tests", "--folder tests: it is not an empty folder"),
        ("--report no/such/file", "--report no/such/file: there is no folder no/such"),
    ],
)
def test_a_bad_flag_gets_a_sentence(
    flags: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        plan_of(flags.split())
    assert sentence in capsys.readouterr().err


def test_a_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match="2"):
            plan_of(["--base-port", str(port)])
    assert f"port {port} is taken" in capsys.readouterr().err


@pytest.mark.parametrize(("minutes", "away"), [("2", 60.0), ("20", 600.0), ("60", 600.0)])
def test_the_registry_is_away_for_ten_minutes_or_in_proportion(
    minutes: str, away: float, tmp_path: Path
) -> None:
    plan, _ = plan_of(["--minutes", minutes, "--folder", str(tmp_path)])
    assert plan.without_registry == away


def test_a_report_says_what_was_not_run_in_lines_that_fit_a_page() -> None:
    report = Report(seed=20)
    report.not_run = "end in fsync, fail fsync, slow fsync: strace is not installed here" * 2
    lines = report.text().splitlines()
    assert max(len(line) for line in lines) <= WIDTH
    assert "full disk          not run" in lines
