"""Payments in SQL: reading them, and the one way in which a row's status changes."""

from __future__ import annotations

import sqlite3
import uuid
from typing import Any

from services.common import wire
from services.common.paging import Place, decode_cursor, encode_cursor
from services.common.refusal import Refusal

from .model import (
    MOVES,
    IllegalMove,
    Pay,
    Payment,
    PaymentQuery,
    PaymentRow,
    Status,
    no_such_payment,
)


def get_payment(conn: sqlite3.Connection, payment_id: str) -> PaymentRow:
    """One payment. Raises NotFound."""
    row = conn.execute("SELECT * FROM payments WHERE payment_id = ?", (payment_id,)).fetchone()
    if row is None:
        raise no_such_payment(payment_id)
    return to_payment(row)


def live_payment(conn: sqlite3.Connection, order_id: str) -> PaymentRow | None:
    """The payment of an order that is PENDING, COMPLETED or REFUNDING, if there is one."""
    row = conn.execute(
        "SELECT * FROM payments WHERE order_id = ?"
        " AND status IN ('PENDING', 'COMPLETED', 'REFUNDING')",
        (order_id,),
    ).fetchone()
    return to_payment(row) if row else None


def is_refunded(conn: sqlite3.Connection, order_id: str) -> bool:
    """Whether an order has a payment that was refunded."""
    row = conn.execute(
        "SELECT 1 FROM payments WHERE order_id = ? AND status = 'REFUNDED'", (order_id,)
    ).fetchone()
    return row is not None


def list_payments(
    conn: sqlite3.Connection, query: PaymentQuery, user_id: str | None
) -> tuple[list[Payment], str | None]:
    """One page of payments, newest first, of one user or of all, and the cursor of the next."""
    conditions, values = ["1 = 1"], list[Any]()
    filters = (("user_id", user_id), ("order_id", query.order_id), ("status", query.status))
    for column, wanted in filters:
        if wanted is not None:
            conditions.append(f"{column} = ?")
            values.append(wanted)
    if query.after is not None:
        conditions.append("number < ?")
        values.append(decode_cursor(query.after, Place))
    rows = conn.execute(
        f"SELECT * FROM payments WHERE {' AND '.join(conditions)}"  # noqa: S608
        " ORDER BY number DESC LIMIT ?",
        (*values, query.limit + 1),
    ).fetchall()
    page = rows[: query.limit]
    after = encode_cursor(page[-1]["number"]) if len(rows) > query.limit else None
    return [to_payment(row).view() for row in page], after


def add_payment(
    conn: sqlite3.Connection, pay: Pay, user_id: str | None, currency: str, now: str
) -> PaymentRow:
    """Write a payment down as PENDING."""
    row = conn.execute(
        "INSERT INTO payments"
        " (payment_id, order_id, user_id, amount_cents, currency, status, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, 'PENDING', ?, ?) RETURNING *",
        (str(uuid.uuid4()), pay.order_id, user_id, int(pay.amount), currency, now, now),
    ).fetchone()
    return to_payment(row)


def change(
    conn: sqlite3.Connection,
    /,
    payment: PaymentRow,
    status: Status,
    now: str,
    **columns: str | int | None,
) -> PaymentRow | None:
    """Move a payment from the status it was read in to another.

    Returns the payment as it is then, or None if it had moved on in the meantime. Raises
    IllegalMove for a move that no payment makes.
    """
    if (payment.status, status) not in MOVES:
        raise IllegalMove(f"{payment.payment_id}: {payment.status} to {status}")
    named = "".join(f", {name} = ?" for name in columns)
    row = conn.execute(
        f"UPDATE payments SET status = ?, updated_at = ?{named}"  # noqa: S608
        " WHERE payment_id = ? AND status = ? RETURNING *",
        (status, now, *columns.values(), payment.payment_id, payment.status),
    ).fetchone()
    return to_payment(row) if row else None


def due_payments(conn: sqlite3.Connection) -> list[str]:
    """The payments with something to do, oldest first."""
    rows = conn.execute(
        "SELECT payment_id FROM payments WHERE status IN ('PENDING', 'REFUNDING')"
        " ORDER BY number LIMIT 10000"
    )
    return [row["payment_id"] for row in rows]


def to_payment(row: sqlite3.Row) -> PaymentRow:
    """A row of `payments`."""
    refusal = row["refusal"]
    return PaymentRow(
        refusal=None if refusal is None else wire.build(wire.parse_json(refusal), Refusal),
        **{name: row[name] for name in PaymentRow.__struct_fields__ if name != "refusal"},
    )
