"""Units of work that change a cart. Every change raises the cart's version."""

from __future__ import annotations

import sqlite3

from services.common.core.clock import hours_before
from services.common.core.currency import Currency
from services.common.core.errors import Invalid

from . import store
from .messages import CartLines, CartView
from .model import (
    FORGOTTEN_HOURS,
    MAX_LINES,
    MAX_UNITS,
    CatalogSnapshot,
    product_not_found,
)


def add_units(
    conn: sqlite3.Connection,
    user_id: str,
    product_id: int,
    quantity: int,
    catalog: CatalogSnapshot,
    currency: Currency,
    now: str,
) -> CartView:
    """Add units of a product. Raises NotFound if the catalog does not have it, and Invalid if the
    line would have more than MAX_UNITS (`too_many_units`), or the cart more than MAX_LINES
    (`too_many_lines`).
    """
    held = store.quantity_of(conn, user_id, product_id)
    return _change_units(conn, user_id, product_id, held, held + quantity, catalog, currency, now)


def set_units(
    conn: sqlite3.Connection,
    user_id: str,
    product_id: int,
    quantity: int,
    catalog: CatalogSnapshot,
    currency: Currency,
    now: str,
) -> CartView:
    """Set how many units of a product there are; the newest units are removed first.

    Raises as `add_units`.
    """
    held = store.quantity_of(conn, user_id, product_id)
    return _change_units(conn, user_id, product_id, held, quantity, catalog, currency, now)


def _change_units(
    conn: sqlite3.Connection,
    user_id: str,
    product_id: int,
    held: int,
    quantity: int,
    catalog: CatalogSnapshot,
    currency: Currency,
    now: str,
) -> CartView:
    """Have `quantity` units of a product where there are `held`, and return the cart."""
    learn(conn, user_id, catalog)
    if quantity > held:
        if store.is_gone(conn, user_id, product_id, catalog):
            raise product_not_found(product_id)
        _add_batch(conn, user_id, product_id, quantity, quantity - held, catalog, now)
    elif quantity < held:
        _raise_version(conn, user_id, now)
        _remove_newest(conn, user_id, product_id, held - quantity)
    return store.read_cart(conn, user_id, catalog, currency)


def clear_cart(
    conn: sqlite3.Connection, user_id: str, catalog: CatalogSnapshot, currency: Currency, now: str
) -> CartView:
    """Remove everything from a cart."""
    if store.products_in_cart(conn, user_id):
        _raise_version(conn, user_id, now)
        conn.execute("DELETE FROM cart_lines WHERE user_id = ?", (user_id,))
    return store.read_cart(conn, user_id, catalog, currency)


def close_cart(
    conn: sqlite3.Connection,
    user_id: str,
    order_id: str,
    version: int,
    now: str,
) -> CartLines:
    """Remove the units that became an order: those that the cart had at `version`. A repeat with
    the same order has no effect.

    The version is raised even if no units were left to remove, so that whoever read the cart before
    the close can see that it was closed.
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
    return store.read_lines(conn, user_id)


def forget_empty_carts(conn: sqlite3.Connection, now: str, limit: int) -> int:
    """Delete carts that have been empty for FORGOTTEN_HOURS, up to `limit`; returns how many. The
    schema keeps a mark above all their versions, and what was closed.
    """
    return conn.execute(
        "DELETE FROM cart WHERE user_id IN (SELECT user_id FROM cart"
        " INDEXED BY cart_empty WHERE lines = 0 AND updated_at < ? ORDER BY updated_at LIMIT ?)",
        (hours_before(now, FORGOTTEN_HOURS), limit),
    ).rowcount


def learn(conn: sqlite3.Connection, user_id: str, catalog: CatalogSnapshot) -> None:
    """Store what the catalog said, and mark the lines of a cart that it has said it about."""
    for product in catalog.products.values():
        conn.execute(
            "INSERT INTO known_products (product_id, name, price_minor) VALUES (?, ?, ?)"
            " ON CONFLICT (product_id) DO UPDATE"
            " SET name = excluded.name, price_minor = excluded.price_minor"
            " WHERE name <> excluded.name OR price_minor <> excluded.price_minor",
            (product.id, product.name, int(product.price)),
        )
    for product_id in (*catalog.products, *catalog.gone):
        gone = product_id in catalog.gone
        conn.execute(
            "UPDATE cart_lines SET validated = 1, gone = ?1"
            " WHERE user_id = ?2 AND product_id = ?3 AND (validated = 0 OR gone <> ?1)",
            (gone, user_id, product_id),
        )


def _add_batch(
    conn: sqlite3.Connection,
    user_id: str,
    product_id: int,
    total: int,
    units: int,
    catalog: CatalogSnapshot,
    now: str,
) -> None:
    if total > MAX_UNITS:
        raise Invalid(
            f"That would be {total} of product {product_id}; a line may have {MAX_UNITS}",
            code="too_many_units",
        )
    if total == units and len(store.products_in_cart(conn, user_id)) >= MAX_LINES:
        raise Invalid(f"A cart may have {MAX_LINES} lines", code="too_many_lines")
    version = _raise_version(conn, user_id, now)
    conn.execute(
        "INSERT INTO cart_lines (user_id, product_id, place, validated) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (user_id, product_id) DO NOTHING",
        (user_id, product_id, version, product_id in catalog.products),
    )
    conn.execute(
        "INSERT INTO cart_units (user_id, product_id, version, quantity) VALUES (?, ?, ?, ?)",
        (user_id, product_id, version, units),
    )


def _remove_newest(conn: sqlite3.Connection, user_id: str, product_id: int, units: int) -> None:
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
        "INSERT INTO cart (user_id, version, created_at, updated_at)"
        " SELECT ?, version + 1, ?, ? FROM forgotten_carts WHERE true"
        " ON CONFLICT (user_id) DO UPDATE"
        " SET version = cart.version + 1, updated_at = excluded.updated_at RETURNING version",
        (user_id, now, now),
    ).fetchone()
    return int(row["version"])
