"""Promises 4 and 5 of services/README.md: every unit is available, reserved or sold, and each order
holds what it may.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from services.common.core.clock import hours_before

from .breach import Breach, amount_text, order_breach

_RESERVATIONS_OF: dict[str, tuple[str, ...]] = {
    "CREATED REQUESTED": ("none", "HELD", "REJECTED"),
    "CREATED HELD": ("HELD",),
    "PAID COMMIT_DUE": ("HELD", "COMMITTED"),
    "PAID COMMITTED": ("COMMITTED",),
    "REFUNDED RETURN_DUE": ("HELD", "COMMITTED", "RETURNED"),
    "REFUNDED RETURNED": ("RETURNED",),
    "CANCELLED RELEASE_DUE": ("none", "HELD", "REJECTED", "RELEASED"),
    "CANCELLED RELEASED": ("RELEASED", "REJECTED"),
    "REJECTED NONE": ("REJECTED",),
}
"""The possible states of the reservation for each state of an order; several if a step is due."""

ORDER_KEPT_HOURS, RESERVATION_KEPT_HOURS = 7 * 24, 8 * 24
"""How long an order and its reservation are kept when they were rejected. Each service goes by its
own clock and purges when it can, so either half may be there without the other.
"""
_CLOCKS_DIFFER_HOURS = 24

_ORDERS = """
SELECT o.order_id, o.status, o.stock_state, o.items, o.total_minor, o.currency,
       o.created_at, coalesce(r.state, 'none') AS state, r.total_minor AS held_minor,
       r.currency AS held_in,
       (SELECT json_group_array(json_array(product_id, quantity, price_minor))
          FROM products.reservation_lines AS line WHERE line.order_id = o.order_id) AS held
  FROM orders.orders AS o LEFT JOIN products.reservations AS r ON r.order_id = o.order_id
 ORDER BY o.number
"""
_RESERVATIONS = """
SELECT r.order_id, r.state, r.created_at, r.request IS NULL AS tombstone, r.total_minor,
       r.currency, o.order_id IS NULL AS orderless, count(line.product_id) AS lines,
       coalesce(sum(line.price_minor * line.quantity), 0) AS line_minor
  FROM products.reservations AS r LEFT JOIN orders.orders AS o ON o.order_id = r.order_id
       LEFT JOIN products.reservation_lines AS line ON line.order_id = r.order_id
 GROUP BY r.order_id ORDER BY r.created_at, r.order_id
"""
_MOVEMENTS = """
SELECT order_id, product_id, sum(available) AS available, sum(reserved) AS reserved,
       sum(sold) AS sold, sum(held) AS held, sum(committed) AS committed
  FROM (SELECT order_id, product_id, available, reserved, sold, 0 AS held, 0 AS committed
          FROM products.stock_ledger WHERE order_id IS NOT NULL
        UNION ALL
        SELECT line.order_id, line.product_id, 0, 0, 0, line.quantity * (r.state = 'HELD'),
               line.quantity * (r.state = 'COMMITTED')
          FROM products.reservation_lines AS line
               JOIN products.reservations AS r ON r.order_id = line.order_id)
 GROUP BY order_id, product_id
HAVING sum(reserved) <> sum(held) OR sum(sold) <> sum(committed)
       OR sum(available) <> -sum(held) - sum(committed)
"""
_PRODUCTS = """
SELECT p.id, p.name, p.available, p.reserved, p.sold,
       coalesce(l.available, 0) AS ledger_available, coalesce(l.reserved, 0) AS ledger_reserved,
       coalesce(l.sold, 0) AS ledger_sold, coalesce(h.held, 0) AS held,
       coalesce(h.committed, 0) AS committed
  FROM products.products AS p
       LEFT JOIN (SELECT product_id, sum(available) AS available, sum(reserved) AS reserved,
                         sum(sold) AS sold
                    FROM products.stock_ledger GROUP BY product_id) AS l ON l.product_id = p.id
       LEFT JOIN (SELECT line.product_id, sum(line.quantity * (r.state = 'HELD')) AS held,
                         sum(line.quantity * (r.state = 'COMMITTED')) AS committed
                    FROM products.reservation_lines AS line
                         JOIN products.reservations AS r ON r.order_id = line.order_id
                   GROUP BY line.product_id) AS h ON h.product_id = p.id
 ORDER BY p.id
"""
_LEDGER = """
SELECT id, movement, available, reserved, sold FROM products.stock_ledger
 WHERE (movement = 'stock' AND (reserved <> 0 OR sold <> 0 OR order_id IS NOT NULL))
    OR (movement <> 'stock' AND (available + reserved + sold <> 0 OR order_id IS NULL))
