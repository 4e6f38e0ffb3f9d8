"""What an audit shows besides breaches: the shop in figures, and what is in flight."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape

from ..databases import AUDITED
from .breach import Breach, amount_text

_ORDERS = (
    "SELECT status, count(*) FROM orders.orders GROUP BY status ORDER BY count(*) DESC, status"
)
_PAYMENTS = _ORDERS.replace("orders.orders", "payments.payments")
_MONEY = """
SELECT currency, sum(amount_minor / 1000000), sum(amount_minor % 1000000),
       sum(refunded_minor / 1000000), sum(refunded_minor % 1000000) FROM payments.payments
 WHERE status IN ('COMPLETED', 'REFUNDING', 'REFUNDED') GROUP BY currency ORDER BY currency
"""
"""In two parts: 9224 of the largest payments together are more than an integer of SQLite."""
_UNITS = """
SELECT coalesce(sum(available), 0), coalesce(sum(reserved), 0), coalesce(sum(sold), 0)
  FROM products.products
"""
_IN_FLIGHT = """
SELECT 'order ' || status || ' ' || stock_state AS what, count(*), min(updated_at)
  FROM orders.orders
 WHERE stock_state IN ('REQUESTED', 'COMMIT_DUE', 'RELEASE_DUE', 'RETURN_DUE') GROUP BY 1
UNION ALL
SELECT 'order to expire', count(*), min(expires_at) FROM orders.orders
 WHERE status || ' ' || stock_state = 'CREATED HELD' AND expires_at <= :now HAVING count(*) > 0
UNION ALL
SELECT 'cart to close', count(*), min(updated_at) FROM orders.orders
 WHERE cart_state = 'DUE' HAVING count(*) > 0
UNION ALL
SELECT 'payment ' || status, count(*), min(updated_at) FROM payments.payments
 WHERE status IN ('PENDING', 'REFUNDING') GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """The shop in figures, as pairs of a name and a text, and what is in flight."""

    lines: Sequence[tuple[str, str]]
    in_flight: Sequence[str]


def read_figures(conn: sqlite3.Connection, now: str) -> Figures:
    """The figures of the attached databases; `now` decides which orders are past their deadline."""
    available, reserved, sold = conn.execute(_UNITS).fetchone()
    lines = [
        ("orders", _by_status(conn, _ORDERS)),
        ("payments", _by_status(conn, _PAYMENTS)),
        *(_money(row) for row in conn.execute(_MONEY)),
        ("units", f"{available} available, {reserved} reserved, {sold} sold"),
    ]
    rows = conn.execute(_IN_FLIGHT, {"now": now})
    return Figures(lines, [f"{count} {what}, since {since}" for what, count, since in rows])


def show(console: Console, figures: Figures, breaches: Sequence[Breach]) -> None:
    """Print the figures, what is in flight, and every breach by its service."""
    for name, text in figures.lines:
        console.print(f"[dim]{name:10}[/]  {escape(text)}")
    for text in figures.in_flight:
        console.print(f"[dim]{'in flight':10}[/]  {escape(text)}")
    for service in AUDITED.values():
        for breach in breaches:
            if breach.service == service:
                place = f"[bold red]{'WRONG':10}[/]  [bold]{service} service[/]"
                console.print(f"{place}, {escape(str(breach))}")


def _by_status(conn: sqlite3.Connection, query: str) -> str:
    counts = conn.execute(query).fetchall()
    total = sum(count for _, count in counts)
    by_status = ", ".join(f"{count} {status}" for status, count in counts)
    return f"{total}: {by_status}" if counts else "none"


def _money(row: sqlite3.Row) -> tuple[str, str]:
    code, millions_taken, rest_taken, millions_refunded, rest_refunded = row
    taken = millions_taken * 1_000_000 + rest_taken
    refunded = millions_refunded * 1_000_000 + rest_refunded
    parts = {"taken": taken, "refunded": refunded, "held": taken - refunded}
    text = ", ".join(f"{amount_text(minor, code)} {what}" for what, minor in parts.items())
    return (f"money {code}", text)
