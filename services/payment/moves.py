"""What happens to a payment: each a unit of work that reads the row, decides, and writes it."""

from __future__ import annotations

import sqlite3

from services.common import wire
from services.common.errors import Conflict, Invalid, NotFound
from services.common.idempotency import Key, begin, keep, settle
from services.common.money import decimal_text
from services.common.refusal import Refusal

from .model import Pay, PaymentRow
from .store import add_payment, change, get_payment, is_refunded, live_payment


class StillPending(Exception):
    """The order has another payment that is PENDING; it goes first."""

    def __init__(self, payment: PaymentRow) -> None:
        super().__init__(payment.payment_id)
        self.payment_id = payment.payment_id


def begin_payment(
    conn: sqlite3.Connection,
    pay: Pay,
    user_id: str | None,
    key: Key | None,
    currency: str,
    now: str,
) -> PaymentRow:
    """A new payment of an order, or without a key the live one it has.

    `user_id` is the customer who pays; None for the operator. Raises StillPending while another
    payment is under way; NotFound (`order_not_found`) where the live one is another customer's;
    Conflict (`already_paid`), Invalid (`amount_mismatch`) where the order is paid.
    """
    live = live_payment(conn, pay.order_id)
    if live is None:
        payment = add_payment(conn, pay, user_id, currency, now)
        begin(conn, key, payment.payment_id, success=200)
        return payment
    same_amount = live.amount_cents == pay.amount
    same_user = user_id in (None, live.user_id)
    if live.status == "PENDING" and (key is not None or not same_amount or not same_user):
        raise StillPending(live)
    if not same_user:  # and past PENDING the order service has said whose it is
        raise NotFound(
            f"There is no order {pay.order_id}",
            code="order_not_found",
            about={"order_id": pay.order_id},
        )
    if key is not None:
        raise Conflict(
            f"Order {pay.order_id} is paid already",
            code="already_paid",
            about={"order_id": pay.order_id},
        )
    if not same_amount:
        raise Invalid(
            f"Order {pay.order_id} was paid with {decimal_text(live.amount_cents)}",
            code="amount_mismatch",
            about={"order_id": pay.order_id},
        )
    return live


def complete(
    conn: sqlite3.Connection, payment: PaymentRow, user_id: str, now: str, request_id: str
) -> None:
    """The order is PAID by this payment."""
    completed = change(conn, payment, "COMPLETED", now, user_id=payment.user_id or user_id)
    _settle_pay(conn, completed, request_id)


def fail(
    conn: sqlite3.Connection, payment: PaymentRow, refusal: Refusal, now: str, request_id: str
) -> None:
    """The order will not be paid by this payment.

    Where one that was refunded since has paid it, the payer is told that the order is closed.
    """
    if refusal.code == "already_paid" and is_refunded(conn, payment.order_id):
        detail = f"Order {payment.order_id} is REFUNDED"
        refusal = Refusal(status=409, code="order_closed", detail=detail)
    failed = change(conn, payment, "FAILED", now, refusal=wire.encode(refusal).decode())
    _settle_pay(conn, failed, request_id)


def begin_refund(
    conn: sqlite3.Connection, payment_id: str, key: Key | None, now: str
) -> PaymentRow:
    """Begin to refund a COMPLETED payment; one that is begun, or through, as it stands.

    Raises NotFound, Conflict (`payment_not_refundable`).
    """
    payment = get_payment(conn, payment_id)
    if payment.status == "COMPLETED":
        refunding = change(conn, payment, "REFUNDING", now)
        assert refunding is not None, "read in this transaction"  # noqa: S101
        payment = refunding
    if payment.status == "REFUNDING":
        begin(conn, key, payment_id, success=200)
        return payment
    if payment.status == "REFUNDED":
        keep(conn, key, payment.refund_answer())
        return payment
    raise Conflict(
        f"Payment {payment_id} is {payment.status}; only a COMPLETED one can be refunded",
        code="payment_not_refundable",
        about={"payment_id": payment_id},
    )


def finish_refund(conn: sqlite3.Connection, payment: PaymentRow, now: str) -> None:
    """The order is REFUNDED: the money is back."""
    refunded = change(conn, payment, "REFUNDED", now, refunded_cents=payment.amount_cents)
    if refunded is not None:
        settle(conn, payment.payment_id, lambda _success: refunded.refund_answer())


def _settle_pay(conn: sqlite3.Connection, payment: PaymentRow | None, request_id: str) -> None:
    if payment is not None:
        settle(conn, payment.payment_id, lambda _success: payment.pay_answer(request_id))
