"""What happens to an order: each a unit of work that reads the row, decides, and writes it.

An answer of a peer is written only over the state that the question was asked in; when the row
has moved on in the meantime, the answer is dropped.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from services.common import wire
from services.common.errors import Conflict, Invalid, Unavailable
from services.common.idempotency import settle
from services.common.money import decimal_text
from services.common.refusal import Refusal

from .messages import Noticed, OrderPayment
from .model import Item, Order, closed, no_such_order
from .store import change, find_order, find_paid_by, get_order


def hold(
    conn: sqlite3.Connection,
    order: Order,
    items: Sequence[Item],
    total_cents: int,
    now: str,
    request_id: str,
) -> None:
    """The catalog holds the stock: names, prices and total are known, and the cart is to close."""
    held = change(
        conn,
        order,
        ("CREATED", "HELD"),
        "stock held",
        now,
        items=wire.encode(items).decode(),
        total_cents=total_cents,
        cart_state="DUE" if order.cart_state == "OPEN" else order.cart_state,
    )
    _settle_checkout(conn, held, request_id)


def reject(
    conn: sqlite3.Connection, order: Order, refusal: Refusal, now: str, request_id: str
) -> None:
    """The catalog has refused: nothing is held, and the cart's version is free again."""
    rejected = change(
        conn,
        order,
        ("REJECTED", "NONE"),
        refusal.code,
        now,
        reason=refusal.code,
        refusal=wire.encode(refusal).decode(),
        cart_state=_freed(order),
    )
    _settle_checkout(conn, rejected, request_id)


def cancel(
    conn: sqlite3.Connection, order_id: str, reason: str, now: str, request_id: str
) -> Order:
    """Cancel an order that is not paid. Repeated: the same.

    Raises NotFound, Conflict (`order_not_cancellable`).
    """
    order = get_order(conn, order_id)
    if order.status == "CANCELLED":
        return order
    if order.status != "CREATED":
        raise Conflict(
            f"Order {order_id} is {order.status}; it cannot be cancelled",
            code="order_not_cancellable",
            about={"order_id": order_id},
        )
    before_held = order.stock_state == "REQUESTED"
    cancelled = change(
        conn,
        order,
        ("CANCELLED", "RELEASE_DUE"),
        reason,
        now,
        reason=reason,
        cart_state=_freed(order) if before_held else order.cart_state,
    )
    assert cancelled is not None, "read in this transaction"  # noqa: S101
    if before_held:
        _settle_checkout(conn, cancelled, request_id)
    return cancelled


def expire(conn: sqlite3.Connection, order_id: str, now: str, request_id: str) -> None:
    """Cancel an order that was not paid in time, if it still is not."""
    order = get_order(conn, order_id)
    if order.status == "CREATED" and order.expires_at <= now:
        cancel(conn, order_id, "expired", now, request_id)


def pay(conn: sqlite3.Connection, payment: OrderPayment, now: str) -> Noticed:
    """Make an order PAID by a payment. Repeated by the same one: the same.

    Raises NotFound (`order_not_found`), Unavailable (`order_not_ready`), Invalid
    (`amount_mismatch`), Conflict (`order_closed`, `already_paid`; `no_payment` for a payment that
    has paid another order).
    """
    order_id, payment_id = payment.order_id, payment.payment_id
    named = {"order_id": order_id, "payment_id": payment_id}
    order = find_order(conn, order_id)
    if order is None or payment.user_id not in (None, order.user_id):
        raise no_such_order(order_id, payment_id=payment_id)
    if order.status in ("PAID", "REFUNDED"):
        if order.payment_id != payment_id:
            raise Conflict(
                f"Order {order_id} is paid by another payment", code="already_paid", about=named
            )
        return _noticed(order)
    if order.status != "CREATED":
        raise closed(order, payment_id=payment_id)
    if order.stock_state == "REQUESTED":
        raise Unavailable(f"Order {order_id} has no stock held yet", code="order_not_ready")
    if order.total_cents != payment.amount:
        raise Invalid(
            f"Order {order_id} is {decimal_text(order.total_cents or 0)},"
            f" not {decimal_text(payment.amount)}",
            code="amount_mismatch",
            about=named,
        )
    if find_paid_by(conn, payment_id) is not None:
        raise Conflict(f"Payment {payment_id} is of another order", code="no_payment", about=named)
    paid = change(conn, order, ("PAID", "COMMIT_DUE"), "paid", now, payment_id=payment_id)
    assert paid is not None, "read in this transaction"  # noqa: S101
    return _noticed(paid)


def refund(conn: sqlite3.Connection, order_id: str, payment_id: str, now: str) -> Order:
    """Make an order REFUNDED, by the payment that paid it. Repeated: the same.

    Raises NotFound (`order_not_found`), Conflict (`order_not_refundable`).
    """
    order = get_order(conn, order_id)
    if order.payment_id != payment_id:
        raise Conflict(
            f"Order {order_id} is {order.status}, and not by payment {payment_id}",
            code="order_not_refundable",
            about={"order_id": order_id, "payment_id": payment_id},
        )
    if order.status == "REFUNDED":
        return order
    refunded = change(conn, order, ("REFUNDED", "RETURN_DUE"), "refunded", now)
    assert refunded is not None, "read in this transaction"  # noqa: S101
    return refunded


def _noticed(order: Order) -> Noticed:
    assert order.payment_id is not None, "the schema has it so"  # noqa: S101
    return Noticed(
        order_id=order.order_id,
        status=order.status,
        payment_id=order.payment_id,
        user_id=order.user_id,
    )


def _freed(order: Order) -> str:
    """The cart's state once an order from it has come to nothing before its stock was held."""
    return "FREE" if order.cart_state == "OPEN" else order.cart_state


def _settle_checkout(conn: sqlite3.Connection, order: Order | None, request_id: str) -> None:
    """Store the final answer for the requests that placed the order, if it has just got one."""
    if order is not None:
        settle(conn, order.order_id, lambda success: order.checkout_answer(success, request_id))
