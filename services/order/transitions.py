"""Units of work that change an order: they read the row, decide, and write it.

A peer's answer is written only if the row is still in the state in which the peer was asked. If the
row has left that state, StaleState is raised and the answer is dropped.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Sequence

from services.common.core import wire
from services.common.core.clock import hours_before, seconds_after
from services.common.core.errors import Conflict, Invalid
from services.common.core.rejection import Rejection
from services.common.storage.transition import StateMachine, transition
from services.common.web.idempotency_keys import IdempotencyKey, begin, keep, settle

from . import store
from .messages import checkout_response
from .model import (
    FORGOTTEN_HOURS,
    TRANSITIONS,
    Bound,
    CartState,
    Checkout,
    Item,
    Order,
    OrderPayment,
    Placement,
    StaleCart,
    State,
    StockState,
    order_not_found,
    require_address_room,
    require_customer_room,
    require_payable,
)

ORDERS = StateMachine("orders", "order_id", ("status", "stock_state"), TRANSITIONS)


def place_order(
    conn: sqlite3.Connection,
    checkout: Checkout,
    key: IdempotencyKey | None,
    now: str,
    request_id: str,
) -> Placement:
    """Store an order as CREATED with its stock REQUESTED, and point the key to it.

    If this version of the cart has already become an order, that order is returned. Raises Invalid
    (`cart_empty`); Conflict (`order_pending`) while an earlier order of the user has not closed its
    cart; StaleCart; what `require_customer_room` and `require_address_room` raise.
    """
    if checkout.cart_version is not None:
        same = store.find_of_cart(conn, checkout.user_id, checkout.cart_version)
        if same is not None:
            return _find_again(conn, same, key, request_id)
        _require_closed_carts(conn, checkout.user_id, checkout.cart_version)
        if not checkout.items:
            raise Invalid("The cart is empty", code="cart_empty")
    _require_room(conn, checkout)
    order_id = str(uuid.uuid4())
    conn.execute(
        "INSERT INTO orders (order_id, user_id, status, stock_state, items, units, network,"
        " expected_total_minor, currency, minor_per_major, cart_version, cart_state, expires_at,"
        " created_at, updated_at)"
        " VALUES (?, ?, 'CREATED', 'REQUESTED', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            order_id,
            checkout.user_id,
            wire.encode(checkout.items).decode(),
            checkout.units,
            checkout.network,
            checkout.expected_total_minor,
            checkout.currency.code,
            checkout.currency.minor_per_major,
            checkout.cart_version,
            "NONE" if checkout.cart_version is None else "OPEN",
            seconds_after(now, checkout.seconds_to_pay),
            now,
            now,
        ),
    )
    _record_event(conn, order_id, ("CREATED", "REQUESTED"), "placed", now)
    begin(conn, key, order_id, created=True)
    return Placement(order_id, created=True)


def hold_stock(
    conn: sqlite3.Connection,
    order: Order,
    items: Sequence[Item],
    total_minor: int,
    now: str,
    request_id: str,
) -> None:
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
    settle(conn, held.order_id, checkout_response(held, request_id))


def reject_order(
    conn: sqlite3.Connection, order: Order, rejection: Rejection, now: str, request_id: str
) -> None:
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
    settle(conn, rejected.order_id, checkout_response(rejected, request_id))


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
        settle(conn, order_id, checkout_response(cancelled, request_id))
    return cancelled


def expire_order(conn: sqlite3.Connection, order_id: str, now: str, request_id: str) -> bool:
    """Cancel an order if it is past its deadline and still not paid; returns whether it was."""
    order = store.get_order(conn, order_id)
    if order.status == "CREATED" and order.expires_at <= now:
        cancel_order(conn, order_id, "expired", now, request_id)
        return True
    return False


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
    if store.find_paid_by(conn, payment.payment_id) is not None:
        raise Conflict(
            f"Payment {payment.payment_id} is of another order",
            code="no_payment",
            extensions=payment.ids,
        )
    return _change(conn, order, ("PAID", "COMMIT_DUE"), "paid", now, payment_id=payment.payment_id)


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
) -> None:
    """The catalog has committed, released or returned what the order held."""
    _change(conn, order, (order.status, stock_state), cause, now)


def mark_cart_closed(conn: sqlite3.Connection, order_id: str, left_version: int, now: str) -> None:
    """The ordered units are out of the cart, whose version is now `left_version`."""
    conn.execute(
        "UPDATE orders SET cart_state = 'CLOSED', cart_left_version = ?, updated_at = ?"
        " WHERE order_id = ? AND cart_state = 'DUE'",
        (left_version, now, order_id),
    )


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


def _find_again(
    conn: sqlite3.Connection, order: Order, key: IdempotencyKey | None, request_id: str
) -> Placement:
    """The placement of a request whose version of the cart has already become `order`."""
    if order.stock_state == "REQUESTED":
        begin(conn, key, order.order_id)
    else:
        keep(conn, key, checkout_response(order, request_id, created=False))
    return Placement(order.order_id, created=False)


def _require_closed_carts(conn: sqlite3.Connection, user_id: str, version: int) -> None:
    pending = store.find_with_open_cart(conn, user_id)
    if pending is not None:
        raise Conflict(
            f"Order {pending.order_id} is still taking its lines out of this cart",
            code="order_pending",
            extensions={"order_id": pending.order_id},
        )
    if version < store.last_left_version(conn, user_id):
        raise StaleCart


def _require_room(conn: sqlite3.Connection, checkout: Checkout) -> None:
    """Return if the customer, and the network that the session came from, may hold so much more."""
    if checkout.customer_bound != Bound():
        held = store.held_by_user(conn, checkout.user_id)
        require_customer_room(checkout.units, held, checkout.customer_bound)
    if checkout.network is not None and checkout.address_bound != Bound():
        held = store.held_from_network(conn, checkout.network)
        require_address_room(checkout.units, held, checkout.address_bound)


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
    _record_event(conn, order.order_id, state, cause, now)
    return store.to_order(row)


def _record_event(
    conn: sqlite3.Connection, order_id: str, state: State, cause: str, now: str
) -> None:
    conn.execute(
        "INSERT INTO order_events (order_id, status, stock_state, cause, at)"
        " VALUES (?, ?, ?, ?, ?)",
        (order_id, *state, cause, now),
    )
