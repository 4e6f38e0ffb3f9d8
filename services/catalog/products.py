"""Units of work that change products. Every change of stock is entered in the ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from services.common.core.currency import Currency
from services.common.core.errors import Conflict, PreconditionFailed

from . import store
from .messages import NewProduct, Product, ProductChanges, StockChange
from .model import folded

SORTED_CHARACTERS = 100
"""How many characters of a name count for sorting; a cursor has to hold them."""


def add_product(
    conn: sqlite3.Connection,
    product: NewProduct,
    currency: Currency,
    now: str,
    reason: str = "added",
) -> Product:
    """Add a product with its first stock. Raises Conflict (`sku_taken`)."""
    _require_free_sku(conn, product.sku)
    columns = _edited(product) | {
        "currency": currency.code,
        "minor_per_major": currency.minor_per_major,
        "available": product.stock,
        "created_at": now,
        "updated_at": now,
    }
    row = conn.execute(
        f"INSERT INTO products ({', '.join(columns)})"  # noqa: S608  names of ours
        f" VALUES ({', '.join('?' * len(columns))}) RETURNING *",
        tuple(columns.values()),
    ).fetchone()
    _record_stock(conn, row["id"], product.stock, reason, now)
    return store.to_product(row)


def edit_product(
    conn: sqlite3.Connection,
    product_id: int,
    changes: ProductChanges,
    versions: Sequence[int] | None,
    now: str,
) -> Product:
    """Change the fields that `changes` names. Raises NotFound, Conflict (`sku_taken`), and
    PreconditionFailed if `versions` is given and the product's version is not in it.
    """
    product = store.get_product(conn, product_id)
    _require_version(product, versions)
    edited = changes.applied_to(product)
    if edited == product:
        return product
    if edited.sku != product.sku:
        _require_free_sku(conn, edited.sku)
    columns = _edited(edited)
    row = conn.execute(
        f"UPDATE products SET {' = ?, '.join(columns)} = ?,"  # noqa: S608  names of ours
        " version = version + 1, updated_at = ? WHERE id = ? RETURNING *",
        (*columns.values(), now, product_id),
    ).fetchone()
    return store.to_product(row)


def delete_product(
    conn: sqlite3.Connection, product_id: int, versions: Sequence[int] | None, now: str
) -> None:
    """Delete a product, so that it is no longer listed or sold; orders keep their lines. Raises
    NotFound, PreconditionFailed.
    """
    _require_version(store.get_product(conn, product_id), versions)
    conn.execute(
        "UPDATE products SET deleted_at = ?, version = version + 1 WHERE id = ?", (now, product_id)
    )


def adjust_stock(
    conn: sqlite3.Connection, product_id: int, change: StockChange, now: str
) -> Product:
    """Add units, or take units away. Raises NotFound, Conflict (`insufficient_stock`)."""
    row = conn.execute(
        "UPDATE products SET available = available + ?, updated_at = ?"
        " WHERE id = ? AND deleted_at IS NULL AND available + ? >= 0 RETURNING *",
        (change.delta, now, product_id, change.delta),
    ).fetchone()
    if row is None:
        product = store.get_product(conn, product_id)
        raise Conflict(
            f"There are {product.stock} of {product.name}; {-change.delta} cannot be taken away",
            code="insufficient_stock",
            errors=[
                {
                    "product_id": product_id,
                    "requested": -change.delta,
                    "available": product.stock,
                }
            ],
        )
    _record_stock(conn, product_id, change.delta, change.reason, now)
    return store.to_product(row)


def _record_stock(
    conn: sqlite3.Connection, product_id: int, delta: int, reason: str, now: str
) -> None:
    """Enter units that came in or went out into the ledger."""
    conn.execute(
        "INSERT INTO stock_ledger (product_id, movement, available, reserved, sold, reason, at)"
        " VALUES (?, 'stock', ?, 0, 0, ?, ?)",
        (product_id, delta, reason, now),
    )


def _require_version(product: Product, versions: Sequence[int] | None) -> None:
    """Raise PreconditionFailed unless the product's version is one that If-Match named."""
    if versions is not None and product.version not in versions:
        raise PreconditionFailed(
            f"Product {product.id} is at version {product.version} now; read it again"
        )


def _edited(product: NewProduct | Product) -> dict[str, str | int | None]:
    """The columns that an edit writes, and their values."""
    words = (product.name, product.sku or "", product.category, product.description)
    return {
        "sku": product.sku,
        "name": product.name,
        "description": product.description,
        "category": product.category,
        "image": product.image,
        "price_minor": int(product.price),
        "sort_name": folded(product.name)[:SORTED_CHARACTERS],
        "search_text": folded("\n".join(words)),
    }


def _require_free_sku(conn: sqlite3.Connection, sku: str | None) -> None:
    taken = conn.execute(
        "SELECT id FROM products WHERE sku = ? AND deleted_at IS NULL", (sku,)
    ).fetchone()
    if taken is not None:
        raise Conflict(
            f"SKU {sku} is product {taken['id']}'s",
            code="sku_taken",
            extensions={"product_id": taken["id"]},
        )
