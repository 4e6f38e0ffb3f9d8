"""Units of work that change reservations and with them the stock. Each stock movement is one
statement and one entry in the ledger. No clock moves stock.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from services.common.core import wire
from services.common.core.clock import hours_before
from services.common.core.currency import Currency, currency_of
from services.common.core.errors import Conflict
from services.common.core.rejection import Rejection, read_rejection
from services.common.storage.transition import StateMachine, transition

from . import store
from .messages import HeldLine, NewReservation, Reservation, ReservationState
from .model import (
    FORGOTTEN_HOURS,
    NEXT_STATES,
    REJECTED_ACTIONS,
    STOCK_MOVEMENTS,
    TOMBSTONES,
    TRANSITIONS,
    ReservationAction,
    held_lines,
    rejection_of,
    reservation_not_found,
    total_of,
)

RESERVATIONS = StateMachine("reservations", "order_id", ("state",), TRANSITIONS)


def reserve_stock(
    conn: sqlite3.Connection, order_id: str, wanted: NewReservation, currency: Currency, now: str
) -> Reservation | Rejection:
    """Hold everything that an order wants, or nothing. A rejection is returned and not raised,
    because it has to be stored.

    A repeat returns the same. Raises Conflict if the reservation is closed (`reservation_closed`)
    or is one of other lines (`reservation_mismatch`).
    """
    known = store.find_reservation(conn, order_id)
    if known is not None:
        return _repeated(conn, known, wanted)
    request = wire.encode(wanted).decode()
    offers = store.read_offers(conn, wanted)
    if rejection := rejection_of(wanted, offers, currency):
        text = wire.encode(rejection).decode()
        _add(conn, order_id, "REJECTED", currency, now, request=request, rejection=text)
        return rejection
    total = total_of(wanted, offers, currency)
    _add(conn, order_id, "HELD", currency, now, request=request, total=total)
    lines = held_lines(wanted, offers)
    conn.executemany(
        "INSERT INTO reservation_lines (order_id, product_id, sku, name, price_minor, quantity)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (order_id, line.product_id, line.sku, line.name, int(line.price), line.quantity)
            for line in lines
        ],
    )
    _move_stock(conn, order_id, "hold", lines, (-1, 1, 0), now)
    return Reservation(
        order_id=order_id,
        state="HELD",
        lines=lines,
        total_amount=total,
        currency=currency.code,
    )


def change_reservation(
    conn: sqlite3.Connection, order_id: str, action: ReservationAction, currency: Currency, now: str
) -> Reservation:
    """Commit, release or return what an order holds. A repeat has no further effect.

    Raises NotFound (`reservation_not_found`) for a commit without a reservation, and Conflict with
    the codes of REJECTED_ACTIONS.
    """
    row = store.find_reservation(conn, order_id)
    if row is None:
        if action not in TOMBSTONES:
            raise reservation_not_found(order_id)
        _add(conn, order_id, TOMBSTONES[action], currency, now)
        return store.get_reservation(conn, order_id)
    state: ReservationState = row["state"]
    if code := REJECTED_ACTIONS.get((state, action)):
        raise _state_conflict(order_id, state, code)
    target = NEXT_STATES.get((state, action))
    if target is None:
        return store.to_reservation(conn, row)
    row = transition(conn, RESERVATIONS, order_id, (state,), (target,), now)
    changed = store.to_reservation(conn, row)
    _move_stock(conn, order_id, action, changed.lines, STOCK_MOVEMENTS[state, target], now)
    return changed


def forget_rejected_reservations(conn: sqlite3.Connection, now: str, limit: int) -> int:
    """Delete reservations that were rejected FORGOTTEN_HOURS ago, up to `limit`; returns how many.
    They never held anything. The schema keeps all others.
    """
    return conn.execute(
        "DELETE FROM reservations WHERE order_id IN (SELECT order_id FROM reservations"
        " INDEXED BY reservations_rejected"
        " WHERE state = 'REJECTED' AND updated_at < ? ORDER BY updated_at LIMIT ?)",
        (hours_before(now, FORGOTTEN_HOURS), limit),
    ).rowcount


def _repeated(
    conn: sqlite3.Connection, row: sqlite3.Row, wanted: NewReservation
) -> Reservation | Rejection:
    order_id = row["order_id"]
    if row["state"] in TOMBSTONES.values():
        raise _state_conflict(order_id, row["state"], "reservation_closed")
    currency = currency_of(row["currency"])
    if wire.build(wire.parse_json(row["request"]), NewReservation, currency) != wanted:
        raise Conflict(
            f"Order {order_id} has a reservation of other lines",
            code="reservation_mismatch",
            extensions={"order_id": order_id},
        )
    if row["state"] == "REJECTED":
        return read_rejection(row["rejection"])
    return store.to_reservation(conn, row)


def _state_conflict(order_id: str, state: ReservationState, code: str) -> Conflict:
    return Conflict(
        f"The reservation of order {order_id} is {state}",
        code=code,
        extensions={"order_id": order_id},
    )


def _add(
    conn: sqlite3.Connection,
    order_id: str,
    state: ReservationState,
    currency: Currency,
    now: str,
    *,
    request: str | None = None,
    rejection: str | None = None,
    total: int = 0,
) -> None:
    conn.execute(
        "INSERT INTO reservations (order_id, state, request, rejection, total_minor, currency,"
        " created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (order_id, state, request, rejection, int(total), currency.code, now, now),
    )


def _move_stock(
    conn: sqlite3.Connection,
    order_id: str,
    movement: str,
    lines: Sequence[HeldLine],
    units: tuple[int, int, int],
    now: str,
) -> None:
    """Make one stock movement for each line: its units between available, reserved and sold."""
    moves = [(line.product_id, *(change * line.quantity for change in units)) for line in lines]
    conn.executemany(
        "UPDATE products SET available = available + ?, reserved = reserved + ?, sold = sold + ?,"
        " updated_at = ? WHERE id = ?",
        [(*changes, now, product_id) for product_id, *changes in moves],
    )
    conn.executemany(
        "INSERT INTO stock_ledger"
        " (product_id, order_id, movement, available, reserved, sold, reason, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (product_id, order_id, movement, *changes, f"order {order_id}", now)
            for product_id, *changes in moves
        ],
    )
