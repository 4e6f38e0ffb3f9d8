"""What `run.py` does: installing, starting, watching and stopping the shop, and its tools."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The folder that has `run.py` in it."""
DATA_DIR = ROOT / "data"
"""Where a shop writes all its files, unless another folder is given."""


class OperationError(Exception):
    """A command cannot go on; the message is one sentence that says why and what to do."""
