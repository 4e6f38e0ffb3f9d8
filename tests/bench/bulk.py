"""Makes a shop large by bulk SQL: copies of one purchase that was really made, row by row, so that
they have all that the schema of the day wants. The audit finds them as good as any.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

NUMBERED = {"number", "id"}
"""Columns that SQLite counts up."""
NUMBERS = (
    "WITH RECURSIVE numbers (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM numbers WHERE k < :copies)"
)
USER = "'grown-' || (k % :carts)"
PRODUCT = "(:first_product + k % :products)"
LATER = " + (k - 1) / :carts * :versions"
"""By how much a cart's version is higher for each order that its user has made before."""
OF_AN_ORDER = {
    "order_id": "uuid_of(k)",
    "payment_id": "uuid_of(-k)",
    "user_id": USER,
    "product_id": PRODUCT,
}


@dataclass(frozen=True)
class Size:
    """How large a shop is."""

    products: int
    orders: int
    carts: int
    """Each with one line in it. So many users have made the orders."""

    @property
    def orders_of_each(self) -> int:
        return self.orders // self.carts


@dataclass(frozen=True)
class Template:
    """The purchase that is copied, of one unit, and the user who has the same in the cart again."""

    user_id: str
    product_id: int
    order_id: str


def grow(folder: Path, template: Template, size: Size) -> None:
    """Make the shop in a data folder as large, of which no service runs."""
    with closing(sqlite3.connect(folder / "products.db", isolation_level=None)) as conn:
        highest = conn.execute("SELECT max(id) FROM products").fetchone()[0]
    values = {
        "user_id": template.user_id,
        "order_id": template.order_id,
        "product_id": template.product_id,
        "products": size.products,
        "carts": size.carts,
        "first_product": highest + 1,
        **_versions(folder, template, size),
    }
    for file, fill in {
        "products": _products,
        "orders": _orders,
        "payments": _payments,
        "carts": _carts,
    }.items():
        with closing(sqlite3.connect(folder / f"{file}.db", isolation_level=None)) as conn:
            conn.create_function("uuid_of", 1, uuid_of, deterministic=True)
            conn.execute("PRAGMA synchronous = OFF")
            conn.execute(
                "PRAGMA cache_size = -1000000"
            )  # KiB: ids are random, and so are their pages
            conn.execute("BEGIN")
            fill(conn, size, values)
            conn.execute("COMMIT")
            conn.execute("PRAGMA wal_checkpoint (TRUNCATE)")


def uuid_of(number: int) -> str:
    """An id like those that orders have, anywhere among the others."""
    text = hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


Values = Mapping[str, object]


def _versions(folder: Path, template: Template, size: Size) -> dict[str, int]:
    """What versions a cart goes through, from one order to the next and in all."""
    with closing(sqlite3.connect(folder / "carts.db")) as conn:
        ordered = conn.execute(
            "SELECT version FROM cart_closes WHERE order_id = ?", (template.order_id,)
        ).fetchone()[0]
        now = conn.execute(
            "SELECT version FROM cart WHERE user_id = ?", (template.user_id,)
        ).fetchone()[0]
    versions = now - ordered
    return {"versions": versions, "risen": versions * (size.orders_of_each - 1)}


def _products(conn: sqlite3.Connection, size: Size, values: Values) -> None:
    of_product = {"product_id": ":first_product + k - 1", "id": ":first_product + k - 1"}
    copy = _Copies(conn, size.products, values)
    copy(
        "products",
        "id = :product_id",
        {
            **of_product,
            "sku": "NULL",
            "name": "name || ' ' || uuid_of(k)",
            "sort_name": "sort_name || ' ' || uuid_of(k)",
            "search_text": "search_text || ' ' || uuid_of(k)",
        },
    )
    first_stock = "SELECT min(id) FROM stock_ledger WHERE product_id = :product_id"
    copy("stock_ledger", f"id = ({first_stock})", {"product_id": of_product["id"]})
    copy = _Copies(conn, size.orders, values)
    request = f"json_set(request, '$.lines[0].product_id', {PRODUCT})"
    name = f"(SELECT name FROM products WHERE id = {PRODUCT})"
    copy("reservations", "order_id = :order_id", {**OF_AN_ORDER, "request": request})
    copy(
        "reservation_lines",
        "order_id = :order_id",
        {**OF_AN_ORDER, "sku": "NULL", "name": name},
    )
    copy("stock_ledger", "order_id = :order_id", OF_AN_ORDER)
    conn.execute(
        "UPDATE products SET (available, reserved, sold) = (SELECT sum(available), sum(reserved),"
        " sum(sold) FROM stock_ledger WHERE product_id = products.id)"
    )


def _orders(conn: sqlite3.Connection, size: Size, values: Values) -> None:
    copy = _Copies(conn, size.orders, values)
    copy(
        "orders",
        "order_id = :order_id",
        {
            **OF_AN_ORDER,
            "items": f"json_set(items, '$[0].product_id', {PRODUCT})",
            "cart_version": f"cart_version{LATER}",
            "cart_left_version": f"cart_left_version{LATER}",
        },
    )
    copy("order_events", "order_id = :order_id", OF_AN_ORDER)


def _payments(conn: sqlite3.Connection, size: Size, values: Values) -> None:
    _Copies(conn, size.orders, values)("payments", "order_id = :order_id", OF_AN_ORDER)


def _carts(conn: sqlite3.Connection, size: Size, values: Values) -> None:
    copy = _Copies(conn, size.carts, values)
    of_cart = {"user_id": USER, "product_id": PRODUCT}
    # Lines are counted as they come.
    copy(
        "cart",
        "user_id = :user_id",
        {**of_cart, "version": "version + :risen", "lines": "0"},
    )
    copy("cart_lines", "user_id = :user_id", {**of_cart, "place": "place + :risen"})
    copy("cart_units", "user_id = :user_id", {**of_cart, "version": "version + :risen"})
    _Copies(conn, size.orders, values)(
        "cart_closes", "order_id = :order_id", {**OF_AN_ORDER, "version": f"version{LATER}"}
    )


class _Copies:
    """Copies rows of a database so many times."""

    def __init__(self, conn: sqlite3.Connection, copies: int, values: Values) -> None:
        self._conn = conn
        self._values = {**values, "copies": copies}

    def __call__(self, table: str, which: str, others: Mapping[str, str]) -> None:
        """Copy those that `which` finds. `others` has what is another in the copy number k."""
        rows = self._conn.execute(f"PRAGMA table_info ({table})")
        names = [row[1] for row in rows if row[1] not in NUMBERED or row[1] in others]
        copied = ", ".join(others.get(name, name) for name in names)
        self._conn.execute(
            f"INSERT INTO {table} ({', '.join(names)}) {NUMBERS}"
            f" SELECT {copied} FROM numbers CROSS JOIN {table} WHERE {which}",
            self._values,
        )
