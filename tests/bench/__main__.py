"""What the shop does beside what many would write instead, and beside the least that aiohttp does:
`python -m tests.bench`.

Each of them is loaded in turn, for some rounds, by a load generator in a process of its own, on
this machine. Figures are medians of the rounds, ratios those of the rounds' ratios. At the end
stands what the shop is to reach, and whether it does; that does not decide the exit code, which is
0 when all ran and the audit is clean.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from services.operations import OperationError

from . import arguments
from .aims import REQUESTS_BEFORE_MEMORY, judged
from .figures import SHOP
from .generator import Generator
from .measuring import Length, Measuring
from .processes import require_told
from .report import head, lines
from .rows import ROWS, cells
from .systems.bare import Bare, record
from .systems.shop import Shop
from .systems.stand_in import StandIn, installed
from .systems.system import System

FULL = Length(rounds=3, seconds=1.0, warm_up=0.4)
QUICK = Length(rounds=1, seconds=0.6, warm_up=0.2)


def main() -> int:
    """Measure and report; returns the exit code."""
    options = _options()
    require_told()
    try:
        installed()
    except OperationError as rejection:
        sys.exit(str(rejection))
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, ExitStack() as stack:
        return _run(options, Path(folder), stack)


def _run(options: argparse.Namespace, folder: Path, stack: ExitStack) -> int:
    began = time.monotonic()
    length = QUICK if options.quick else FULL
    shop, starts = _opened(folder, 1 if options.quick else 3)
    stack.callback(shop.stop)
    idle = shop.memory()
    others = _others(options, folder, shop, stack)
    measuring = Measuring(
        shop,
        others,
        length,
        stack.enter_context(Generator()),
        stack.enter_context(Generator()),
    )
    figures = measuring.figures
    figures.starts, figures.idle_memory = starts, idle
    names = [other.name for other in others]
    print(head(names), flush=True)
    for cell in cells(options.rows, quick=options.quick):
        measuring.measure(cell)
        print(*lines(cell, figures, names), sep="\n", flush=True)
    if not options.quick and options.rows == NAMES:
        measuring.reach(REQUESTS_BEFORE_MEMORY)
    figures.memory = shop.memory()
    print(f"\nready in           {', '.join(f'{seconds:.2f}' for seconds in starts)} s")
    print(f"memory             {idle / 1e6:.0f} MB idle, {figures.memory / 1e6:.0f} MB after")
    print(f"                   {figures.requests:,} requests\n")
    print(*judged(figures), sep="\n")
    audit = shop.audit()
    print(f"\naudit\n{audit.stdout}{audit.stderr}took {time.monotonic() - began:.0f} s")
    return 0 if audit.returncode == 0 else 1


def _opened(folder: Path, starts: int) -> tuple[Shop, list[float]]:
    """The shop with its products, and the seconds that each start took once they were there."""
    shop = Shop(folder / "data", name=SHOP)
    try:
        shop.stock_up()
        took = []
        for _ in range(starts):
            shop.stop()
            shop = Shop(folder / "data", name=SHOP)
            took.append(shop.seconds_to_start)
        shop.look_at_products()
    except BaseException:
        shop.stop()
        raise
    return shop, took


def _others(
    options: argparse.Namespace, folder: Path, shop: Shop, stack: ExitStack
) -> list[System]:
    """What the shop is measured beside."""
    for name in ("stand-in", "bare", "other"):
        (folder / name).mkdir()
    stand_in = StandIn(folder / "stand-in", shop.products())
    stack.callback(stand_in.stop)
    bare = Bare(folder / "bare", asyncio.run(record(shop.target)), shop.target)
    stack.callback(bare.stop)
    others: list[System] = [stand_in, bare]
    if options.against:
        other = Shop(folder / "other" / "data", name="other", root=options.against.resolve())
        stack.callback(other.stop)
        other.stock_up()
        others.append(other)
    return others


NAMES = [row.name for row in ROWS]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round, in a minute")
    parser.add_argument(
        "--rows",
        nargs="+",
        choices=NAMES,
        default=NAMES,
        metavar="ROW",
        help=f"measure these alone, of: {', '.join(NAMES)}",
    )
    parser.add_argument(
        "--against",
        metavar="CHECKOUT",
        type=arguments.checkout,
        help="measure another checkout, too",
    )
    parser.add_argument(
        "--folder", type=arguments.folder, metavar="DIR", help="on the disk that is to be measured"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
