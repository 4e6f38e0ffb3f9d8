"""`python run.py audit`: proves from the four databases that orders, money and stock agree."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.console import Console

from services.common.core.clock import utc_now
from services.common.storage.errors import CorruptDatabase, describe

from .. import OperationError
from ..databases import AUDITED
from ..flags import CommandParser
from .breach import Breach
from .files import read_shop
from .money import money_breaches
from .orders import cart_breaches, history_breaches
from .report import Figures, read_figures, show
from .stock import stock_breaches

SETTLED_WITHIN = 10.0
"""Seconds within which a running shop settles what is in flight."""
_BETWEEN_LOOKS = 0.5
_DESCRIPTION = """\
Proves from the four databases that no order has two live payments, that money and orders say the
same, that every unit is available, reserved or sold, that each order holds what it may, that its
history leads to its state, and that a cart's units are in one live order at most. What breaks that
is named, row by row. What is in flight is not wrong: a running shop settles it within 10 seconds.
Since when it is, is told, and not judged.

Nothing is written. The shop may be running: then its databases are not of one instant, so what does
not fit is looked at again for up to 10 seconds, and wrong is only what never did.
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a shop's databases found, and whether the shop was running."""

    figures: Figures
    breaches: Sequence[Breach]
    running: bool


def main(arguments: Sequence[str]) -> int:
    """Audit a data folder, print the findings, and return 1 if anything is wrong, else 0.

    Raises OperationError if the folder cannot be audited.
    """
    folder = _folder(arguments)
    console = Console(highlight=False, soft_wrap=True)
    found, since = look(folder), ""
    if found.breaches and found.running:
        console.print(
            f"{rows(found.breaches)} may be wrong. The shop is running, and its databases are not "
            "of one instant: looking again …"
        )
        began = time.monotonic()
        found = look_again(folder, found, within=SETTLED_WITHIN)
        since = f" at every look for {time.monotonic() - began:.1f} seconds"
    return tell(console, found, since)


def tell(console: Console, found: Look, since: str = "") -> int:
    """Print what a look found, adding `since` to the count of wrong rows; returns the exit code."""
    show(console, found.figures, found.breaches)
    if found.breaches:
        console.print(f"[bold red]{rows(found.breaches)} wrong{since}.[/]")
        return 1
    if since:
        console.print("What did not fit at first does now.")
    console.print(
        "[bold green]Clean: orders, money and stock agree, to the last digit and the last unit.[/]"
    )
    return 0


def look(folder: Path) -> Look:
    """Look at all databases once. Raises OperationError if they cannot be read."""
    (figures, breaches), running = read_shop(folder, partial(_read, folder))
    return Look(figures, breaches, running)


def look_again(
    folder: Path,
    first: Look,
    *,
    within: float,
    pause: Callable[[float], None] = time.sleep,
) -> Look:
    """Look at a running shop again and again, until nothing is wrong or `within` seconds are over.

    Only those breaches are kept that every look has found in the same row. Raises OperationError.
    """
    give_up_at = time.monotonic() + within
    latest = first
    while latest.breaches and time.monotonic() < give_up_at:
        pause(_BETWEEN_LOOKS)
        before = {breach.place for breach in latest.breaches}
        latest = look(folder)
        still = [breach for breach in latest.breaches if breach.place in before]
        latest = replace(latest, breaches=still)
    return latest


def _read(folder: Path, conn: sqlite3.Connection) -> tuple[Figures, list[Breach]]:
    damage, now = list(_damage(conn)), utc_now()
    try:
        breaches = [
            *_broken_links(conn),
            *money_breaches(conn),
            *stock_breaches(conn, now),
            *history_breaches(conn),
            *cart_breaches(conn),
        ]
        return read_figures(conn, now), damage + breaches
    except sqlite3.DatabaseError:
        for first in damage:
            raise OperationError(str(CorruptDatabase(folder / first.row, first.found))) from None
        raise


def _damage(conn: sqlite3.Connection) -> Iterator[Breach]:
    """The damage that SQLite itself finds in each file."""
    for name, service in AUDITED.items():
        try:
            findings = [text for (text,) in conn.execute(f"PRAGMA {name}.quick_check")]
        except sqlite3.DatabaseError as error:
            findings = [describe(error)]
        for finding in findings:
            if finding != "ok":
                found = " ".join(finding.split())
                yield Breach(service, f"{name}.db", "what it holds", found, "sound")


def _broken_links(conn: sqlite3.Connection) -> Iterator[Breach]:
    """Every row with a foreign key to a row that does not exist."""
    for name, service in AUDITED.items():
        for table, row, parent, _ in conn.execute(f"PRAGMA {name}.foreign_key_check"):
            yield Breach(service, f"{table} {row}", f"its row of {parent}", "nowhere", "there")


def _folder(arguments: Sequence[str]) -> Path:
    parser = CommandParser(
        "python run.py audit",
        description=_DESCRIPTION,
        epilog="The exit code is 0 when nothing is wrong, else 1.",
    )
    parser.add_data_dir("the shop's data folder")
    folder: Path = parser.parse_args(arguments).data_dir
    return folder.absolute()


def rows(breaches: Sequence[Breach]) -> str:
    """The number of wrong rows, as text."""
    count = len({(breach.service, breach.row) for breach in breaches})
    return "1 row" if count == 1 else f"{count} rows"
