"""Orders in SQL: reading them, placing them, and the one way in which a row's state changes."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence
from typing import Any

import msgspec

from services.common import wire
from services.common.clock import seconds_after
from services.common.errors import Conflict, Invalid
from services.common.idempotency import Key, begin, keep
from services.common.paging import Place, decode_cursor, encode_cursor
from services.common.refusal import Refusal

from .messages import OrderQuery
from .model import (
    MOVES,
    IllegalMove,
    Item,
    Order,
    OrderEvent,
    OrderView,
    State,
    no_such_order,
)


class Checkout(msgspec.Struct, frozen=True, kw_only=True):
    """An order about to be placed; `cart_version` is that of the cart it comes from, if any."""

    user_id: str
    items: Sequence[Item]
    expected_total_cents: int | None
    cart_version: int | None
    currency: str
    seconds_to_pay: float


class Placed(msgspec.Struct, frozen=True):
    """An order that a request placed, or found placed, and the status its success has."""

    order_id: str
    success: int


class StaleCart(Exception):
    """The cart has been closed since it was read; it is to be read again."""


def find_order(conn: sqlite3.Connection, order_id: str) -> Order | None:
    """One order, if it is there."""
    row = conn.execute("SELECT * FROM orders WHERE order_id = ?", (order_id,)).fetchone()
    return to_order(row) if row else None


def find_paid_by(conn: sqlite3.Connection, payment_id: str) -> Order | None:
    """The order that a payment has paid, if there is one."""
    row = conn.execute("SELECT * FROM orders WHERE payment_id = ?", (payment_id,)).fetchone()
    return to_order(row) if row else None


def get_order(conn: sqlite3.Connection, order_id: str) -> Order:
    """One order. Raises NotFound."""
    order = find_order(conn, order_id)
    if order is None:
        raise no_such_order(order_id)
    return order


def list_orders(conn: sqlite3.Connection, query: OrderQuery) -> tuple[list[OrderView], str | None]:
    """One page of orders, newest first, and the cursor of the next page if there is one."""
    conditions, values = ["1 = 1"], list[Any]()
    for column, wanted in (("user_id", query.user_id), ("status", query.status)):
        if wanted is not None:
            conditions.append(f"{column} = ?")
            values.append(wanted)
    if query.after is not None:
        conditions.append("number < ?")
        values.append(decode_cursor(query.after, Place))
    rows = conn.execute(
        f"SELECT * FROM orders WHERE {' AND '.join(conditions)}"  # noqa: S608
        " ORDER BY number DESC LIMIT ?",
        (*values, query.limit + 1),
    ).fetchall()
    page = rows[: query.limit]
    after = encode_cursor(page[-1]["number"]) if len(rows) > query.limit else None
    return [to_order(row).view() for row in page], after


def list_events(conn: sqlite3.Connection, order_id: str) -> list[OrderEvent]:
    """Every state that an order was in, oldest first."""
    rows = conn.execute(
        "SELECT status, stock_state, cause, at FROM order_events WHERE order_id = ? ORDER BY id",
        (order_id,),
    )
    return [OrderEvent(**row) for row in rows]


def place_order(
    conn: sqlite3.Connection, checkout: Checkout, key: Key | None, now: str, request_id: str
) -> Placed:
    """Write an order down as CREATED, its stock REQUESTED, and point the key to it.

    A cart's version that has become an order is that order again. Raises Invalid (`cart_empty`),
    Conflict (`order_pending`) while another order's cart is not closed yet, and StaleCart.
    """
    if checkout.cart_version is not None:
        same = _order_of_cart(conn, checkout.user_id, checkout.cart_version)
        if same is not None:
            if same.stock_state == "REQUESTED":
                begin(conn, key, same.order_id, success=200)
            else:
                keep(conn, key, same.checkout_answer(200, request_id))
            return Placed(same.order_id, 200)
        _require_closed_carts(conn, checkout.user_id, checkout.cart_version)
        if not checkout.items:
            raise Invalid("The cart is empty", code="cart_empty")
    order_id = str(uuid.uuid4())
    conn.execute(
        "INSERT INTO orders (order_id, user_id, status, stock_state, items, expected_total_cents,"
        " currency, cart_version, cart_state, expires_at, created_at, updated_at)"
        " VALUES (?, ?, 'CREATED', 'REQUESTED', ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order_id,
            checkout.user_id,
            wire.encode(checkout.items).decode(),
            checkout.expected_total_cents,
            checkout.currency,
            checkout.cart_version,
            "NONE" if checkout.cart_version is None else "OPEN",
            seconds_after(now, checkout.seconds_to_pay),
            now,
            now,
        ),
    )
    _record(conn, order_id, ("CREATED", "REQUESTED"), "placed", now)
    begin(conn, key, order_id, success=201)
    return Placed(order_id, 201)


def change(
    conn: sqlite3.Connection,
    /,
    order: Order,
    state: State,
    cause: str,
    now: str,
    **columns: str | int | None,
) -> Order | None:
    """Move an order from the state it was read in to another, with a line in its history.

    Returns the order as it is then, or None if it had moved on in the meantime. Raises
    IllegalMove for a move that no order makes.
    """
    if (order.state, state) not in MOVES:
        raise IllegalMove(f"{order.order_id}: {order.state} to {state}")
    named = "".join(f", {name} = ?" for name in columns)
    row = conn.execute(
        f"UPDATE orders SET status = ?, stock_state = ?, updated_at = ?{named}"  # noqa: S608
        " WHERE order_id = ? AND status = ? AND stock_state = ? RETURNING *",
        (*state, now, *columns.values(), order.order_id, *order.state),
    ).fetchone()
    if row is None:
        return None
    _record(conn, order.order_id, state, cause, now)
    return to_order(row)


def mark_cart_closed(conn: sqlite3.Connection, order_id: str, left_version: int, now: str) -> None:
    """The order's cart no longer holds what was ordered; its version is `left_version`."""
    conn.execute(
        "UPDATE orders SET cart_state = 'CLOSED', cart_left_version = ?, updated_at = ?"
        " WHERE order_id = ? AND cart_state = 'DUE'",
        (left_version, now, order_id),
    )


