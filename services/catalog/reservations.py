"""Reservations in SQL: what an order holds. Stock moves in one statement, and never by a clock."""

from __future__ import annotations

import sqlite3
from typing import Any

from services.common import wire
from services.common.errors import Conflict, Invalid, NotFound, Problem
from services.common.money import Money, Price, decimal_text

from .model import (
    MOVES,
    REFUSED_MOVES,
    UNITS_MOVED,
    HeldLine,
    Move,
    Refusal,
    Reservation,
    Wanted,
)
from .store import no_such_product

_PROBLEMS: dict[int, type[Problem]] = {404: NotFound, 409: Conflict, 422: Invalid}


def hold(
    conn: sqlite3.Connection, order_id: str, wanted: Wanted, currency: str, now: str
) -> Reservation | Refusal:
    """Hold all that an order wants, or nothing. A refusal is kept too, so it is returned.

    Repeated: the same answer. Raises Conflict when the reservation is closed
    (`reservation_closed`) or stands for other lines (`reservation_mismatch`).
    """
    request = wire.encode(wanted).decode()
    known = conn.execute("SELECT * FROM reservations WHERE order_id = ?", (order_id,)).fetchone()
    if known is not None:
        return _repeated(conn, known, request)
    rows = _products(conn, wanted)
    refusal = _refusal(wanted, rows)
    total = (
        sum(rows[line.product_id]["price_cents"] * line.quantity for line in wanted.lines)
        if refusal is None
        else 0
    )
    conn.execute(
        "INSERT INTO reservations (order_id, state, request, refusal, total_cents, currency,"
        " created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order_id,
            "HELD" if refusal is None else "REJECTED",
            request,
            None if refusal is None else wire.encode(refusal).decode(),
            total,
            currency,
            now,
            now,
        ),
    )
    if refusal is not None:
        return refusal
    for line in wanted.lines:
        row = rows[line.product_id]
        conn.execute(
            "INSERT INTO reservation_lines (order_id, product_id, sku, name, price_cents, quantity)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (order_id, row["id"], row["sku"], row["name"], row["price_cents"], line.quantity),
        )
        _move_units(conn, order_id, row["id"], "hold", (-1, 1, 0), line.quantity, now)
    return get_reservation(conn, order_id)


def move(
    conn: sqlite3.Connection, order_id: str, move: Move, currency: str, now: str
) -> Reservation:
    """Commit, release or return what an order holds. Repeated: no further effect.

    Releasing or returning what was never held leaves a closed reservation behind, so that a hold
    that comes late finds it. Raises NotFound (`reservation_not_found`) for a commit of nothing,
    and Conflict as the table of moves has it.
    """
    row = conn.execute("SELECT * FROM reservations WHERE order_id = ?", (order_id,)).fetchone()
    if row is None:
        if move == "commit":
            raise no_such_reservation(order_id)
        conn.execute(
            "INSERT INTO reservations (order_id, state, currency, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (order_id, "RELEASED" if move == "release" else "RETURNED", currency, now, now),
        )
        return get_reservation(conn, order_id)
    state: str = row["state"]
    if code := REFUSED_MOVES.get((state, move)):
        raise Conflict(
            f"The reservation of order {order_id} is {state}",
            code=code,
            about={"order_id": order_id},
        )
    if target := MOVES.get((state, move)):
        conn.execute(
            "UPDATE reservations SET state = ?, updated_at = ? WHERE order_id = ?",
            (target, now, order_id),
        )
        for line in _lines(conn, order_id):
            units = UNITS_MOVED[state, target]
            _move_units(conn, order_id, line.product_id, move, units, line.quantity, now)
    return get_reservation(conn, order_id)


def get_reservation(conn: sqlite3.Connection, order_id: str) -> Reservation:
    """The reservation of an order. Raises NotFound."""
    row = conn.execute("SELECT * FROM reservations WHERE order_id = ?", (order_id,)).fetchone()
    if row is None:
        raise no_such_reservation(order_id)
    return Reservation(
        order_id=order_id,
        state=row["state"],
        lines=_lines(conn, order_id),
        total_amount=Money(row["total_cents"]),
        currency=row["currency"],
    )


def no_such_reservation(order_id: str) -> NotFound:
    """The refusal for an order that the catalog has never heard of."""
    return NotFound(
        f"There is no reservation of order {order_id}",
        code="reservation_not_found",
        about={"order_id": order_id},
    )


