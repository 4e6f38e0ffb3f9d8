"""What the catalog's own file says of a product's units, read beside the service as an audit does;
and reservations, made and brought to a state by calls.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence
from contextlib import closing
from typing import Any, NamedTuple

from tests.shop import Reply, Shop, as_json


class Units(NamedTuple):
    """Where the units of a product are."""

    available: int
    reserved: int
    sold: int


def rows(shop: Shop, file: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    """The rows of a query on a database file that a service has open."""
    with closing(sqlite3.connect(f"file:{shop.folder / file}?mode=ro", uri=True)) as conn:
        return conn.execute(query, values).fetchall()


def units(shop: Shop, product_id: int) -> Units:
    """Where a product's units are, having checked that the ledger accounts for each of them."""
    query = "SELECT available, reserved, sold FROM products WHERE id = ?"
    [found] = rows(shop, "products.db", query, product_id)
    query = "SELECT sum(available), sum(reserved), sum(sold) FROM stock_ledger WHERE product_id = ?"
    assert rows(shop, "products.db", query, product_id) == [found]
    return Units(*found)


def line(product_id: int, quantity: int = 1, **price: Any) -> dict[str, Any]:
    """A line of a reservation."""
    return {"product_id": product_id, "quantity": quantity, **price}


async def reserve(
    shop: Shop, lines: Sequence[Any], order_id: str | None = None, **wanted: Any
) -> Reply:
    """Ask for a reservation."""
    path = f"/reservations/{order_id or uuid.uuid4()}"
    return await shop.call("catalog", "PUT", path, **as_json({"lines": lines, **wanted}))


async def move(shop: Shop, order_id: str, what: str) -> Reply:
    """Commit, release or return a reservation."""
    return await shop.call("catalog", "POST", f"/reservations/{order_id}/{what}")
