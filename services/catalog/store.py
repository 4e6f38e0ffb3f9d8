"""Reads products and reservations from SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from services.common.core.currency import Currency, currency_of
from services.common.core.money import Money, Price

from .messages import HeldLine, NewReservation, Product, ProductJson, Reservation
from .model import Offer, Offers, product_not_found, reservation_not_found


def get_product(conn: sqlite3.Connection, product_id: int) -> Product:
    """One product. Raises NotFound."""
    row = conn.execute(
        "SELECT * FROM products WHERE id = ? AND deleted_at IS NULL", (product_id,)
    ).fetchone()
    if row is None:
        raise product_not_found(product_id)
    return to_product(row)


def get_product_json(conn: sqlite3.Connection, product_id: int) -> ProductJson:
    """One product as JSON. Raises NotFound."""
    return ProductJson.of(get_product(conn, product_id))


def find_products_json(conn: sqlite3.Connection, ids: Sequence[int]) -> list[ProductJson]:
    """Those of the products that are on sale, as JSON, in any order."""
    return [ProductJson.of(to_product(row)) for row in _on_sale(conn, ids)]


def to_product(row: sqlite3.Row) -> Product:
    """The product in a row of `products`."""
    return Product(
        id=row["id"],
        sku=row["sku"],
        name=row["name"],
        description=row["description"],
        category=row["category"],
        image=row["image"],
        price=Price(row["price_minor"], currency_of(row["currency"])),
        currency=row["currency"],
        stock=row["available"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def read_offers(conn: sqlite3.Connection, wanted: NewReservation) -> Offers:
    """The wanted products that are on sale."""
    rows = _on_sale(conn, [line.product_id for line in wanted.lines])
    return {
        row["id"]: Offer(
            sku=row["sku"],
            name=row["name"],
            price=Price(row["price_minor"], currency_of(row["currency"])),
            available=row["available"],
        )
        for row in rows
    }


def _on_sale(conn: sqlite3.Connection, ids: Sequence[int]) -> sqlite3.Cursor:
    places = ", ".join("?" * len(ids))
    return conn.execute(
        f"SELECT * FROM products WHERE deleted_at IS NULL AND id IN ({places})",  # noqa: S608
        ids,
    )


def find_reservation(conn: sqlite3.Connection, order_id: str) -> sqlite3.Row | None:
    """The row of an order's reservation, if there is one."""
    row: sqlite3.Row | None = conn.execute(
        "SELECT * FROM reservations WHERE order_id = ?", (order_id,)
    ).fetchone()
    return row


def get_reservation(conn: sqlite3.Connection, order_id: str) -> Reservation:
    """The reservation of an order. Raises NotFound."""
    row = find_reservation(conn, order_id)
    if row is None:
        raise reservation_not_found(order_id)
    return to_reservation(conn, row)


def to_reservation(conn: sqlite3.Connection, row: sqlite3.Row) -> Reservation:
    """The reservation in a row of `reservations`, with its lines."""
    currency = currency_of(row["currency"])
    return Reservation(
        order_id=row["order_id"],
        state=row["state"],
        lines=_lines_of(conn, row["order_id"], currency),
        total_amount=Money(row["total_minor"], currency),
        currency=currency.code,
    )


def _lines_of(conn: sqlite3.Connection, order_id: str, currency: Currency) -> list[HeldLine]:
    rows = conn.execute(
        "SELECT * FROM reservation_lines WHERE order_id = ? ORDER BY product_id", (order_id,)
    )
    return [
        HeldLine(
            product_id=row["product_id"],
            sku=row["sku"],
            name=row["name"],
            price=Price(row["price_minor"], currency),
            quantity=row["quantity"],
        )
        for row in rows
    ]
