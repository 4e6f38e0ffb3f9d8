"""`python run.py import FILE.csv`: puts a Shopify product export into a running shop."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from client import ShopClient, ShopError
from services.common.core.settings import DEVELOPMENT_KEY

from .. import OperationError
from ..flags import CommandParser
from ..sentences import no_shop_at, why_refused
from .load import Loading, load
from .products import Export, ExportError, Remark, Variant, read_export

CALL_SECONDS = 5.0
"""Long enough for a restart of a service."""
_LINE_EVERY = 100
"""Products between two lines of progress without a terminal; or a tenth of all, if that is more."""
_DESCRIPTION = """\
Puts the products of a Shopify export into a running shop, each variant as a product of its own.
What the shop has already, by sku, is brought up to date, but for its stock: that is the shop's
own once a product is there. Prices are taken as they stand, in the shop's currency. Products that
are not published, drafts and archived ones are left out.
"""
_EPILOG = """\
It can be stopped and started again at any time. The exit code is 0 when nothing was refused, 1 when
a product was or the import could not be done, and 130 when it was interrupted.

environment:
  API_KEY       the operator key of the shop (the well-known one for development)
  REGISTRY_URL  the shop's registry
"""


def main(arguments: Sequence[str]) -> int:
    """Import a file, print the result, and return the exit code.

    Raises OperationError if the file cannot be read, or the shop cannot be reached.
    """
    options = _options(arguments)
    export = _read(options.file)
    # The client's own log lines are not shown: the reason of a stop is shown once, at the end.
    logging.getLogger("client").addHandler(logging.NullHandler())
    loading = Loading(refused=list(export.refused))
    try:
        asyncio.run(_load(export.variants, options.registry, loading))
    except KeyboardInterrupt:
        print(summary(options.file, export, loading))
        print("Interrupted; the same command goes on from here.", file=sys.stderr)
        return 130
    if loading.stopped_by is None or loading.outcomes:
        print(summary(options.file, export, loading))
    if loading.stopped_by is not None:
        raise OperationError(_why_stopped(loading.stopped_by, options.registry))
    return 1 if loading.refused else 0


def summary(file: Path, export: Export, loading: Loading) -> str:
    """The result of an import as text, with a line for each row that is not in the shop."""
    counts = {outcome: loading.outcomes[outcome] for outcome in ("added", "updated", "unchanged")}
    shown = [*counts.items(), ("left out", len(export.left_out)), ("refused", len(loading.refused))]
    lines = [f"{file.name}: " + ", ".join(f"{count} {what}" for what, count in shown)]
    for title, remarks in (("Left out:", export.left_out), ("Refused:", loading.refused)):
        if remarks:
            lines.append(title)
        lines += [_line(remark) for remark in sorted(remarks, key=lambda remark: remark.line)]
    return "\n".join(lines)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = CommandParser("python run.py import", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("file", metavar="FILE.csv", type=Path, help="a product export of Shopify")
    parser.add_registry(os.environ)
    return parser.parse_args(arguments)


def _read(file: Path) -> Export:
    try:
        return read_export(file.read_bytes())
    except FileNotFoundError:
        raise OperationError(f"{file} is not there.") from None
    except IsADirectoryError:
        raise OperationError(f"{file} is a folder; name a CSV file in it.") from None
    except OSError as error:
        raise OperationError(f"{file} cannot be read: {error.strerror}.") from None
    except ExportError as error:
        raise OperationError(f"{file} cannot be imported: {error}.") from None


async def _load(variants: Sequence[Variant], registry: str, loading: Loading) -> None:
    api_key = os.environ.get("API_KEY", DEVELOPMENT_KEY)
    client = ShopClient(registry, api_key=api_key, timeout=CALL_SECONDS)
    async with AsyncExitStack() as opened:
        try:
            shop = await opened.enter_async_context(client)
        except ValueError as error:
            raise OperationError(f"{error}.") from None
        await load(variants, shop, loading, opened.enter_context(_progress(len(variants))))


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """Shows a bar on a terminal, else a line now and then. Call the result after each product."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, transient=True, disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task("importing", total=total)
        done = 0
        step = max(_LINE_EVERY, total // 10)

        def on_each() -> None:
            nonlocal done
            done += 1
            bar.advance(task)
            if bar.disable and done % step == 0 and done < total:
                print(f"{done} of {total}", flush=True)

        yield on_each


def _why_stopped(error: ShopError, registry: str) -> str:
    if (sentence := why_refused(error)) is not None:
        return sentence
    if error.code == "registry_unavailable":
        return no_shop_at(registry)
    return f"It stopped: {error.detail.rstrip('.')}; the same command goes on from here."


def _line(remark: Remark) -> str:
    text = f"{remark.name}: {remark.why}" if remark.name else remark.why
    # The file's own text goes to a terminal, which control characters could steer.
    shown = (char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    return f"  line {remark.line}: {''.join(shown)}"