def due_orders(conn: sqlite3.Connection, now: str, may_expire: bool) -> list[str]:
    """The orders with something to do, oldest first; those past their deadline if `may_expire`."""
    rows = conn.execute(
        "SELECT order_id, number FROM orders"
        " WHERE stock_state IN ('REQUESTED', 'COMMIT_DUE', 'RELEASE_DUE', 'RETURN_DUE')"
        " UNION SELECT order_id, number FROM orders WHERE cart_state = 'DUE'"
        " UNION SELECT order_id, number FROM orders"
        "  WHERE status = 'CREATED' AND expires_at <= ? AND ?"
        " ORDER BY number LIMIT 10000",
        (now, may_expire),
    )
    return [row["order_id"] for row in rows]


def to_order(row: sqlite3.Row) -> Order:
    """A row of `orders`."""
    refusal = row["refusal"]
    return Order(
        items=msgspec.json.decode(row["items"], type=list[Item]),
        refusal=None if refusal is None else wire.build(wire.parse_json(refusal), Refusal),
        **{name: row[name] for name in _PLAIN_COLUMNS},
    )


_PLAIN_COLUMNS = tuple(name for name in Order.__struct_fields__ if name not in ("items", "refusal"))


def _record(conn: sqlite3.Connection, order_id: str, state: State, cause: str, now: str) -> None:
    conn.execute(
        "INSERT INTO order_events (order_id, status, stock_state, cause, at)"
        " VALUES (?, ?, ?, ?, ?)",
        (order_id, *state, cause, now),
    )


def _order_of_cart(conn: sqlite3.Connection, user_id: str, version: int) -> Order | None:
    row = conn.execute(
        "SELECT * FROM orders WHERE user_id = ? AND cart_version = ?"
        " AND cart_state IN ('OPEN', 'DUE', 'CLOSED')",
        (user_id, version),
    ).fetchone()
    return to_order(row) if row else None


def _require_closed_carts(conn: sqlite3.Connection, user_id: str, version: int) -> None:
    pending = conn.execute(
        "SELECT order_id FROM orders WHERE user_id = ? AND cart_state IN ('OPEN', 'DUE')",
        (user_id,),
    ).fetchone()
    if pending is not None:
        raise Conflict(
            f"Order {pending['order_id']} is still taking its lines out of this cart",
            code="order_pending",
            about={"order_id": pending["order_id"]},
        )
    (left,) = conn.execute(
        "SELECT max(cart_left_version) FROM orders WHERE user_id = ? AND cart_state = 'CLOSED'",
        (user_id,),
    ).fetchone()
    if left is not None and version < left:
        raise StaleCart
