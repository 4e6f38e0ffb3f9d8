"""What growth costs: `python -m tests.bench.growth`.

A shop with 100,000 products, a million orders and 100,000 carts takes turns with one of a thousand
each, for some rounds; the ratio of each figure is the median of the rounds' ratios. The large one
is made by bulk SQL, which takes minutes. The exit code is 0 when all ran and both audits are clean.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from tests.end_to_end.real_shop import call, until

from . import arguments
from .bulk import Size, Template, grow
from .figures import SHOP
from .generator import Generator
from .measuring import Length, Measuring
from .processes import require_told
from .report import head, lines
from .rows import ROWS, cells
from .systems.shop import Shop

SMALL = Size(products=1_000, orders=1_000, carts=1_000)
LARGE = Size(products=100_000, orders=1_000_000, carts=100_000)
LENGTH = Length(rounds=3, seconds=1.5, warm_up=0.5)
AT_LEAST = 0.7
BUYER = "the-first"
SETTLED = {"status": "PAID", "stock_state": "COMMITTED"}
NAMES = [row.name for row in ROWS if not (row.to_itself or row.alone)]


def main() -> int:
    """Measure and report; returns the exit code."""
    parser = argparse.ArgumentParser("python -m tests.bench.growth", description=__doc__)
    parser.add_argument(
        "--folder", type=arguments.folder, metavar="DIR", help="on the disk that is to be measured"
    )
    parser.add_argument(
        "--orders", type=arguments.count, default=LARGE.orders, help="of the large (%(default)s)"
    )
    options = parser.parse_args()
    require_told()
    carts = min(LARGE.carts, options.orders)
    large = Size(LARGE.products, options.orders // carts * carts, carts)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, ExitStack() as stack:
        small_shop = opened(Path(folder) / "small", "small", SMALL)
        stack.callback(small_shop.stop)
        began = time.monotonic()
        shop = opened(Path(folder) / SHOP, SHOP, large)
        stack.callback(shop.stop)
        print(f"large      {large.products:,} products, {large.orders:,} orders,", end=" ")
        print(f"{large.carts:,} carts; made in {time.monotonic() - began:.0f} s")
        starts = [each.seconds_to_start for each in (shop, small_shop)]
        print("ready in   {:.2f} s, small {:.2f} s".format(*starts))
        measure(shop, small_shop, stack)
        print(f"memory     {shop.memory() / 1e6:.0f} MB, small {small_shop.memory() / 1e6:.0f} MB")
        return audited(small_shop, shop)


def opened(folder: Path, name: str, size: Size) -> Shop:
    """A shop that runs and is so large."""
    folder.mkdir()
    shop = Shop(folder / "data", name=name)
    try:
        shop.stock_up()
        template = bought(shop)
    finally:
        shop.stop()
    grow(folder / "data", template, size)
    shop = Shop(folder / "data", name=name)
    shop.look_at_products(size.products)
    return shop


def bought(shop: Shop) -> Template:
    """One purchase, when all is settled that follows from it, and the same in the cart again."""

    def ask(method: str, service: str, path: str, body: object = None) -> dict[str, object]:
        status, answer = call(method, shop.url(service) + path, body)
        assert status in (200, 201), answer
        return dict(answer)

    product_id = shop.target.products[0][0]
    line = {"product_id": product_id, "quantity": 1}
    ask("POST", "cart", f"/cart/{BUYER}/add", line)
    order = ask("POST", "order", "/orders", {"user_id": BUYER})
    order_id = str(order["order_id"])
    payment = {"order_id": order_id, "amount": float(str(order["total_amount"]))}
    ask("POST", "payment", "/pay", payment)
    ask("POST", "cart", f"/cart/{BUYER}/add", line)
    until(lambda: SETTLED.items() <= ask("GET", "order", f"/orders/{order_id}").items())
    return Template(BUYER, product_id, order_id)


def measure(shop: Shop, small_shop: Shop, stack: ExitStack) -> None:
    """Print the table, and which of its ratios are too small."""
    generator, beside = (stack.enter_context(Generator()) for _ in range(2))
    measuring = Measuring(shop, [small_shop], LENGTH, generator, beside)
    print(head([small_shop.name]), flush=True)
    measured = cells(NAMES, quick=True)
    for cell in measured:
        measuring.measure(cell)
        print(*lines(cell, measuring.figures, [small_shop.name]), sep="\n", flush=True)
    ratios = {
        f"{cell.row.text}, {cell.clients} clients": measuring.figures.ratio(
            cell.key, small_shop.name
        )
        for cell in measured
    }
    short = [f"{name}: {ratio:.2f}" for name, ratio in ratios.items() if not ratio >= AT_LEAST]
    print(f"\nat least {AT_LEAST} of the small shop", end="  ")
    print(f"SHORT: {'; '.join(short)}" if short else "holds")


def audited(*shops: Shop) -> int:
    """Audit them at rest; returns the exit code."""
    code = 0
    for shop in shops:
        shop.stop()
        audit = shop.audit()
        print(f"\naudit of {shop.name}\n{audit.stdout}{audit.stderr}", end="")
        code = max(code, audit.returncode)
    return code


if __name__ == "__main__":
    sys.exit(main())
