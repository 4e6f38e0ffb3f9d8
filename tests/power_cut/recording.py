"""Runs the writer under strace, and reads what it did to its files from the trace."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from tests.processes import ROOT

from .disk import Disk
from .operations import Operation, PowerCut, Started
from .trace import Trace

DATABASE = PurePath("data", "rows.db")
HEARD = PurePath("heard")

LEFT_OUT = (PurePath("data", "rows.db-shm"), PurePath("data", "rows.db.lock"))
"""Files whose content nobody needs after a start: SQLite builds the first one anew."""


class CannotRecord(Exception):
    """The recording is not one of the run that was asked for."""


@dataclass(frozen=True)
class Life:
    """One run of the writer; `killed_at` is the fdatasync whose beginning it does not survive, and
    `power_fails` at that instant, too: the next life begins with what is left.
    """

    rounds: int = 20
    killed_at: int | None = None
    power_fails: bool = False
    put_on_disk: bool = True


def why_not() -> str | None:
    """Why nothing can be recorded here, or None if it can."""
    if shutil.which("strace") is None:
        return "not run: there is no strace here"
    probe = ["strace", "-f", "-o", os.devnull, sys.executable, "-c", ""]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        return "not run: strace is not allowed here"
    return None


def recorded(
    home: Path, lives: Sequence[Life], seed: int, synchronous: str = "FULL"
) -> list[Operation]:
    """What one database goes through in these lives, in a new folder.

    A seed writes the same rows, and which of them share a transaction is as it happens.

    Raises CannotRecord if a life did not end as it should, or if the operations do not make the
    files that are really there; NotUnderstood.
    """
    home.mkdir(parents=True)
    home = home.resolve()
    disk, operations = Disk(), list[Operation]()
    trace, told = home.with_name(f"{home.name}.trace"), Trace(home, HEARD, LEFT_OUT)
    for number, life in enumerate(lives):
        operations.append(Started())
        flags = (f"--life={number}", f"--seed={seed}", f"--synchronous={synchronous}")
        _live(life, trace, str(home / DATABASE), str(home / HEARD), *flags)
        with trace.open(encoding="ascii") as lines:
            for operation in told.operations(lines):
                disk.do(operation)
                operations.append(operation)
        trace.unlink()
        if disk.after("everything kept", random.Random()) != _really_there(home):
            raise CannotRecord(f"after life {number} the files are not what was recorded of them")
        if life.power_fails:
            cut = PowerCut(disk.after("kept at random", random.Random(seed)))
            shutil.rmtree(home / DATABASE.parent)
            lay_out(cut.files, home)
            disk.do(cut)
            operations.append(cut)
    return operations


def lay_out(files: Mapping[PurePath, bytes], folder: Path) -> None:
    """Write the files into `folder`."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def _live(life: Life, trace: Path, *flags: str) -> None:
    strace = ["strace", "-f", "-y", "-xx", "-s", "10000000", "-e", "trace=%file,%desc"]
    if life.killed_at is not None:
        strace += ["-e", f"inject=fdatasync:signal=KILL:when={life.killed_at}"]
    writer = [sys.executable, "-m", "tests.power_cut.writer", f"--rounds={life.rounds}", *flags]
    if not life.put_on_disk:
        writer.append("--not-put-on-disk")
    ended = subprocess.run(
        [*strace, "-o", str(trace), *writer],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if ended.returncode != (0 if life.killed_at is None else -signal.SIGKILL):
        raise CannotRecord(f"a life ended with {ended.returncode}: {ended.stderr}")


def _really_there(home: Path) -> dict[PurePath, bytes]:
    files = {path.relative_to(home): path for path in home.rglob("*") if path.is_file()}
    return {name: files[name].read_bytes() for name in files if name not in (HEARD, *LEFT_OUT)}
