"""`python run.py status`: what runs, how much there is, what is due, and what will be purged."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from aiohttp import ClientError, ClientTimeout
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from client import ShopError
from client.errors import error_from_answer
from client.transport import open_session
from services.common.core.arguments import port_number
from services.common.core.clock import utc_now
from services.common.core.settings import DEVELOPMENT_KEY
from services.common.storage.filelock import holder

from ..audit.files import read_shop
from ..databases import DATABASES
from ..flags import CommandParser
from ..sentences import why_refused
from .figures import Status, read_status

_REGISTRY_SECONDS = 2.0
_DESCRIPTION = """\
Tells of a shop, running or not: which processes have its databases open, and where the registry
says that they are; the size of each file and the rows in it; what is in flight and since when; what
the purge will take next, and when. Nothing is written.
"""
_EPILOG = """\
environment:
  API_KEY       the operator key, for the registry (the well-known one for development)
"""


def main(arguments: Sequence[str]) -> int:
    """Tell how a shop stands. Raises OperationError where its folder cannot be read."""
    options = _options(arguments)
    folder: Path = options.data_dir.absolute()
    status, running = read_shop(folder, partial(read_status, now=utc_now()))
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{escape(str(folder))}: the shop {'is running' if running else 'does not run'}.")
    if running:
        console.print(_instances(f"http://127.0.0.1:{options.base_port}"))
    show(console, folder, status)
    return 0


def show(console: Console, folder: Path, status: Status) -> None:
    """Print the tables of a status."""
    console.print(_files(folder, status))
    console.print(_rows(status))
    for text in status.in_flight or ["nothing"]:
        console.print(f"[dim]{'in flight':10}[/]  {escape(text)}")
    if status.purges:
        console.print(_purges(status))


def _files(folder: Path, status: Status) -> Table:
    table = _table("database", "service", "process", *(">file", ">free in it", ">WAL"))
    for file, service in DATABASES.items():
        path = folder / file
        free = status.free.get(path.stem)
        table.add_row(
            file,
            service,
            str(holder(path.with_name(f"{file}.lock")) or "-"),
            _size(path),
            "-" if free is None else _in_units(free),
            _size(path.with_name(f"{file}-wal")),
        )
    return table


def _rows(status: Status) -> Table:
    table = _table("database", "table", ">rows")
    for name, tables in status.rows.items():
        for of, rows in tables.items():
            table.add_row(f"{name}.db", of, f"{rows:,}")
    return table


def _purges(status: Status) -> Table:
    table = _table("to be purged", ">rows", "the oldest is of", "and goes after")
    for purge in status.purges:
        table.add_row(purge.what, f"{purge.rows:,}", purge.oldest[:16], purge.goes[:16])
    return table


def _instances(registry: str) -> Table | str:
    try:
        services = asyncio.run(_ask(registry))
    except ShopError as error:
        return why_refused(error) or f"The registry at {registry} answers: {escape(error.detail)}"
    except (ClientError, TimeoutError, ValueError, TypeError, KeyError, AttributeError):
        return f"No registry answers at {registry}; --base-port says where it is."
    table = _table("instance", "URL", "state")
    for instances in services.values():
        for each in instances:
            table.add_row(*(escape(str(each[name])) for name in ("instance_id", "url", "state")))
    return table


async def _ask(registry: str) -> dict[str, list[dict[str, object]]]:
    """The instances of each service, as the registry has them. Raises ShopError."""
    key = os.environ.get("API_KEY") or DEVELOPMENT_KEY
    async with (
        open_session() as session,
        session.get(
            f"{registry}/services",
            headers={"X-API-Key": key},
            allow_redirects=False,
            timeout=ClientTimeout(total=_REGISTRY_SECONDS),
        ) as answer,
    ):
        if answer.status != 200:
            raise error_from_answer(answer.status, answer.headers, await answer.read())
        services: dict[str, list[dict[str, object]]] = (await answer.json())["services"]
        return services


def _table(*columns: str) -> Table:
    """A plain table; a column whose name begins with > is of numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for name in columns:
        justify = "right" if name.startswith(">") else "left"
        table.add_column(name.removeprefix(">"), justify=justify, no_wrap=True)  # type: ignore[arg-type]
    return table


def _size(path: Path) -> str:
    return _in_units(path.stat().st_size) if path.exists() else "-"


def _in_units(size: float) -> str:
    """A number of bytes, for a person."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = CommandParser("python run.py status", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_data_dir("the shop's data folder")
    parser.add_argument(
        "--base-port",
        metavar="N",
        type=port_number,
        default=8000,
        help="the registry's port on this machine (%(default)s)",
    )
    return parser.parse_args(arguments)
