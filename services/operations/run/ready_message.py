"""The text that `run.py` shows once everything is ready: where the shop is, and what to do next."""

from __future__ import annotations

import io
from collections.abc import Sequence
from shlex import quote
from urllib.parse import quote as quote_url

from rich.console import Console as Painter
from rich.table import Table

from services.common.core.settings import DEVELOPMENT_KEY

from .deployment import REGISTRY, Deployment, Service
from .supervisor import Running


def ready_message(
    deployment: Deployment,
    services: Sequence[Service],
    running: Sequence[Running],
    *,
    shown_key: str | None,
    colored: bool,
) -> str:
    """The table of the services and the hints below it, as text.

    `shown_key` is the operator key if it may be shown; the dashboard's link carries it.
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
    painter.print(_table(deployment, services, running))
    painter.print()
    hints = _hints(deployment, services, shown_key)
    widest = max(len(name) for name in hints)
    for name, text in hints.items():
        painter.print(f"  [dim]{name:{widest}}[/]  ", end="")
        painter.print(text, markup=False, soft_wrap=True)
    return written.getvalue()


def _table(
    deployment: Deployment, services: Sequence[Service], running: Sequence[Running]
) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("  service")
    table.add_column("URL", no_wrap=True)
    table.add_column("pid", justify="right")
    table.add_column("ready in", justify="right")
    for service, one in zip(services, running, strict=True):
        table.add_row(
            f"  [bold]{service.name}[/]",
            deployment.public_url(service),
            str(one.pid or "-"),
            f"{one.ready_in:.1f} s",
        )
    return table


def _hints(
    deployment: Deployment, services: Sequence[Service], shown_key: str | None
) -> dict[str, str]:
    fragment = f"/#key={quote_url(shown_key)}" if shown_key else "/"
    pages = {
        service.page: deployment.public_url(service) + (fragment if service.is_registry else "/")
        for service in reversed(services)
        if service.page
    }
    registry = "" if deployment.is_default else f" --registry {deployment.local_url(REGISTRY)}"
    folder = (
        ""
        if deployment.data_dir == Deployment().data_dir
        else f" --data-dir {quote(str(deployment.data_dir))}"
    )
    return pages | {
        "API docs": "at /docs of each of these",
        "operator": f"X-API-Key: {shown_key} (the development key; API_KEY sets your own)"
        if shown_key == DEVELOPMENT_KEY
        else "X-API-Key: the one from API_KEY",
        "data": str(deployment.data_dir),
        "next": f"python run.py import FILE.csv{registry}",
        "": f"python run.py audit{folder}",
        "stop": "Ctrl-C (twice: at once)",
    }
