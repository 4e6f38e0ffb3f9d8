"""The flags that `run.py` and its commands share."""

from __future__ import annotations

from pathlib import Path

from services.common.core.arguments import ArgumentParser

from . import DATA_DIR


class CommandParser(ArgumentParser):
    """The flags of a command of `run.py`."""

    def add_data_dir(self, what: str) -> None:
        """Add the flag `--data-dir DIR`; `what` describes it in the help."""
        self.add_argument(
            "--data-dir",
            metavar="DIR",
            type=Path,
            default=DATA_DIR,
            help=f"{what} (data, beside run.py)",
        )
