"""Runs `run.py` with an interpreter that has what the shop needs: this one, or that in `.venv`.

Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from .. import ROOT
from .environment import Environment, Runner, has_all, pins


def go_on_with(lock_name: str, arguments: Sequence[str]) -> None:
    """Return if this interpreter has all packages that a lock file names.

    Otherwise run `run.py` again, with these arguments, by an interpreter that has them. Raises
    OperationError if what is missing cannot be installed.
    """
    interpreter = interpreter_with(lock_name, ROOT)
    if interpreter is not None:
        become([str(interpreter), str(ROOT / "run.py"), *arguments])


def interpreter_with(lock_name: str, root: Path, run: Runner = subprocess.call) -> Path | None:
    """The interpreter to use, None for this one; what is missing is installed first.

    Raises OperationError if that fails.
    """
    environment = Environment(root)
    if environment.is_this_interpreter:
        # The environment cannot repair itself: the interpreter that made it does that.
        if environment.has(lock_name):
            return None
        return Path(sys._base_executable)  # type: ignore[attr-defined]
    if has_all(pins(root / lock_name)):
        return None
    if not environment.has(lock_name):
        environment.install(lock_name, run)
    return environment.python


def become(command: list[str]) -> NoReturn:
    """Become another program, in this process if the system can do that."""
    sys.stdout.flush()
    if sys.platform != "win32":
        os.execv(command[0], command)  # noqa: S606
    child = subprocess.Popen(command)  # noqa: S603
    while True:
        try:
            sys.exit(child.wait())
        except KeyboardInterrupt:
            continue  # The child gets the Ctrl-C as well, and decides.
