"""Units of work that change an order: they read the row, decide, and write it.

A peer's answer is written only if the row is still in the state in which the peer was asked. If the
row has left that state, StaleState is raised and the answer is dropped.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from services.common.core import wire
from services.common.core.clock import hours_before
from services.common.core.errors import Conflict
from services.common.core.rejection import Rejection
from services.common.storage.transition import StaleState, StateMachine, transition
from services.common.web.idempotency_keys import settle
from services.common.web.responses import StoredResponse

from . import store
from .messages import checkout_response
from .model import (
    FORGOTTEN_HOURS,
    TRANSITIONS,
    CartState,
    Item,
    Order,
    OrderPayment,
    State,
    StockState,
    order_not_found,
    require_payable,
)

ORDERS = StateMachine("orders", "order_id", ("status", "stock_state"), TRANSITIONS)
Settled = tuple[Order, StoredResponse]
"""An order that the catalog has decided, and the final response that is kept for the keys that
waited.
"""


def hold_stock(
    conn: sqlite3.Connection,
    order: Order,
    items: Sequence[Item],
    total_minor: int,
    now: str,
    request_id: str,
) -> Settled:
    """The catalog holds the stock: store names, prices and total. The cart is due to be closed."""
    held = _change(
        conn,
        order,
        ("CREATED", "HELD"),
        "stock held",
        now,
        items=wire.encode(items).decode(),
        total_minor=total_minor,
        cart_state="DUE" if order.cart_state == "OPEN" else order.cart_state,
    )
    return _settled(conn, held, request_id)


def reject_order(
    conn: sqlite3.Connection, order: Order, rejection: Rejection, now: str, request_id: str
) -> Settled:
    """The catalog has rejected the order: nothing is held; the cart's version is free again."""
    rejected = _change(
        conn,
        order,
        ("REJECTED", "NONE"),
        rejection.code,
        now,
        reason=rejection.code,
        rejection=wire.encode(rejection).decode(),
        cart_state=_freed(order),
    )
    return _settled(conn, rejected, request_id)


def cancel_order(
    conn: sqlite3.Connection, order_id: str, reason: str, now: str, request_id: str
) -> Order:
    """Cancel an order that is not paid. A repeat returns the same.

    Raises NotFound, Conflict (`order_not_cancellable`).
    """
    order = store.get_order(conn, order_id)
    if order.status == "CANCELLED":
        return order
    if order.status != "CREATED":
        raise Conflict(
            f"Order {order_id} is {order.status}; it cannot be cancelled",
            code="order_not_cancellable",
            extensions={"order_id": order_id},
        )
    before_held = order.stock_state == "REQUESTED"
    cancelled = _change(
        conn,
        order,
        ("CANCELLED", "RELEASE_DUE"),
        reason,
        now,
        reason=reason,
        cart_state=_freed(order) if before_held else order.cart_state,
    )
    if before_held:
        _settled(conn, cancelled, request_id)
    return cancelled


def expire_order(
    conn: sqlite3.Connection, order_id: str, now: str, request_id: str
) -> Order | None:
    """Cancel an order if it is past its deadline and still not paid; returns it if it was."""
    order = store.get_order(conn, order_id)
    if order.status == "CREATED" and order.expires_at <= now:
        return cancel_order(conn, order_id, "expired", now, request_id)
    return None


def mark_paid(conn: sqlite3.Connection, payment: OrderPayment, now: str) -> Order:
    """Make an order PAID by a payment. A repeat with the same payment returns the same.

    Raises NotFound (`order_not_found`); what `require_payable` raises; Conflict (`no_payment`) for
    a payment that has paid another order.
    """
    order = store.find_order(conn, payment.order_id)
    if order is None or payment.user_id not in (None, order.user_id):
        raise order_not_found(payment.order_id, payment_id=payment.payment_id)
    if order.is_paid_by(payment):
        return order
    require_payable(order, payment)
    paid: State = ("PAID", "COMMIT_DUE")
    try:
        return _change(conn, order, paid, "paid", now, payment_id=payment.payment_id)
    except sqlite3.IntegrityError:
        if store.find_paid_by(conn, payment.payment_id) is None:
            raise
        raise Conflict(
            f"Payment {payment.payment_id} is of another order",
            code="no_payment",
            extensions=payment.ids,
        ) from None


def mark_refunded(conn: sqlite3.Connection, order_id: str, payment_id: str, now: str) -> Order:
    """Make an order REFUNDED, by the payment that paid it. A repeat returns the same.

    Raises NotFound (`order_not_found`), Conflict (`order_not_refundable`).
    """
    order = store.get_order(conn, order_id)
    if order.payment_id != payment_id:
        raise Conflict(
            f"Order {order_id} is {order.status}, and not by payment {payment_id}",
            code="order_not_refundable",
            extensions={"order_id": order_id, "payment_id": payment_id},
        )
    if order.status == "REFUNDED":
        return order
    return _change(conn, order, ("REFUNDED", "RETURN_DUE"), "refunded", now)


def finish_stock(
    conn: sqlite3.Connection, order: Order, stock_state: StockState, cause: str, now: str
) -> Order:
    """The catalog has committed, released or returned what the order held."""
    return _change(conn, order, (order.status, stock_state), cause, now)


def mark_cart_closed(conn: sqlite3.Connection, order_id: str, left_version: int, now: str) -> Order:
    """The ordered units are out of the cart, whose version is now `left_version`. Raises
    StaleState.
    """
    row = conn.execute(
        "UPDATE orders SET cart_state = 'CLOSED', cart_left_version = ?, updated_at = ?"
        " WHERE order_id = ? AND cart_state = 'DUE' RETURNING *",
        (left_version, now, order_id),
    ).fetchone()
    if row is None:
        raise StaleState(f"The cart of {order_id} is not DUE to be closed any more")
    return store.to_order(row)


def forget_rejected_orders(conn: sqlite3.Connection, now: str, limit: int) -> int:
    """Delete orders that were rejected FORGOTTEN_HOURS ago, up to `limit`, and with each its
    history; returns how many. Their keys are older and gone, and the schema keeps all other orders.
    """
    return conn.execute(
        "DELETE FROM orders WHERE number IN (SELECT number FROM orders"
        " INDEXED BY orders_rejected"
        " WHERE status = 'REJECTED' AND updated_at < ? ORDER BY updated_at LIMIT ?)",
        (hours_before(now, FORGOTTEN_HOURS), limit),
    ).rowcount


def _settled(conn: sqlite3.Connection, order: Order, request_id: str) -> Settled:
    response = checkout_response(order, request_id)
    settle(conn, order.order_id, response)
    return order, response


def _freed(order: Order) -> CartState:
    """The cart's state after its order has ended before its stock was held."""
    return "FREE" if order.cart_state == "OPEN" else order.cart_state


def _change(
    conn: sqlite3.Connection,
    order: Order,
    state: State,
    cause: str,
    now: str,
    **columns: str | int | None,
) -> Order:
    """Make a transition, and record it as an event. Raises StaleState, IllegalTransition."""
    if state[0] != "CREATED":
        columns["network"] = None
    row = transition(conn, ORDERS, order.order_id, order.state, state, now, **columns)
    record_event(conn, order.order_id, state, cause, now)
    return store.to_order(row)


def record_event(
    conn: sqlite3.Connection, order_id: str, state: State, cause: str, now: str
) -> None:
    """Add a state that an order has entered to its history."""
    conn.execute(
        "INSERT INTO order_events (order_id, status, stock_state, cause, at)"
        " VALUES (?, ?, ?, ?, ?)",
        (order_id, *state, cause, now),
    )
