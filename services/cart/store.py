"""Carts in SQL: functions on a connection, each one unit of work or one query."""

from __future__ import annotations

import sqlite3

from services.common.errors import Invalid, NotFound
from services.common.money import Money, Price

from .model import MOST_LINES, MOST_UNITS, NOT_FOUND, Cart, CartItem, Shelf


def read_cart(conn: sqlite3.Connection, user_id: str, shelf: Shelf, currency: str) -> Cart:
    """A cart, priced as the catalog has it now, or as it was last known where it did not answer.

    A user never seen has an empty one.
    """
    head = conn.execute("SELECT * FROM cart WHERE user_id = ?", (user_id,)).fetchone()
    items = [_item(row, shelf) for row in _lines(conn, user_id)]
    return Cart(
        user_id=user_id,
        items=items,
        total_amount=Money(sum(item.line_total or 0 for item in items)),
        currency=currency,
        version=head["version"] if head else 0,
        created_at=head["created_at"] if head else None,
        updated_at=head["updated_at"] if head else None,
    )


def products_in_cart(conn: sqlite3.Connection, user_id: str) -> list[int]:
    """The products that a cart has lines of."""
    rows = conn.execute("SELECT product_id FROM cart_lines WHERE user_id = ?", (user_id,))
    return [product_id for (product_id,) in rows]


def add_units(
    conn: sqlite3.Connection,
    user_id: str,
    product_id: int,
    quantity: int,
    shelf: Shelf,
    currency: str,
    now: str,
) -> Cart:
    """Put units in. Raises NotFound for a product that the catalog does not have, and Invalid
    past the most units of a line or lines of a cart.
    """
    held = _quantity(conn, user_id, product_id)
    return set_units(conn, user_id, product_id, held + quantity, shelf, currency, now)


def set_units(
    conn: sqlite3.Connection,
    user_id: str,
    product_id: int,
    quantity: int,
    shelf: Shelf,
    currency: str,
    now: str,
) -> Cart:
    """Make it this many units of a product; the newest are taken out first.

    Raises as `add_units`.
    """
    learn(conn, user_id, shelf)
    held = _quantity(conn, user_id, product_id)
    if quantity > held:
        if shelf.lacks(product_id):
            raise NotFound(NOT_FOUND.format(product_id), code="product_not_found")
        _put_in(conn, user_id, product_id, quantity, quantity - held, shelf, now)
    elif quantity < held:
        _raise_version(conn, user_id, now)
        _take_out_newest(conn, user_id, product_id, held - quantity)
    return read_cart(conn, user_id, shelf, currency)


def clear_cart(
    conn: sqlite3.Connection, user_id: str, shelf: Shelf, currency: str, now: str
) -> Cart:
    """Take everything out."""
    if products_in_cart(conn, user_id):
        _raise_version(conn, user_id, now)
        conn.execute("DELETE FROM cart_lines WHERE user_id = ?", (user_id,))
    return read_cart(conn, user_id, shelf, currency)


def close_cart(
    conn: sqlite3.Connection,
    user_id: str,
    order_id: str,
    version: int,
    currency: str,
    now: str,
) -> Cart:
    """Take out what became an order: the units that were there at `version`. Once an order.

    The version is raised even when nothing was left to take out, so that whoever read the cart
    before the close can tell.
    """
    first = conn.execute(
        "INSERT INTO cart_closes (order_id, user_id, version, closed_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (order_id) DO NOTHING RETURNING order_id",
        (order_id, user_id, version, now),
    ).fetchone()
    if first is not None:
        _raise_version(conn, user_id, now)
        conn.execute(
            "DELETE FROM cart_units WHERE user_id = ? AND version <= ?", (user_id, version)
        )
        _drop_empty_lines(conn, user_id)
    return read_cart(conn, user_id, Shelf(None), currency)


def learn(conn: sqlite3.Connection, user_id: str, shelf: Shelf) -> None:
    """Remember what the catalog said, and which lines of a cart it has confirmed."""
    for product in shelf.products.values():
        conn.execute(
            "INSERT INTO known_products (product_id, name, price_cents) VALUES (?, ?, ?)"
            " ON CONFLICT (product_id) DO UPDATE"
            " SET name = excluded.name, price_cents = excluded.price_cents"
            " WHERE name <> excluded.name OR price_cents <> excluded.price_cents",
            (product.id, product.name, int(product.price)),
        )
        conn.execute(
            "UPDATE cart_lines SET validated = 1"
            " WHERE user_id = ? AND product_id = ? AND validated = 0",
            (user_id, product.id),
        )


