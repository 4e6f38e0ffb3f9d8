"""Reads payments from SQL."""

from __future__ import annotations

import sqlite3

from services.common.core.currency import currency_of
from services.common.core.rejection import read_rejection
from services.common.web.paging import newest_first

from .messages import PaymentQuery, PaymentView
from .model import Payment, payment_not_found


def get_payment(conn: sqlite3.Connection, payment_id: str) -> Payment:
    """One payment. Raises NotFound."""
    row = conn.execute("SELECT * FROM payments WHERE payment_id = ?", (payment_id,)).fetchone()
    if row is None:
        raise payment_not_found(payment_id)
    return to_payment(row)


def find_live(conn: sqlite3.Connection, order_id: str) -> Payment | None:
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
) -> tuple[list[PaymentView], str | None]:
    """One page of payments, newest first, of one user or of all, and the cursor of the next."""
    return newest_first(
        conn,
        "payments",
        query,
        lambda row: PaymentView.of(to_payment(row)),
        user_id=user_id,
        order_id=query.order_id,
        status=query.status,
    )


def due_payments(conn: sqlite3.Connection) -> list[str]:
    """The payments with a step due, oldest first."""
    rows = conn.execute(
        "SELECT payment_id FROM payments WHERE status IN ('PENDING', 'REFUNDING')"
        " ORDER BY number LIMIT 10000"
    )
    return [row["payment_id"] for row in rows]


def to_payment(row: sqlite3.Row) -> Payment:
    """The payment in a row of `payments`."""
    rejection = row["rejection"]
    return Payment(
        payment_id=row["payment_id"],
        order_id=row["order_id"],
        user_id=row["user_id"],
        amount_minor=row["amount_minor"],
        currency=currency_of(row["currency"]),
        status=row["status"],
        rejection=None if rejection is None else read_rejection(rejection),
        refunded_minor=row["refunded_minor"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
