"""Promises 6 and 7 of services/README.md, as far as the databases can show them: a cart's units are
in one live order at most, and an order's history leads to its state.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import groupby, pairwise

from .breach import Breach, order_breach

_FIRST = "CREATED REQUESTED"
_TRANSITIONS = {
    _FIRST: ("CREATED HELD", "REJECTED NONE", "CANCELLED RELEASE_DUE"),
    "CREATED HELD": ("PAID COMMIT_DUE", "CANCELLED RELEASE_DUE"),
    "PAID COMMIT_DUE": ("PAID COMMITTED", "REFUNDED RETURN_DUE"),
    "PAID COMMITTED": ("REFUNDED RETURN_DUE",),
    "REFUNDED RETURN_DUE": ("REFUNDED RETURNED",),
    "CANCELLED RELEASE_DUE": ("CANCELLED RELEASED",),
}
_EVENTS = """
SELECT o.number, o.order_id, o.status || ' ' || o.stock_state AS state,
       e.status || ' ' || e.stock_state AS event
  FROM orders.orders AS o LEFT JOIN orders.order_events AS e ON e.order_id = o.order_id
 ORDER BY o.number, e.id
"""
_CARTS = """
SELECT o.order_id, o.user_id, o.stock_state, o.cart_state, o.cart_version, o.cart_left_version,
       o.total_minor IS NOT NULL AS was_held, c.order_id AS closed, c.user_id AS closed_of,
       c.version AS closed_at, coalesce(cart.version, forgotten.version) AS version_now,
       count(*) FILTER (WHERE o.cart_state IN ('OPEN', 'DUE', 'CLOSED'))
         OVER (PARTITION BY o.user_id, o.cart_version) AS same_version,
       count(*) FILTER (WHERE o.cart_state IN ('OPEN', 'DUE'))
         OVER (PARTITION BY o.user_id) AS not_closed
  FROM orders.orders AS o LEFT JOIN carts.cart_closes AS c ON c.order_id = o.order_id
       LEFT JOIN carts.cart AS cart ON cart.user_id = o.user_id
       CROSS JOIN carts.forgotten_carts AS forgotten
 WHERE o.cart_state <> 'NONE' OR c.order_id IS NOT NULL ORDER BY o.number
"""
_CLOSES_WITHOUT_ORDER = """
SELECT c.order_id, c.user_id FROM carts.cart_closes AS c
 WHERE NOT EXISTS (SELECT 1 FROM orders.orders AS o WHERE o.order_id = c.order_id)
"""
_UNITS_LEFT = """
SELECT u.user_id, u.product_id, u.version, u.quantity, c.version AS closed_at
  FROM carts.cart_units AS u
       JOIN (SELECT user_id, max(version) AS version FROM carts.cart_closes GROUP BY user_id) AS c
         ON c.user_id = u.user_id AND u.version <= c.version
"""


def history_breaches(conn: sqlite3.Connection) -> Iterator[Breach]:
    """Every breach in an order's history: its beginning, each transition, and its end."""
    rows = conn.execute(_EVENTS)
    for _, events in groupby(rows, lambda row: int(row["number"])):
        rows_of_order = list(events)
        state, order = rows_of_order[0]["state"], f"order {rows_of_order[0]['order_id']}"
        states = [row["event"] or "nothing" for row in rows_of_order]
        if states[0] != _FIRST:
            yield Breach("order", order, "the beginning of its history", states[0], _FIRST)
        for before, after in pairwise(states):
            if after not in _TRANSITIONS.get(before, ()):
                may_be = " or ".join(_TRANSITIONS.get(before, ())) or "the end of it"
                yield Breach("order", order, f"what follows {before} in its history", after, may_be)
        if states[-1] != state:
            yield Breach("order", order, "its state", state, f"{states[-1]}, by its history")


def cart_breaches(conn: sqlite3.Connection) -> Iterator[Breach]:
    """Every breach by which a cart's units may be in an order and also somewhere else."""
    for row in conn.execute(_CARTS):
        yield from _cart_of_order(row)
    for row in conn.execute(_CLOSES_WITHOUT_ORDER):
        yield _close(row, "its order", "nowhere", "in the order service")
    for row in conn.execute(_UNITS_LEFT):
        cart = f"cart of {row['user_id']}"
        what = f"what it holds of product {row['product_id']} from version {row['version']}"
        expected = f"none, as version {row['closed_at']} has become an order"
        yield Breach("cart", cart, what, str(row["quantity"]), expected)


def _cart_of_order(row: sqlite3.Row) -> Iterator[Breach]:
    state, may_be = row["cart_state"], _cart_states(row)
    if state not in may_be:
        yield order_breach(
            row, "its cart", state, f"{' or '.join(may_be)}, as its stock is {row['stock_state']}"
        )
    if row["same_version"] > 1 and state in ("OPEN", "DUE", "CLOSED"):
        found = f"that of {row['same_version'] - 1} more of {row['user_id']}'s orders"
        yield order_breach(row, f"its cart's version {row['cart_version']}", found, "its own alone")
    if row["not_closed"] > 1 and state in ("OPEN", "DUE"):
        found = (
            f"{state}, and so is that of {row['not_closed'] - 1} more of {row['user_id']}'s orders"
        )
        yield order_breach(row, "its cart", found, "the only one that is not closed")
    if row["closed"] is None:
        if state == "CLOSED":
            yield order_breach(row, "its cart", state, "closed in the cart service as well")
        return
    if state not in ("DUE", "CLOSED"):
        yield _close(row, "its order's cart", state, "DUE or CLOSED")
    closed, ordered = (row["closed_of"], row["closed_at"]), (row["user_id"], row["cart_version"])
    if closed != ordered:
        yield _close(row, "the cart", _version(*closed), _version(*ordered))
    if (
        state == "CLOSED"
        and not row["closed_at"] < (row["cart_left_version"] or 0) <= row["version_now"]
    ):
        expected = f"from {row['closed_at'] + 1} to {row['version_now']}, as the cart has it"
        yield order_breach(
            row, "the version its cart was left at", str(row["cart_left_version"]), expected
        )


def _cart_states(row: sqlite3.Row) -> tuple[str, ...]:
    if row["cart_version"] is None:
        return ("NONE",)
    if row["stock_state"] == "REQUESTED":
        return ("OPEN",)
    return ("DUE", "CLOSED") if row["was_held"] else ("FREE",)


def _version(user_id: str, version: int) -> str:
    return f"{user_id}'s at version {version}"


def _close(row: sqlite3.Row, what: str, found: str, expected: str) -> Breach:
    return Breach("cart", f"cart_closes {row['order_id']}", what, found, expected)