def is_news(conn: sqlite3.Connection, user_id: str, shelf: Shelf) -> bool:
    """Whether `learn` would change how the cart's lines are known."""
    return any(
        (told := shelf.products.get(row["product_id"])) is not None
        and (not row["validated"] or (row["name"], row["price_cents"]) != (told.name, told.price))
        for row in _lines(conn, user_id)
    )


def _lines(conn: sqlite3.Connection, user_id: str) -> list[sqlite3.Row]:
    return conn.execute(
        "SELECT line.product_id, line.validated, known.name, known.price_cents,"
        " (SELECT sum(quantity) FROM cart_units AS units WHERE units.user_id = line.user_id"
        "   AND units.product_id = line.product_id) AS quantity"
        " FROM cart_lines AS line"
        " LEFT JOIN known_products AS known ON known.product_id = line.product_id"
        " WHERE line.user_id = ? ORDER BY line.place",
        (user_id,),
    ).fetchall()


def _item(row: sqlite3.Row, shelf: Shelf) -> CartItem:
    told = shelf.products.get(row["product_id"])
    name = told.name if told else row["name"]
    price = told.price if told else row["price_cents"]
    return CartItem(
        product_id=row["product_id"],
        name=name,
        quantity=row["quantity"],
        price=None if price is None else Price(price),
        line_total=None if price is None else Money(price * row["quantity"]),
        validated=told is not None or (bool(row["validated"]) and not shelf.complete),
    )


def _quantity(conn: sqlite3.Connection, user_id: str, product_id: int) -> int:
    row = conn.execute(
        "SELECT coalesce(sum(quantity), 0) FROM cart_units WHERE user_id = ? AND product_id = ?",
        (user_id, product_id),
    ).fetchone()
    return int(row[0])


def _put_in(
    conn: sqlite3.Connection,
    user_id: str,
    product_id: int,
    total: int,
    units: int,
    shelf: Shelf,
    now: str,
) -> None:
    if total > MOST_UNITS:
        raise Invalid(
            f"That would be {total} of product {product_id}; a line may have {MOST_UNITS}",
            code="too_many_units",
        )
    if total == units and len(products_in_cart(conn, user_id)) >= MOST_LINES:
        raise Invalid(f"A cart may have {MOST_LINES} lines", code="too_many_lines")
    version = _raise_version(conn, user_id, now)
    conn.execute(
        "INSERT INTO cart_lines (user_id, product_id, place, validated) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (user_id, product_id) DO NOTHING",
        (user_id, product_id, version, product_id in shelf.products),
    )
    conn.execute(
        "INSERT INTO cart_units (user_id, product_id, version, quantity) VALUES (?, ?, ?, ?)",
        (user_id, product_id, version, units),
    )


def _take_out_newest(conn: sqlite3.Connection, user_id: str, product_id: int, units: int) -> None:
    batches = conn.execute(
        "SELECT version, quantity FROM cart_units WHERE user_id = ? AND product_id = ?"
        " ORDER BY version DESC",
        (user_id, product_id),
    ).fetchall()
    for batch in batches:
        taken = min(units, batch["quantity"])
        place = (user_id, product_id, batch["version"])
        if taken == batch["quantity"]:
            conn.execute(
                "DELETE FROM cart_units WHERE user_id = ? AND product_id = ? AND version = ?", place
            )
        else:
            conn.execute(
                "UPDATE cart_units SET quantity = quantity - ?"
                " WHERE user_id = ? AND product_id = ? AND version = ?",
                (taken, *place),
            )
        units -= taken
        if units == 0:
            break
    _drop_empty_lines(conn, user_id)


def _drop_empty_lines(conn: sqlite3.Connection, user_id: str) -> None:
    conn.execute(
        "DELETE FROM cart_lines WHERE user_id = ? AND NOT EXISTS"
        " (SELECT 1 FROM cart_units AS units WHERE units.user_id = cart_lines.user_id"
        "   AND units.product_id = cart_lines.product_id)",
        (user_id,),
    )


def _raise_version(conn: sqlite3.Connection, user_id: str, now: str) -> int:
    row = conn.execute(
        "INSERT INTO cart (user_id, version, created_at, updated_at) VALUES (?, 1, ?, ?)"
        " ON CONFLICT (user_id) DO UPDATE"
        " SET version = cart.version + 1, updated_at = excluded.updated_at RETURNING version",
        (user_id, now, now),
    ).fetchone()
    return int(row["version"])
