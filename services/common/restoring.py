"""Whether a data folder is whole: a restore that was cut short leaves databases of two times in it,
and a marker that says so. Nothing is started, audited or backed up while the marker is there.
"""

from __future__ import annotations

from pathlib import Path

from .database_errors import CannotOpen

MARKER = "restore-under-way.json"


def require_whole(folder: Path) -> None:
    """Raise CannotOpen, with a sentence for a person, if a restore of `folder` is not complete."""
    if (folder / MARKER).exists():
        raise CannotOpen(
            f"A restore of {folder} was cut short, and what is in it does not fit together: run it "
            "again, with python run.py restore DIR."
        )
