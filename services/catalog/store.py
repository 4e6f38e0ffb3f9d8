"""Products in SQL: functions on a connection, each one unit of work or one query."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from services.common.errors import Conflict, NotFound, PreconditionFailed
from services.common.money import Price

from .model import NOT_FOUND, NewProduct, Product, ProductChanges, StockChange, folded

_EDITED = "sku, name, description, category, image, price_cents, sort_name, search_text"

SORTED_CHARACTERS = 100
"""By how much of their names products are sorted; a cursor has to hold as much."""


def no_such_product(product_id: int) -> NotFound:
    """The refusal for a product that is not, or no longer, in the catalog."""
    return NotFound(NOT_FOUND.format(product_id), code="product_not_found")


def get_product(conn: sqlite3.Connection, product_id: int) -> Product:
    """One product. Raises NotFound."""
    row = conn.execute(
        "SELECT * FROM products WHERE id = ? AND deleted_at IS NULL", (product_id,)
    ).fetchone()
    if row is None:
        raise no_such_product(product_id)
    return to_product(row)


def add_product(
    conn: sqlite3.Connection, product: NewProduct, currency: str, now: str, reason: str = "added"
) -> Product:
    """Add a product with its first stock. Raises Conflict (`sku_taken`)."""
    _require_free_sku(conn, product.sku)
    row = conn.execute(
        f"INSERT INTO products ({_EDITED}, currency, available, created_at, updated_at)"  # noqa: S608
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (*_edited(product), currency, product.stock, now, now),
    ).fetchone()
    record_stock(conn, row["id"], product.stock, reason, now)
    return to_product(row)


def edit_product(
    conn: sqlite3.Connection,
    product_id: int,
    changes: ProductChanges,
    versions: Sequence[int] | None,
    now: str,
) -> Product:
    """Change what `changes` names. Raises NotFound, Conflict (`sku_taken`), PreconditionFailed
    when `versions` is given and does not hold the product's.
    """
    product = get_product(conn, product_id)
    require_version(product, versions)
    edited = changes.applied_to(product)
    if edited == product:
        return product
    if edited.sku != product.sku:
        _require_free_sku(conn, edited.sku)
    row = conn.execute(
        f"UPDATE products SET ({_EDITED}) = (?, ?, ?, ?, ?, ?, ?, ?),"  # noqa: S608
        " version = version + 1, updated_at = ? WHERE id = ? RETURNING *",
        (*_edited(edited), now, product_id),
    ).fetchone()
    return to_product(row)


def delete_product(
    conn: sqlite3.Connection, product_id: int, versions: Sequence[int] | None, now: str
) -> None:
    """Take a product off the shelves; orders keep their lines. Raises NotFound,
    PreconditionFailed.
    """
    require_version(get_product(conn, product_id), versions)
    conn.execute(
        "UPDATE products SET deleted_at = ?, version = version + 1 WHERE id = ?", (now, product_id)
    )


def adjust_stock(
    conn: sqlite3.Connection, product_id: int, change: StockChange, now: str
) -> Product:
    """Add or take away units. Raises NotFound, Conflict (`insufficient_stock`)."""
    row = conn.execute(
        "UPDATE products SET available = available + ?, updated_at = ?"
        " WHERE id = ? AND deleted_at IS NULL AND available + ? >= 0 RETURNING *",
        (change.delta, now, product_id, change.delta),
    ).fetchone()
    if row is None:
        product = get_product(conn, product_id)
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
    record_stock(conn, product_id, change.delta, change.reason, now)
    return to_product(row)


def record_stock(
    conn: sqlite3.Connection, product_id: int, delta: int, reason: str, now: str
) -> None:
    """Enter units that came in or went out into the ledger."""
    conn.execute(
        "INSERT INTO stock_ledger (product_id, movement, available, reserved, sold, reason, at)"
        " VALUES (?, 'stock', ?, 0, 0, ?, ?)",
        (product_id, delta, reason, now),
    )


def require_version(product: Product, versions: Sequence[int] | None) -> None:
    """Raise PreconditionFailed unless the product's version is among those that If-Match named."""
    if versions is not None and product.version not in versions:
        raise PreconditionFailed(
            f"Product {product.id} is at version {product.version} now; read it again"
        )


def to_product(row: sqlite3.Row) -> Product:
    """A row of `products`."""
    return Product(
        id=row["id"],
        sku=row["sku"],
        name=row["name"],
        description=row["description"],
        category=row["category"],
        image=row["image"],
        price=Price(row["price_cents"]),
        currency=row["currency"],
        stock=row["available"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _edited(product: NewProduct | Product) -> tuple[str | int | None, ...]:
    """The values of the columns that an edit writes."""
    words = (product.name, product.sku or "", product.category, product.description)
    return (
        product.sku,
        product.name,
        product.description,
        product.category,
        product.image,
        int(product.price),
        folded(product.name)[:SORTED_CHARACTERS],
        folded("\n".join(words)),
    )


def _require_free_sku(conn: sqlite3.Connection, sku: str | None) -> None:
    taken = conn.execute(
        "SELECT id FROM products WHERE sku = ? AND deleted_at IS NULL", (sku,)
    ).fetchone()
    if taken is not None:
        raise Conflict(
            f"SKU {sku} is product {taken['id']}'s",
            code="sku_taken",
            about={"product_id": taken["id"]},
        )
