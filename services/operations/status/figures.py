"""How a shop's databases stand, in figures: their rows, what is in flight, and what the purge will
take next.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.common.core.clock import seconds_after
from services.common.web.idempotency_keys import LIFETIME_HOURS

from ..audit.report import read_figures
from ..audit.stock import ORDER_KEPT_HOURS, RESERVATION_KEPT_HOURS
from ..databases import AUDITED

CART_KEPT_HOURS = 365 * 24
_TABLES: Mapping[str, Sequence[str]] = {
    "carts": ("cart", "cart_lines", "cart_closes", "idempotency_keys"),
    "products": ("products", "reservations", "stock_ledger", "idempotency_keys"),
    "orders": ("orders", "order_events", "idempotency_keys"),
    "payments": ("payments", "idempotency_keys"),
}
_GOES = (
    *(
        (
            f"{service}: idempotency keys",
            f"{name}.idempotency_keys WHERE status IS NOT NULL",  # the others are in flight
            "created_at",
            LIFETIME_HOURS,
        )
        for name, service in AUDITED.items()
    ),
    (
        "order: rejected orders",
        "orders.orders WHERE status = 'REJECTED'",
        "updated_at",
        ORDER_KEPT_HOURS,
    ),
    (
        "catalog: rejected reservations",
        "products.reservations WHERE state = 'REJECTED'",
        "updated_at",
        RESERVATION_KEPT_HOURS,
    ),
    ("cart: empty carts", "carts.cart WHERE lines = 0", "updated_at", CART_KEPT_HOURS),
)


@dataclass(frozen=True, slots=True)
class Purge:
    """A kind of rows that do not stay: how many there are, the oldest, and when that one goes."""

    what: str
    rows: int
    oldest: str
    goes: str


@dataclass(frozen=True, slots=True)
class Status:
    """How the four databases stand: of each the rows of its tables, and the bytes in its file that
    are free; what is in flight, in words, with the time since when; and what will be purged.
    """

    rows: Mapping[str, Mapping[str, int]]
    free: Mapping[str, int]
    in_flight: Sequence[str]
    purges: Sequence[Purge]


def read_status(conn: sqlite3.Connection, now: str) -> Status:
    """How the attached databases stand; `now` tells which orders are past their deadline."""
    return Status(
        rows={
            name: {table: _one(conn, f"SELECT count(*) FROM {name}.{table}") for table in tables}  # noqa: S608
            for name, tables in _TABLES.items()
        },
        free={
            name: _one(conn, f"PRAGMA {name}.freelist_count")
            * _one(conn, f"PRAGMA {name}.page_size")
            for name in _TABLES
        },
        in_flight=read_figures(conn, now).in_flight,
        purges=[purge for each in _GOES if (purge := _purge(conn, *each))],
    )


def _purge(
    conn: sqlite3.Connection, what: str, rows: str, since: str, hours: float
) -> Purge | None:
    count, oldest = conn.execute(f"SELECT count(*), min({since}) FROM {rows}").fetchone()  # noqa: S608
    return Purge(what, count, oldest, seconds_after(oldest, hours * 3600)) if count else None


def _one(conn: sqlite3.Connection, query: str) -> int:
    return int(conn.execute(query).fetchone()[0])
