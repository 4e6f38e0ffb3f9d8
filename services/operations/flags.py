"""The flags that `run.py` and its commands share."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from services.common.core.arguments import ArgumentParser, port_number

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

    def add_registry(self, environ: Mapping[str, str]) -> None:
        """Take `--registry URL` or `--base-port N`; either way `registry` is the URL then."""
        where = self.add_mutually_exclusive_group()
        where.add_argument(
            "--registry",
            metavar="URL",
            default=environ.get("REGISTRY_URL", "http://127.0.0.1:8000"),
            help="the shop's registry (REGISTRY_URL, or %(default)s)",
        )
        where.add_argument(
            "--base-port",
            dest="registry",
            metavar="N",
            type=_on_this_machine,
            default=argparse.SUPPRESS,
            help="the shop on this machine at that port",
        )


def _on_this_machine(text: str) -> str:
    return f"http://127.0.0.1:{port_number(text)}"
