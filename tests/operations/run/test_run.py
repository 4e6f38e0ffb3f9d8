"""The command line of `run.py`: what a person reads who mistypes, or asks for help."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.markdown import in_backticks, rows
from tests.operations.audit.conftest import filled, folder
from tests.operations.audit.planted import Folder

__all__ = ["filled", "folder"]

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments: str, python: tuple[str, ...] = (sys.executable,)) -> tuple[int, str, str]:
    done = subprocess.run(
        [*python, str(ROOT / "run.py"), *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_help_names_every_flag_and_command() -> None:
    code, out, _ = run("--help")
    assert code == 0
    for name in (
        *("--base-port", "--data-dir", "--host", "--advertise", "--no-demo", "--log-format"),
        "--log-file",
        *(
            "run.py import",
            "run.py audit",
            "run.py status",
            "run.py backup",
            "run.py restore",
            "run.py test",
        ),
    ):
        assert name in out


def test_help_names_the_variables_that_the_guide_has() -> None:
    guide = (ROOT / "services/operations/README.md").read_text()
    table = rows(guide, "flag of `run.py`", "environment", "what", "default")
    variables = [name for _, cell, _, _ in table for name in in_backticks(cell)]
    _, out, _ = run("--help")
    assert sorted(re.findall(r"^  ([A-Z_]{2,}) ", out, re.MULTILINE)) == sorted(variables)


def test_help_wants_nothing_but_the_standard_library() -> None:
    code, out, _ = run("--help", python=(sys.executable, "-S"))
    assert (code, bool(out)) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--prot", "9000"], "There is no flag --prot;"),
        (["frobnicate"], "There is no command frobnicate;"),
        (
            ["--data-dir", "x", "audit"],
            "The command comes first, and its flags after it: python run.py audit",
        ),
        (["--base-port"], "--base-port: expected one argument"),
        (["--base-port", "nine"], "--base-port: 'nine' is not a number from 1 to 65455"),
        (["--base-port", "65456"], "--base-port: '65456' is not a number"),
        (["--base-port", "0"], "--base-port: '0' is not a number"),
        (["--log-format", "xml"], "--log-format: invalid choice: 'xml'"),
    ],
)
def test_a_bad_flag_is_one_sentence(arguments: list[str], message: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith(f"run.py: {message}")
    assert err.count("\n") == 1


def test_standard_streams_that_are_closed_are_no_failure_of_the_command() -> None:
    code = "import os, sys; [os.close(n) for n in (0, 1)]; os.execv(sys.executable, sys.argv[1:])"
    command = [sys.executable, str(ROOT / "run.py"), "--help"]
    done = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_standard_output_that_takes_no_more_is_told_in_a_sentence(folder: Folder) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, str(ROOT / "run.py"), "audit", "--data-dir", str(folder.path)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    message = "run.py: Standard output cannot be written (No space left on device).\n"
    assert (done.returncode, done.stderr) == (1, message)


def test_characters_a_terminal_cannot_show_are_escaped(folder: Folder) -> None:
    with closing(sqlite3.connect(folder.path / "products.db")) as conn, conn:
        conn.execute("UPDATE products SET name = 'Чай', reserved = reserved + 1 WHERE id = 1")
    done = subprocess.run(
        [sys.executable, str(ROOT / "run.py"), "audit", "--data-dir", str(folder.path)],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "\\u0427\\u0430\\u0439" in done.stdout


def test_a_python_that_is_too_old_is_named() -> None:
    old = "import sys; sys.version_info = (3, 10, 4); sys.version = '3.10.4 (old)'; "
    path = str(ROOT / "run.py")
    done = subprocess.run(
        [sys.executable, "-c", f"{old}import runpy; runpy.run_path({path!r})"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "run.py: Python 3.11 or newer is needed, and this is 3.10.4.\n"
