"""The demo catalog, which fills a new shop at its first start."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

from services.common.core import wire
from services.common.core.currency import Currency

from .messages import NewProduct
from .products import add_product

GOODS = Path(__file__).parent / "demo.json"
RATES = Path(__file__).parent / "demo_rates.json"
"""About how much of each currency is a dollar, as a power of ten. It need not be right: the demo's
prices have to look like prices.
"""


def demo_products(currency: Currency) -> list[NewProduct]:
    """The products of the demo catalog, with their prices in a currency."""
    rates = {code: int(rate) for rate, codes in _read(RATES).items() for code in codes.split()}
    unit = Decimal(1).scaleb(-currency.decimals)
    goods = _read(GOODS)
    for product in goods:
        price = Decimal(product["price"]) * rates[currency.code]
        product["price"] = price.quantize(unit)
    return wire.build(goods, list[NewProduct], currency)


def open_shop(
    conn: sqlite3.Connection, products: list[NewProduct], currency: Currency, now: str
) -> bool:
    """Add `products` if this is the first start. Returns whether it is."""
    if conn.execute("SELECT 1 FROM opening").fetchone():
        return False
    conn.execute("INSERT INTO opening (opened_at, demo) VALUES (?, ?)", (now, bool(products)))
    for product in products:
        add_product(conn, product, currency, now, reason="demo catalog")
    return True


def _read(path: Path) -> Any:
    return wire.parse_json(path.read_bytes())
