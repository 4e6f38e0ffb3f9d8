"""Products in SQL: functions on a connection, each one unit of work or one query."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from services.common.errors import Conflict, Invalid, NotFound, PreconditionFailed
from services.common.money import Price
from services.common.paging import decode_cursor, encode_cursor

from .model import Category, NewProduct, Product, ProductChanges, ProductQuery, StockChange

NOT_FOUND = "Product {} not found in catalog"

# The column that each order goes by, and its direction; the id settles ties.
_ORDERS = {
    "id": ("id", "ASC"),
    "name": ("lower(name)", "ASC"),
    "price": ("price_cents", "ASC"),
    "-price": ("price_cents", "DESC"),
    "newest": ("id", "DESC"),
}


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


def list_products(
    conn: sqlite3.Connection, query: ProductQuery
) -> tuple[list[Product], str | None]:
    """One page of products, and the cursor of the next page if there is one."""
    conditions, values = _filters(query)
    column, direction = _ORDERS[query.sort]
    if query.after is not None:
        sort, last, last_id = decode_cursor(query.after, tuple[str, str | int, int])
        if sort != query.sort or isinstance(last, str) != (query.sort == "name"):
            raise Invalid("after: this place belongs to a list in another order")
        beyond = ">" if direction == "ASC" else "<"
        conditions.append(f"({column}, id) {beyond} (?, ?)")
        values += [last, last_id]
    rows = conn.execute(
        f"SELECT *, {column} AS place FROM products WHERE {' AND '.join(conditions)}"  # noqa: S608
        f" ORDER BY {column} {direction}, id {direction} LIMIT ?",
        (*values, query.limit + 1),
    ).fetchall()
    page = rows[: query.limit]
    after = None
    if len(rows) > query.limit:
        after = encode_cursor((query.sort, page[-1]["place"], page[-1]["id"]))
    return [to_product(row) for row in page], after


def _filters(query: ProductQuery) -> tuple[list[str], list[Any]]:
    conditions = ["deleted_at IS NULL"]
    values: list[Any] = []

    def where(condition: str, *operands: Any) -> None:
        conditions.append(condition)
        values.extend(operands)

    for word in (query.q or "").split():
        escaped = word.lower().replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        where(
            "lower(name || ' ' || coalesce(sku, '') || ' ' || category || ' ' || description)"
            r" LIKE ? ESCAPE '\'",
            f"%{escaped}%",
        )
    if query.ids is not None:
        ids = query.ids.split(",")
        where(f"id IN ({', '.join('?' * len(ids))})", *map(int, ids))
    if query.sku is not None:
        where("sku = ?", query.sku)
    if query.category is not None:
        where("category = ?", query.category)
    if query.min_price is not None:
        where("price_cents >= ?", int(query.min_price))
    if query.max_price is not None:
        where("price_cents <= ?", int(query.max_price))
    if query.in_stock is not None:
        where("available > 0" if query.in_stock else "available = 0")
    return conditions, values


def list_categories(conn: sqlite3.Connection) -> list[Category]:
    """Every category with a product in it, by name."""
    rows = conn.execute(
        "SELECT category, count(*) FROM products WHERE deleted_at IS NULL"
        " GROUP BY category ORDER BY category"
    )
    return [Category(name, count) for name, count in rows]


def add_product(
    conn: sqlite3.Connection, product: NewProduct, currency: str, now: str, reason: str = "added"
) -> Product:
    """Add a product with its first stock. Raises Conflict (`sku_taken`)."""
    _require_free_sku(conn, product.sku)
    row = conn.execute(
        "INSERT INTO products (sku, name, description, category, image, price_cents, currency,"
        " available, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (
            product.sku,
            product.name,
            product.description,
            product.category,
            product.image,
            int(product.price),
            currency,
            product.stock,
            now,
            now,
        ),
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
    named = {
        name: value
        for name, value in msgspec.structs.asdict(changes).items()
        if value is not msgspec.UNSET and value != getattr(product, name)
    }
    if not named:
        return product
    if "sku" in named:
        _require_free_sku(conn, named["sku"])
    if "price" in named:
        named["price_cents"] = int(named.pop("price"))
    columns = ", ".join(f"{name} = ?" for name in named)
    row = conn.execute(
        f"UPDATE products SET {columns}, version = version + 1, updated_at = ?"  # noqa: S608
        " WHERE id = ? RETURNING *",
        (*named.values(), now, product_id),
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
