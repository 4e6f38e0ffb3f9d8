"""Tells whether a data folder is whole. A restore that is under way holds a lock in the folder; one
that was cut short leaves a marker, and databases of two different times. Until the restore is
complete, nothing is started, audited or backed up.
"""

from __future__ import annotations

from pathlib import Path

from .errors import CannotOpen
from .filelock import is_held

LOCK = "restore.lock"
MARKER = "restore-under-way.json"


def require_whole(folder: Path) -> None:
    """Raise CannotOpen, with a sentence for a person, if a restore of `folder` is not complete."""
    if is_held(folder / LOCK):
        raise CannotOpen(f"A restore of {folder} is under way: wait until it is done.")
    if (folder / MARKER).exists():
        raise CannotOpen(
            f"A restore of {folder} was cut short, and what is in it does not fit together: run it "
            "again, with python run.py restore DIR."
        )
