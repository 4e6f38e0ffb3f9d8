"""What `run.py` says once everything is ready: where the shop is, and what can be done next."""

from __future__ import annotations

import io
from collections.abc import Sequence
from shlex import quote
from urllib.parse import quote as quote_url

from rich.console import Console as Painter
from rich.table import Table

from services.common.settings import DEVELOPMENT_KEY

from .parts import REGISTRY, Part, Place
from .supervisor import Running


def status(
    place: Place,
    parts: Sequence[Part],
    running: Sequence[Running],
    *,
    shown_key: str | None,
    colored: bool,
) -> str:
    """The table of what runs and the hints below it, as text.

    `shown_key` is the operator key where it may be shown; the dashboard's link carries it.
    """
    written = io.StringIO()
    painter = Painter(
        file=written,
        force_terminal=colored,
        no_color=not colored,
        width=100,
        highlight=False,
        legacy_windows=False,
    )
    painter.print()
    painter.print(_table(place, parts, running))
    painter.print()
    hints = _hints(place, parts, shown_key)
    widest = max(len(name) for name in hints)
    for name, text in hints.items():
        painter.print(f"  [dim]{name:{widest}}[/]  ", end="")
        painter.print(text, markup=False, soft_wrap=True)
    return written.getvalue()


def _table(place: Place, parts: Sequence[Part], running: Sequence[Running]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("  service")
    table.add_column("URL", no_wrap=True)
    table.add_column("pid", justify="right")
    table.add_column("ready in", justify="right")
    for part, one in zip(parts, running, strict=True):
        table.add_row(
            f"  [bold]{part.name}[/]",
            place.public_url(part),
            str(one.pid or "-"),
            f"{one.ready_in:.1f} s",
        )
    return table


def _hints(place: Place, parts: Sequence[Part], shown_key: str | None) -> dict[str, str]:
    fragment = f"/#key={quote_url(shown_key)}" if shown_key else "/"
    pages = {
        part.page: place.public_url(part) + (fragment if part.is_registry else "/")
        for part in reversed(parts)
        if part.page
    }
    registry = "" if place.is_default else f" --registry {place.local_url(REGISTRY)}"
    folder = (
        "" if place.data_dir == Place().data_dir else f" --data-dir {quote(str(place.data_dir))}"
    )
    return pages | {
        "API docs": "at /docs of each of these",
        "operator": f"X-API-Key: {shown_key} (the development key; API_KEY sets your own)"
        if shown_key == DEVELOPMENT_KEY
        else "X-API-Key: the one from API_KEY",
        "data": str(place.data_dir),
        "next": f"python run.py import FILE.csv{registry}",
        "": f"python run.py audit{folder}",
        "stop": "Ctrl-C (twice: at once)",
    }
