"""How `run.py` and its commands read their flags: what is wrong with one is told in a sentence."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from . import OperationError
from .parts import Place


class CommandParser(argparse.ArgumentParser):
    """The flags of `command`, as it is typed; a wrong one is raised as an OperationError."""

    def __init__(self, command: str, *, description: str, epilog: str) -> None:
        super().__init__(
            prog=command,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def add_data_dir(self, what: str) -> None:
        """Take `--data-dir DIR`, with what it is for the help."""
        self.add_argument(
            "--data-dir",
            metavar="DIR",
            type=Path,
            default=Place.data_dir,
            help=f"{what} (data, beside run.py)",
        )

    def error(self, message: str) -> NoReturn:
        told = message.removeprefix("argument ")
        raise OperationError(f"{told[0].upper()}{told[1:]}; see {self.prog} --help.")
