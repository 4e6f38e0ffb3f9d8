"""Reads carts from SQL."""

from __future__ import annotations

import sqlite3

from services.common.core.currency import Currency
from services.common.core.money import Money, Price

from .messages import CartLine, CartLines, CartView, ItemView
from .model import CatalogSnapshot


def read_cart(
    conn: sqlite3.Connection, user_id: str, catalog: CatalogSnapshot, currency: Currency
) -> CartView:
    """A cart, with the prices in `catalog`, or the last known ones if the catalog did not answer.

    A user without a cart has an empty one, at the version above which theirs will begin.
    """
    head = conn.execute(
        "SELECT coalesce(cart.version, forgotten_carts.version) AS version, created_at, updated_at"
        " FROM forgotten_carts LEFT JOIN cart ON user_id = ?",
        (user_id,),
    ).fetchone()
    items = [_item(row, catalog, currency) for row in _lines(conn, user_id)]
    return CartView(
        user_id=user_id,
        items=items,
        total_amount=Money(sum(item.line_total or 0 for item in items), currency),
        currency=currency.code,
        version=head["version"],
        created_at=head["created_at"],
        updated_at=head["updated_at"],
    )


def read_lines(conn: sqlite3.Connection, user_id: str) -> CartLines:
    """What is in a cart, in one query, and the cart's version, as `read_cart` has them."""
    rows = conn.execute(
        "SELECT coalesce(cart.version, forgotten_carts.version) AS version, line.product_id,"
        " (SELECT sum(quantity) FROM cart_units AS units WHERE units.user_id = line.user_id"
        "   AND units.product_id = line.product_id) AS quantity"
        " FROM forgotten_carts LEFT JOIN cart ON cart.user_id = ?1"
        " LEFT JOIN cart_lines AS line ON line.user_id = ?1 ORDER BY line.place",
        (user_id,),
    ).fetchall()
    return CartLines(
        user_id=user_id,
        version=rows[0]["version"],
        items=[
            CartLine(product_id=row["product_id"], quantity=row["quantity"])
            for row in rows
            if row["product_id"] is not None
        ],
    )


def products_in_cart(conn: sqlite3.Connection, user_id: str) -> list[int]:
    """The ids of the products in a cart."""
    rows = conn.execute("SELECT product_id FROM cart_lines WHERE user_id = ?", (user_id,))
    return [product_id for (product_id,) in rows]


def has_news(conn: sqlite3.Connection, user_id: str, catalog: CatalogSnapshot) -> bool:
    """Whether `learn` would change what is stored about the products in the cart."""
    return any(_is_news(row, catalog) for row in _lines(conn, user_id))


def _is_news(row: sqlite3.Row, catalog: CatalogSnapshot) -> bool:
    current = catalog.products.get(row["product_id"])
    if current is None:
        return row["product_id"] in catalog.gone and not row["gone"]
    stored = (row["validated"], row["gone"], row["name"], row["price_minor"])
    return stored != (True, False, current.name, current.price)


def _lines(conn: sqlite3.Connection, user_id: str) -> list[sqlite3.Row]:
    return conn.execute(
        "SELECT line.product_id, line.validated, line.gone, known.name, known.price_minor,"
        " (SELECT sum(quantity) FROM cart_units AS units WHERE units.user_id = line.user_id"
        "   AND units.product_id = line.product_id) AS quantity"
        " FROM cart_lines AS line"
        " LEFT JOIN known_products AS known ON known.product_id = line.product_id"
        " WHERE line.user_id = ? ORDER BY line.place",
        (user_id,),
    ).fetchall()


def _item(row: sqlite3.Row, catalog: CatalogSnapshot, currency: Currency) -> ItemView:
    current = catalog.products.get(row["product_id"])
    name = current.name if current else row["name"]
    price = current.price if current else row["price_minor"]
    gone = _is_gone(row, catalog)
    if gone:
        price = None
    return ItemView(
        product_id=row["product_id"],
        name=name,
        quantity=row["quantity"],
        price=None if price is None else Price(price, currency),
        line_total=None if price is None else Money(price * row["quantity"], currency),
        validated=gone or current is not None or bool(row["validated"]),
        gone=gone,
    )


def is_gone(
    conn: sqlite3.Connection, user_id: str, product_id: int, catalog: CatalogSnapshot
) -> bool:
    """Whether a product is no longer sold, by the catalog or else by what a cart's line says."""
    row = conn.execute(
        "SELECT product_id, gone FROM cart_lines WHERE user_id = ? AND product_id = ?",
        (user_id, product_id),
    ).fetchone()
    return product_id in catalog.gone if row is None else _is_gone(row, catalog)


def _is_gone(row: sqlite3.Row, catalog: CatalogSnapshot) -> bool:
    product_id = row["product_id"]
    return product_id in catalog.gone or (bool(row["gone"]) and product_id not in catalog.products)


def quantity_of(conn: sqlite3.Connection, user_id: str, product_id: int) -> int:
    """The units of a product that are in a cart."""
    row = conn.execute(
        "SELECT coalesce(sum(quantity), 0) FROM cart_units WHERE user_id = ? AND product_id = ?",
        (user_id, product_id),
    ).fetchone()
    return int(row[0])
