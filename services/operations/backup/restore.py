"""`python run.py restore DIR`: puts a backup in the place of a stopped shop's data."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from .. import OperationError
from ..audit.command import Look, look, rows, tell
from ..audit.report import show
from ..flags import CommandParser
from .files import read_backup
from .restore_files import has_databases, is_cut_short, put_in_place, require_free

_DESCRIPTION = """\
Puts the backup in DIR in the place of a stopped shop's data, and audits what is there then. The
backup is checked first: every file as it was written, and sound.

If there is a shop's data already, it is shown and you are asked; it is not deleted, but moved into
a folder in the data folder, from where it can be looked at or brought back. A restore that was cut
short, by a kill or a power cut, is completed by running it again.
"""


def main(arguments: Sequence[str]) -> int:
    """Restore a backup, print what was done, and return 1 if the audit of the restored shop finds a
    breach, else 0. Raises OperationError if nothing was restored.
    """
    options = _options(arguments)
    backup, data = options.folder.absolute(), options.data_dir.absolute()
    console = Console(highlight=False, soft_wrap=True)
    try:
        if backup.resolve() == data.resolve():
            raise OperationError(f"{data} is the backup itself: give the shop's folder.")
        aside, taken_at = _restore(console, backup, data, asked=not options.yes)
    except OSError as error:
        place = error.filename2 or error.filename or data
        raise OperationError(f"{error.strerror} ({place}): {_left(data)}") from None
    except RuntimeError as error:  # a loop of links
        raise OperationError(f"{error}: nothing was changed.") from None
    except KeyboardInterrupt:
        print(f"Interrupted: {_left(data)}", file=sys.stderr)
        raise
    console.print(f"Restored: {escape(str(data))} is the shop of {taken_at}.")
    if aside:
        console.print(
            f"What was there before is in {escape(str(aside))}: delete that folder when you do not "
            "need it any more."
        )
    return tell(console, look(data))


def _restore(console: Console, backup: Path, data: Path, *, asked: bool) -> tuple[Path | None, str]:
    """Put the backup in place. Returns the folder to which the data before it was moved (None if
    there was none), and the time of the backup.
    """
    require_free(data)
    manifest = read_backup(backup)
    coming = look(backup)
    if is_cut_short(data):
        console.print(f"The restore of {escape(str(data))} that was cut short is completed.")
    elif has_databases(data):
        console.print(f"[bold]There now, in {escape(str(data))}:[/]")
        _show_present(console, data)
        console.print(f"[bold]The backup, of {manifest.taken_at}, in {escape(str(backup))}:[/]")
        _show(console, coming)
        if asked:
            _ask(data)
    return put_in_place(backup, manifest, data), manifest.taken_at


def _show_present(console: Console, data: Path) -> None:
    try:
        _show(console, look(data))
    except OperationError as rejection:
        console.print(f"It cannot be read: {escape(str(rejection))}")


def _show(console: Console, found: Look) -> None:
    show(console, found.figures, [])
    if found.breaches:
        console.print(f"[bold red]{rows(found.breaches)} wrong.[/]")


def _ask(data: Path) -> None:
    """Ask the person at the terminal. Raises OperationError if they decline or nobody is there."""
    if not sys.stdin.isatty():
        raise OperationError(
            f"{data} has the data of a shop in it, and nobody is here to be asked: give --yes to "
            "have it moved aside."
        )
    print("What is there now is not deleted, but moved aside.")
    try:
        answer = input("Type yes to put the backup in its place: ")
    except EOFError:
        answer = ""
    if answer.strip().lower() != "yes":
        raise OperationError("Nothing was changed.")


def _left(data: Path) -> str:
    with suppress(OSError):  # If the folder cannot even be read, nothing was changed.
        if is_cut_short(data):
            return "the restore was cut short; run it again to complete it."
    return "nothing was changed."


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = CommandParser(
        "python run.py restore",
        description=_DESCRIPTION,
        epilog="The exit code is 0 when the backup was restored and is clean, else 1.",
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder of a backup")
    parser.add_data_dir("the data folder to put it in")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    return parser.parse_args(arguments)
