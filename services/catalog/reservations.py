"""Reservations in SQL: what an order holds. Stock moves in one statement, and never by a clock."""

from __future__ import annotations

import sqlite3

from services.common import wire
from services.common.errors import Conflict, NotFound
from services.common.money import Money, Price
from services.common.refusal import Refusal

from .reservation_rules import (
    MOVES,
    REFUSED_MOVES,
    TOMBSTONES,
    UNITS_MOVED,
    Goods,
    HeldLine,
    Move,
    Reservation,
    Shelf,
    State,
    Wanted,
    total_of,
    why_not,
)


def hold(
    conn: sqlite3.Connection, order_id: str, wanted: Wanted, currency: str, now: str
) -> Reservation | Refusal:
    """Hold all that an order wants, or nothing. A refusal is kept too, so it is returned.

    Repeated: the same answer. Raises Conflict when the reservation is closed
    (`reservation_closed`) or stands for other lines (`reservation_mismatch`).
    """
    request = wire.encode(wanted).decode()
    known = _find(conn, order_id)
    if known is not None:
        return _repeated(conn, known, request)
    shelf = _shelf(conn, wanted)
    if refusal := why_not(wanted, shelf):
        text = wire.encode(refusal).decode()
        _open(conn, order_id, "REJECTED", currency, now, request=request, refusal=text)
        return refusal
    total = total_of(wanted, shelf)
    _open(conn, order_id, "HELD", currency, now, request=request, total=total)
    for line in wanted.lines:
        goods = shelf[line.product_id]
        conn.execute(
            "INSERT INTO reservation_lines (order_id, product_id, sku, name, price_cents, quantity)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (order_id, line.product_id, goods.sku, goods.name, int(goods.price), line.quantity),
        )
        _move_units(conn, order_id, line.product_id, "hold", (-1, 1, 0), line.quantity, now)
    return get_reservation(conn, order_id)


def move(
    conn: sqlite3.Connection, order_id: str, move: Move, currency: str, now: str
) -> Reservation:
    """Commit, release or return what an order holds. Repeated: no further effect.

    Raises NotFound (`reservation_not_found`) for a commit of nothing, and Conflict as the table
    of moves has it.
    """
    row = _find(conn, order_id)
    if row is None:
        if move not in TOMBSTONES:
            raise no_such_reservation(order_id)
        _open(conn, order_id, TOMBSTONES[move], currency, now)
        return get_reservation(conn, order_id)
    state: State = row["state"]
    if code := REFUSED_MOVES.get((state, move)):
        raise _is_already(order_id, state, code)
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
    row = _find(conn, order_id)
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


def _find(conn: sqlite3.Connection, order_id: str) -> sqlite3.Row | None:
    row: sqlite3.Row | None = conn.execute(
        "SELECT * FROM reservations WHERE order_id = ?", (order_id,)
    ).fetchone()
    return row


def _repeated(conn: sqlite3.Connection, row: sqlite3.Row, request: str) -> Reservation | Refusal:
    order_id = row["order_id"]
    if row["state"] in TOMBSTONES.values():
        raise _is_already(order_id, row["state"], "reservation_closed")
    if row["request"] != request:
        raise Conflict(
            f"Order {order_id} has a reservation of other lines",
            code="reservation_mismatch",
            about={"order_id": order_id},
        )
    if row["state"] == "REJECTED":
        return wire.build(wire.parse_json(row["refusal"]), Refusal)
    return get_reservation(conn, order_id)


def _is_already(order_id: str, state: State, code: str) -> Conflict:
    return Conflict(
        f"The reservation of order {order_id} is {state}", code=code, about={"order_id": order_id}
    )


def _shelf(conn: sqlite3.Connection, wanted: Wanted) -> Shelf:
    ids = [line.product_id for line in wanted.lines]
    places = ", ".join("?" * len(ids))
    rows = conn.execute(
        f"SELECT * FROM products WHERE deleted_at IS NULL AND id IN ({places})",  # noqa: S608
        ids,
    )
    return {
        row["id"]: Goods(row["sku"], row["name"], Price(row["price_cents"]), row["available"])
        for row in rows
    }


def _open(
    conn: sqlite3.Connection,
    order_id: str,
    state: State,
    currency: str,
    now: str,
    *,
    request: str | None = None,
    refusal: str | None = None,
    total: int = 0,
) -> None:
    conn.execute(
        "INSERT INTO reservations (order_id, state, request, refusal, total_cents, currency,"
        " created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (order_id, state, request, refusal, int(total), currency, now, now),
    )


def _lines(conn: sqlite3.Connection, order_id: str) -> list[HeldLine]:
    rows = conn.execute(
        "SELECT * FROM reservation_lines WHERE order_id = ? ORDER BY product_id", (order_id,)
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
