"""What a purchase costs: `python -m tests.bench.purchases [--against CHECKOUT]`.

Of the shop as it is, and of another checkout of it if one is named, it tells how many whole
purchases (add, order from the cart, pay) are made a second, and how much processor time each
costs, by process. The two take turns for some rounds, as machines are noisy, and the ratio is the
median of the rounds' ratios. `python -m tests.bench` tells more, and takes longer.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.end_to_end.real_shop import ROOT

from .arguments import checkout, count, positive
from .figures import GENERATOR, Figures
from .generator import Generator
from .load.job import Job, Thing
from .processes import require_told
from .systems.shop import Shop

BUYERS = 32
KEY = ("purchase", BUYERS)


def report(name: str, figures: Figures) -> None:
    """Print what the rounds of a shop came to."""
    processes = {process for result in figures.of(KEY, name) for process in result.cpu}
    rate, total = figures.rate(KEY, name), figures.cost(KEY, system=name)
    print(f"\n{name}: {rate:.0f} purchases/s, {total:,.0f} µs each")
    for process in sorted(processes - {GENERATOR}):
        print(f"  {process:12}{figures.cost(KEY, process, name):8,.0f} µs")
    print(f"  beside {figures.cost(KEY, GENERATOR, name):,.0f} µs of the load generator")
    for error, times in figures.errors(KEY, name).items():
        print(f"  {times:,} x {error}")


def main() -> int:
    """Measure and report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.purchases", description=__doc__)
    parser.add_argument(
        "--against", metavar="CHECKOUT", type=checkout, help="another checkout's folder"
    )
    parser.add_argument("--rounds", type=count, default=5, help="of each (%(default)s)")
    parser.add_argument("--seconds", type=positive, default=6.0, help="of each round (%(default)s)")
    options = parser.parse_args()
    require_told()
    roots = {"this shop": ROOT}
    if options.against:
        roots[str(options.against)] = options.against.resolve()
    figures = Figures()
    with ExitStack() as stack:
        generator = stack.enter_context(Generator())
        shops = []
        for name, root in roots.items():
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "data"
            shop = Shop(folder, name=name, root=root)
            stack.callback(shop.stop)
            shop.stock_up()
            shops.append(shop)
        for _ in range(options.rounds):
            for shop in shops:
                job = Job(
                    target=shop.target,
                    thing=Thing.PURCHASE,
                    clients=BUYERS,
                    seconds=options.seconds,
                    warm_up=0.5,
                    pids=shop.pids,
                )
                figures.results[KEY, shop.name].append(generator.do(job))
    for name in roots:
        report(name, figures)
    if options.against:
        this, other = roots
        rate = figures.ratio(KEY, other, this)
        used = figures.cost(KEY, system=this) / figures.cost(KEY, system=other)
        print(f"\nthis to that: {rate:.2f} of its purchases/s, {used:.2f} of its processor time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
