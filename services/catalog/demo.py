"""The demo catalog, which fills a new shop at its first start."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from services.common.core import wire

from .messages import NewProduct
from .products import add_product

GOODS = Path(__file__).parent / "demo.json"


def demo_products() -> list[NewProduct]:
    """The products of the demo catalog."""
    return wire.build(wire.parse_json(GOODS.read_bytes()), list[NewProduct])


def open_shop(
    conn: sqlite3.Connection, products: list[NewProduct], currency: str, now: str
) -> bool:
    """Add `products` if this is the first start. Returns whether it is."""
    if conn.execute("SELECT 1 FROM opening").fetchone():
        return False
    conn.execute("INSERT INTO opening (opened_at, demo) VALUES (?, ?)", (now, bool(products)))
    for product in products:
        add_product(conn, product, currency, now, reason="demo catalog")
    return True
