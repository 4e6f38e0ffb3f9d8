"""Lists in SQL: the products, with filters, sort orders and pages, and the categories."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from services.common.core.errors import Invalid
from services.common.core.wire import MAX_INTEGER
from services.common.web.paging import CursorNumber, decode_cursor, encode_cursor, fill_page

from .messages import Category, CategoryQuery, ProductJson, ProductQuery
from .model import folded
from .store import to_product

# The column and the direction of each sort order; the id settles ties.
_ORDERS = {
    "id": ("id", "ASC"),
    "name": ("sort_name", "ASC"),
    "price": ("price_minor", "ASC"),
    "-price": ("price_minor", "DESC"),
    "newest": ("id", "DESC"),
}


LISTED_BY = ("sku", "category", "price_minor", "deleted_at", "sort_name", "search_text")
"""The columns that say which products a list has and in which order, but for `available`."""


def ids_alone(query: ProductQuery) -> list[int] | None:
    """The ids that a list was asked for in their order, if it is of all products with these ids."""
    narrowed = (query.sku, query.category, query.after)
    if query.ids is None or query.sort != "id" or reads_much(query) or any(narrowed):
        return None
    ids = sorted(set(_ids(query.ids)))
    return ids if len(ids) <= query.limit else None


def reads_much(query: ProductQuery) -> bool:
    """Whether a list is of what is looked for among all products, or those of a category."""
    return any(
        wanted is not None for wanted in (query.q, query.min_price, query.max_price, query.in_stock)
    )


def list_products(
    conn: sqlite3.Connection, query: ProductQuery
) -> tuple[list[ProductJson], str | None]:
    """One page of products, and the cursor of the next page if there is one.

    Raises Invalid for a cursor of another list, or an id that no product can have.
    """
    conditions, values = _filters(query)
    column, direction = _ORDERS[query.sort]
    if query.after is not None:
        sort, last, last_id = decode_cursor(
            query.after, tuple[str, str | CursorNumber, CursorNumber]
        )
        if sort != query.sort or isinstance(last, str) != (query.sort == "name"):
            raise Invalid(
                "after: this place belongs to a list in another order", code="invalid_cursor"
            )
        beyond = ">" if direction == "ASC" else "<"
        conditions.append(f"({column}, id) {beyond} (?, ?)")
        values += [last, last_id]
    rows = conn.execute(
        f"SELECT * FROM products WHERE {' AND '.join(conditions)}"  # noqa: S608
        f" ORDER BY {column} {direction}, id {direction} LIMIT ?",
        (*values, query.limit + 1),
    )
    page, end = fill_page(
        rows,
        query.limit,
        lambda row: ProductJson.of(to_product(row)),
        lambda shown: len(shown.json),
    )
    return page, None if end is None else encode_cursor((query.sort, end[column], end["id"]))


def list_categories(conn: sqlite3.Connection, query: CategoryQuery) -> list[Category]:
    """Every category with such a product in it, by name."""
    conditions, values = _filters(ProductQuery(**msgspec.structs.asdict(query)))
    rows = conn.execute(
        f"SELECT category, count(*) FROM products WHERE {' AND '.join(conditions)}"  # noqa: S608
        " GROUP BY category ORDER BY category",
        values,
    )
    return [Category(name, count) for name, count in rows]


def _filters(query: ProductQuery) -> tuple[list[str], list[Any]]:
    # Words are looked for in every product of the table, or of the category. By the index of a sort
    # order that takes five times as long, row by row; a `+` keeps SQLite from it.
    reads_all = query.q is not None and query.category is None
    conditions = ["+deleted_at IS NULL" if reads_all else "deleted_at IS NULL"]
    values: list[Any] = []

    def where(condition: str, *operands: Any) -> None:
        conditions.append(condition)
        values.extend(operands)

    for word in folded(query.q or "").split():
        escaped = word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
        where(r"search_text LIKE ? ESCAPE '\'", f"%{escaped}%")
    if query.ids is not None:
        ids = _ids(query.ids)
        where(f"id IN ({', '.join('?' * len(ids))})", *ids)
    if query.sku is not None:
        where("sku = ?", query.sku)
    if query.category is not None:
        where("category = ?", query.category)
    if query.min_price is not None:
        where("price_minor >= ?", int(query.min_price))
    if query.max_price is not None:
        where("price_minor <= ?", int(query.max_price))
    if query.in_stock is not None:
        where("available > 0" if query.in_stock else "available = 0")
    return conditions, values


def _ids(text: str) -> list[int]:
    numbers = map(int, text.split(","))
    return [number for number in numbers if number <= MAX_INTEGER]  # no product has a larger one