"""

Line = tuple[int, int, int | None]
"""Product, quantity, and price in the smallest unit (None if it is not known yet)."""


def stock_breaches(conn: sqlite3.Connection, now: str) -> Iterator[Breach]:
    """Every product, reservation and order whose units or prices are not as they should be. `now`
    tells which rejected ones may be half purged.
    """
    order_purged = hours_before(now, ORDER_KEPT_HOURS - _CLOCKS_DIFFER_HOURS)
    reservation_purged = hours_before(now, RESERVATION_KEPT_HOURS - _CLOCKS_DIFFER_HOURS)
    for row in conn.execute(_ORDERS):
        yield from _order(row, may_lack_reservation=row["created_at"] < reservation_purged)
    for row in conn.execute(_RESERVATIONS):
        yield from _reservation(row, may_lack_order=row["created_at"] < order_purged)
    for row in conn.execute(_MOVEMENTS):
        found = (
            f"{row['available']:+d} available, {row['reserved']:+d} reserved, {row['sold']:+d} sold"
        )
        held, committed = row["held"], row["committed"]
        expected = f"{-held - committed:+d}, {held:+d} and {committed:+d}"
        what = f"what the ledger moved of product {row['product_id']}"
        yield _of_reservation(row, what, found, expected)
    for row in conn.execute(_PRODUCTS):
        yield from _product(row)
    for row in conn.execute(_LEDGER):
        found = f"{row['available']:+d}, {row['reserved']:+d}, {row['sold']:+d}"
        expected = (
            "units come or gone" if row["movement"] == "stock" else "an order's, and 0 in sum"
        )
        yield Breach(
            "catalog", f"stock_ledger {row['id']}", f"its {row['movement']}", found, expected
        )


def _order(row: sqlite3.Row, *, may_lack_reservation: bool) -> Iterator[Breach]:
    state, reservation = f"{row['status']} {row['stock_state']}", row["state"]
    may_be = _RESERVATIONS_OF.get(state, ())
    purged = may_lack_reservation and (state, reservation) == ("REJECTED NONE", "none")
    if reservation not in may_be and not purged:
        expected = f"{' or '.join(may_be) or 'that of another state'}, as the order is {state}"
        yield order_breach(row, "its reservation", reservation, expected)
    ordered = _read_lines(row["items"])
    if ordered is None:
        yield order_breach(
            row, "its list of items", "unreadable", "products, quantities and prices"
        )
        return
    total, currency = row["total_minor"], row["currency"]
    by_items = sum((price or 0) * quantity for _, quantity, price in ordered)
    if total not in (None, by_items):
        expected = f"{amount_text(by_items, currency)}, by its items"
        yield order_breach(row, "its total", amount_text(total, currency), expected)
    if reservation not in ("none", "REJECTED"):
        yield from _order_and_reservation(row, ordered)


def _order_and_reservation(row: sqlite3.Row, ordered: list[Line]) -> Iterator[Breach]:
    held: list[Line] = sorted(tuple(line) for line in json.loads(row["held"]))
    total, currency = row["total_minor"], row["currency"]
    if total is None:
        if not held:
            return  # A tombstone of an order that never held stock.
        held = [(product_id, quantity, None) for product_id, quantity, _ in held]
    if held != ordered:
        expected = f"{_lines_text(held, currency)}, as was reserved"
        yield order_breach(row, "what was ordered", _lines_text(ordered, currency), expected)
    if total is not None and (total, row["currency"]) != (row["held_minor"], row["held_in"]):
        found = f"{amount_text(row['held_minor'], row['held_in'])} {row['held_in']}"
        expected = f"{amount_text(total, currency)} {currency}"
        yield order_breach(row, "its total at the catalog", found, expected)


def _reservation(row: sqlite3.Row, *, may_lack_order: bool) -> Iterator[Breach]:
    state = row["state"]
    if row["orderless"] and not (may_lack_order and state == "REJECTED"):
        yield _of_reservation(row, "its order", "nowhere", "in the order service")
    if state == "RETURNED" and row["tombstone"]:
        yield _of_reservation(row, "its state", state, "another, as nothing was ever held")
    holds_none = state == "REJECTED" or row["tombstone"]
    if holds_none and row["lines"]:
        yield _of_reservation(
            row, "the number of its lines", str(row["lines"]), "0, as nothing was held"
        )
    elif not holds_none and not row["lines"]:
        yield _of_reservation(row, "the number of its lines", "0", f"1 at least, as it is {state}")
    if row["total_minor"] != row["line_minor"]:
        found, expected = (
            amount_text(row[name], row["currency"]) for name in ("total_minor", "line_minor")
        )
        yield _of_reservation(row, "its total", found, f"{expected}, by its lines")


def _product(row: sqlite3.Row) -> Iterator[Breach]:
    by_orders = {"reserved": row["held"], "sold": row["committed"]}
    for column in ("available", "reserved", "sold"):
        found, by_ledger = row[column], row[f"ledger_{column}"]
        wrong = [f"{by_ledger} by the ledger"] if found != by_ledger else []
        if found != by_orders.get(column, found):
            wrong.append(f"{by_orders[column]} by the reservations")
        if found < 0:
            wrong.append("0 or more")
        if wrong:
            name = f"product {row['id']} ({row['name']})"
            yield Breach("catalog", name, column, str(found), " and ".join(wrong))


def _read_lines(items: str) -> list[Line] | None:
    """An order's lines, sorted by product; None if they cannot be read."""
    try:
        return sorted(
            (
                int(item["product_id"]),
                int(item["quantity"]),
                None if price is None else int(price),
            )
            for item in json.loads(items)
            # An order of before there were other currencies has its price in cents.
            for price in [item["price_cents" if "price_cents" in item else "price_minor"]]
        )
    except (ValueError, TypeError, KeyError):
        return None


def _lines_text(lines: list[Line], currency: str) -> str:
    return (
        ", ".join(
            f"{quantity} of product {product_id}"
            + ("" if price is None else f" at {amount_text(price, currency)}")
            for product_id, quantity, price in lines
        )
        or "nothing"
    )


def _of_reservation(row: sqlite3.Row, what: str, found: str, expected: str) -> Breach:
    return Breach("catalog", f"reservation {row['order_id']}", what, found, expected)
