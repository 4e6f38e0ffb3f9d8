"""Promises 2 and 3 of services/README.md: an order has one live payment at most, and money and
orders say the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from .breach import Breach, amount_text, order_breach

_PAYMENTS_OF = {
    "PAID": ("COMPLETED", "PENDING", "REFUNDING"),
    "REFUNDED": ("REFUNDED", "REFUNDING"),
}
"""The possible statuses of an order's payment: the first finally, the others while in flight."""

_ORDER_OF = {"COMPLETED": "PAID", "REFUNDING": "PAID", "REFUNDED": "REFUNDED"}
"""The order's status that follows from a payment's status."""

_LIVE = """
SELECT payment_id, order_id, status, count(*) OVER (PARTITION BY order_id) AS together
  FROM payments.payments WHERE status IN ('PENDING', 'COMPLETED', 'REFUNDING') ORDER BY number
"""
_PAID_ORDERS = """
SELECT o.order_id, o.status, o.payment_id, o.total_minor, o.currency, o.user_id,
       p.order_id AS pays, p.status AS payment_status, p.amount_minor, p.currency AS paid_in,
       p.user_id AS payer
  FROM orders.orders AS o LEFT JOIN payments.payments AS p ON p.payment_id = o.payment_id
 WHERE o.status IN ('PAID', 'REFUNDED') OR o.payment_id IS NOT NULL ORDER BY o.number
"""
_PAYMENTS_WITHOUT_THEIR_ORDER = """
SELECT p.payment_id, p.order_id, p.status, o.status AS order_status, o.payment_id AS paid_by
  FROM payments.payments AS p LEFT JOIN orders.orders AS o ON o.order_id = p.order_id
 WHERE p.status IN ('COMPLETED', 'REFUNDING', 'REFUNDED') AND o.payment_id IS NOT p.payment_id
 ORDER BY p.number
"""
_REFUNDS = """
SELECT payment_id, status, currency, refunded_minor, amount_minor * (status = 'REFUNDED') AS due
  FROM payments.payments WHERE refunded_minor <> amount_minor * (status = 'REFUNDED')
 ORDER BY number
"""


def money_breaches(conn: sqlite3.Connection) -> Iterator[Breach]:
    """Every breach in payments, and in the payments of orders."""
    for row in conn.execute(_LIVE):
        if row["together"] > 1:
            found = f"{row['status']} beside {row['together'] - 1} more of order {row['order_id']}"
            expected = "the only one that is PENDING, COMPLETED or REFUNDING"
            yield _payment(row, "its status", found, expected)
    for row in conn.execute(_PAID_ORDERS):
        yield from _paid_order(row)
    for row in conn.execute(_PAYMENTS_WITHOUT_THEIR_ORDER):
        paid_by = f"by payment {row['paid_by']}" if row["paid_by"] else "by no payment"
        found = f"{row['order_status']} {paid_by}" if row["order_status"] else "nowhere"
        expected = f"{_ORDER_OF[row['status']]} by it, as it is {row['status']}"
        yield _payment(row, f"its order {row['order_id']}", found, expected)
    for row in conn.execute(_REFUNDS):
        found, due = (amount_text(row[name], row["currency"]) for name in ("refunded_minor", "due"))
        yield _payment(row, "what was refunded", found, f"{due}, as it is {row['status']}")


def _paid_order(row: sqlite3.Row) -> Iterator[Breach]:
    payment_id = row["payment_id"]
    its = f"its payment {payment_id}"
    may_be = _PAYMENTS_OF.get(row["status"])
    if may_be is None:
        yield order_breach(row, "its payment", payment_id, f"none, as it is {row['status']}")
    elif payment_id is None:
        yield order_breach(row, "its payment", "none", f"one, as it is {row['status']}")
    elif row["payment_status"] is None:
        yield order_breach(row, its, "nowhere", may_be[0])
    elif row["pays"] != row["order_id"]:
        yield order_breach(row, its, f"for order {row['pays']}", "for this one")
    else:
        if row["payment_status"] not in may_be:
            expected = f"{may_be[0]}, as the order is {row['status']}"
            yield order_breach(row, its, row["payment_status"], expected)
        yield from _same_money(row, its)


def _same_money(row: sqlite3.Row, its: str) -> Iterator[Breach]:
    paid = f"{amount_text(row['amount_minor'], row['paid_in'])} {row['paid_in']}"
    total = "not known"
    if row["total_minor"] is not None:
        total = f"{amount_text(row['total_minor'], row['currency'])} {row['currency']}"
    if paid != total:
        yield order_breach(row, its, f"of {paid}", f"of {total}")
    # A payment by the operator has no customer until it is completed.
    nobody_yet = row["payer"] is None and row["payment_status"] == "PENDING"
    if row["payer"] != row["user_id"] and not nobody_yet:
        payer = row["payer"] or "nobody"
        yield order_breach(row, f"the customer of {its}", payer, str(row["user_id"]))


def _payment(row: sqlite3.Row, what: str, found: str, expected: str) -> Breach:
    return Breach("payment", f"payment {row['payment_id']}", what, found, expected)
