"""`python run.py backup DIR`: copies a shop, running or not, as it is at one instant."""

from __future__ import annotations

import argparse
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from services.common.storage.errors import describe
from services.common.storage.file import keep_private
from services.common.storage.filelock import FileLock, LockHeld, sync_folder

from .. import OperationError
from ..audit.command import look, tell
from ..flags import CommandParser
from .copies import Taken, copy_shop
from .files import HALF_MADE, MANIFEST, Manifest, remove_files, write_manifest

UNDER_WAY = "backup.partial"
"""The lock in the folder of a backup that is being made; it stays if the backup is killed."""
_DESCRIPTION = """\
Copies the five databases of a shop into DIR, a new or an empty folder. The shop may be running: all
its writers are held up together for a few milliseconds, and what is copied is of that instant. The
copies are checked and audited. What is in flight is not wrong: a restored shop goes on with it.

A backup has every customer, cart, order and payment in it, and the keys that customers' tokens are
signed with: who has it can sign tokens, so keep it safe. The operator key is not in it: keep
API_KEY elsewhere.
"""


def main(arguments: Sequence[str]) -> int:
    """Back up a data folder, print what was done, and return 1 if the audit finds a breach, else 0.
    Raises OperationError if no backup was made.
    """
    options = _options(arguments)
    data, folder = options.data_dir.absolute(), options.folder.absolute()
    began = time.monotonic()
    try:
        if folder.resolve().is_relative_to(data.resolve()):
            raise OperationError(
                f"{folder} is in the data folder, and would be lost with it: give another folder."
            )
        with new_folder(folder):
            taken = copy_shop(data, folder)
            found = look(folder)
            manifest = write_manifest(folder, taken.at)
    except OSError as error:
        raise OperationError(
            f"No backup was made: {error.strerror} ({error.filename2 or error.filename or folder})."
        ) from None
    except RuntimeError as error:  # a loop of links
        raise OperationError(f"No backup was made: {error}.") from None
    except sqlite3.Error as error:
        raise OperationError(f"No backup was made: {describe(error)}.") from None
    except KeyboardInterrupt:
        print("Interrupted: no backup was made, and nothing of it is left.", file=sys.stderr)
        raise
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[dim]{'backup':10}[/]  {escape(_summary(folder, taken, manifest, began))}")
    code = tell(console, found)
    if code:
        console.print("The backup is a true copy, and so just as wrong as the shop is.")
    return code


@contextmanager
def new_folder(folder: Path) -> Iterator[None]:
    """Prepare `folder`, which must be empty or not exist, for a backup that the block makes.

    If the block fails, the folder is again as it was before. Files that a killed backup has left in
    it are removed. Raises OperationError, OSError.
    """
    if not folder.parent.is_dir():
        raise OperationError(f"{folder.parent} is not there: make it first, or mend the path.")
    was_there = folder.exists()
    under_way = folder / UNDER_WAY
    try:
        _require_empty(folder)
        with FileLock(under_way):
            keep_private(folder)
            _require_empty(folder)  # Another backup may just have been completed there.
            try:
                remove_files(folder, HALF_MADE)
                yield
            except BaseException:
                remove_files(folder, (*HALF_MADE, MANIFEST, UNDER_WAY))
                if not was_there:
                    folder.rmdir()
                raise
            under_way.unlink()
            sync_folder(folder)
    except LockHeld as held:
        raise OperationError(
            f"{folder} is in use by {held.holder}, which makes a backup in it: give another folder."
        ) from None


def _require_empty(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise OperationError(f"{folder} is not a folder: give a new or an empty one.")
    names = {path.name for path in folder.iterdir()}
    if names - ({UNDER_WAY, *HALF_MADE} if UNDER_WAY in names else set()):
        raise OperationError(f"{folder} has something in it: give a new or an empty folder.")


def _summary(folder: Path, taken: Taken, manifest: Manifest, began: float) -> str:
    took = f"{time.monotonic() - began:.1f} s"
    state = "the shop was at rest"
    if taken.gate_seconds is not None:
        state = f"the shop ran on, its writes waited {taken.gate_seconds * 1000:.1f} ms"
    return f"{folder}, {size_text(manifest.size)}, of {taken.at}, in {took}; {state}"


def size_text(size: int) -> str:
    """Bytes for people: `1.2 MB`."""
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB"


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = CommandParser(
        "python run.py backup",
        description=_DESCRIPTION,
        epilog="The exit code is 0 when there is a backup and nothing in it is wrong, else 1.",
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="a new or an empty folder")
    parser.add_data_dir("the shop's data folder")
    return parser.parse_args(arguments)