def as_problem(refusal: Refusal, order_id: str) -> Problem:
    """A kept refusal, to be raised; it names the order."""
    problem = _PROBLEMS[refusal.status]
    return problem(
        refusal.detail, code=refusal.code, errors=refusal.errors, about={"order_id": order_id}
    )


def _repeated(conn: sqlite3.Connection, row: sqlite3.Row, request: str) -> Reservation | Refusal:
    order_id = row["order_id"]
    if row["state"] in ("RELEASED", "RETURNED"):
        raise Conflict(
            f"The reservation of order {order_id} is {row['state']}",
            code="reservation_closed",
            about={"order_id": order_id},
        )
    if row["request"] != request:
        raise Conflict(
            f"Order {order_id} has a reservation of other lines",
            code="reservation_mismatch",
            about={"order_id": order_id},
        )
    if row["state"] == "REJECTED":
        return wire.build(wire.parse_json(row["refusal"]), Refusal)
    return get_reservation(conn, order_id)


def _products(conn: sqlite3.Connection, wanted: Wanted) -> dict[int, sqlite3.Row]:
    ids = [line.product_id for line in wanted.lines]
    places = ", ".join("?" * len(ids))
    rows = conn.execute(
        f"SELECT * FROM products WHERE deleted_at IS NULL AND id IN ({places})",  # noqa: S608
        ids,
    )
    return {row["id"]: row for row in rows}


def _refusal(wanted: Wanted, rows: dict[int, sqlite3.Row]) -> Refusal | None:
    """Why this cannot be held as it is wanted, or None."""
    missing = [line.product_id for line in wanted.lines if line.product_id not in rows]
    if missing:
        return Refusal(
            status=404,
            code="product_not_found",
            detail=no_such_product(missing[0]).detail,
            errors=[{"product_id": product_id} for product_id in missing],
        )
    changed: list[dict[str, Any]] = [
        {
            "product_id": line.product_id,
            "expected": Price(line.price),
            "price": Price(rows[line.product_id]["price_cents"]),
        }
        for line in wanted.lines
        if line.price is not None and line.price != rows[line.product_id]["price_cents"]
    ]
    total = sum(rows[line.product_id]["price_cents"] * line.quantity for line in wanted.lines)
    if changed or wanted.expected_total not in (None, total):
        if wanted.expected_total not in (None, total):
            changed.append({"expected_total": wanted.expected_total, "total_amount": Money(total)})
        return Refusal(
            status=409,
            code="price_changed",
            detail=f"Prices have changed; the total is {decimal_text(total)} now",
            errors=changed,
        )
    if total == 0:
        return Refusal(status=422, code="order_total_zero", detail="An order's total may not be 0")
    short = [
        {
            "product_id": line.product_id,
            "requested": line.quantity,
            "available": rows[line.product_id]["available"],
        }
        for line in wanted.lines
        if line.quantity > rows[line.product_id]["available"]
    ]
    if short:
        names = ", ".join(rows[line["product_id"]]["name"] for line in short)
        return Refusal(
            status=409,
            code="insufficient_stock",
            detail=f"There is not enough of {names}",
            errors=short,
        )
    return None


def _lines(conn: sqlite3.Connection, order_id: str) -> list[HeldLine]:
    rows = conn.execute(
        "SELECT * FROM reservation_lines WHERE order_id = ? ORDER BY rowid", (order_id,)
    )
    return [
        HeldLine(
            product_id=row["product_id"],
            sku=row["sku"],
            name=row["name"],
            price=Price(row["price_cents"]),
            quantity=row["quantity"],
        )
        for row in rows
    ]


def _move_units(
    conn: sqlite3.Connection,
    order_id: str,
    product_id: int,
    movement: str,
    direction: tuple[int, int, int],
    quantity: int,
    now: str,
) -> None:
    """Move units of a product between available, reserved and sold, and enter it in the ledger."""
    available, reserved, sold = (step * quantity for step in direction)
    conn.execute(
        "UPDATE products SET available = available + ?, reserved = reserved + ?, sold = sold + ?,"
        " updated_at = ? WHERE id = ?",
        (available, reserved, sold, now, product_id),
    )
    conn.execute(
        "INSERT INTO stock_ledger"
        " (product_id, order_id, movement, available, reserved, sold, reason, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (product_id, order_id, movement, available, reserved, sold, f"order {order_id}", now),
    )
