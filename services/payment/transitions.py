"""Units of work that change a payment: they read the row, decide, and write it.

The order service's answer is written only if the row still has the status in which the service was
asked. If the row has left that status, StaleState is raised and the answer is dropped.
"""

from __future__ import annotations

import sqlite3
import uuid

from services.common.core import wire
from services.common.core.currency import Currency
from services.common.core.errors import Conflict, Invalid
from services.common.core.rejection import Rejection
from services.common.storage.transition import StateMachine, transition
from services.common.web.idempotency_keys import IdempotencyKey, begin, keep, settle
from services.common.web.responses import StoredResponse

from . import store
from .messages import NewPayment, pay_response, refund_response
from .model import TRANSITIONS, Payment, Status, StillPending, order_not_found

PAYMENTS = StateMachine("payments", "payment_id", ("status",), TRANSITIONS)
Settled = tuple[Payment, StoredResponse]
"""A payment that is settled, and the final response that is kept for the keys that waited."""


def begin_payment(
    conn: sqlite3.Connection,
    new: NewPayment,
    user_id: str | None,
    key: IdempotencyKey | None,
    currency: Currency,
    now: str,
) -> Payment:
    """Begin a payment of an order; without a key, return the order's live payment if it fits.

    `user_id` is the customer who pays, None for the operator. Raises StillPending while another
    payment of the order is PENDING; NotFound (`order_not_found`) if the live payment is another
    customer's; Conflict (`already_paid`) or Invalid (`amount_mismatch`) if the order is paid.
    """
    live = store.find_live(conn, new.order_id)
    if live is None:
        payment = _add(conn, new, user_id, currency, now)
        begin(conn, key, payment.payment_id)
        return payment
    same_amount = live.amount_minor == new.amount
    same_user = user_id in (None, live.user_id)
    if live.status == "PENDING" and (key is not None or not same_amount or not same_user):
        raise StillPending(live)
    if not same_user:  # after PENDING it is known whose order it is
        raise order_not_found(new.order_id)
    if key is not None:
        raise Conflict(
            f"Order {new.order_id} is paid already",
            code="already_paid",
            extensions={"order_id": new.order_id},
        )
    if not same_amount:
        raise Invalid(
            f"Order {new.order_id} was paid with {live.currency.text(live.amount_minor)}",
            code="amount_mismatch",
            extensions={"order_id": new.order_id},
        )
    return live


def complete_payment(
    conn: sqlite3.Connection, payment: Payment, user_id: str, now: str, request_id: str
) -> Settled:
    """The order is PAID by this payment: make it COMPLETED."""
    completed = _change(conn, payment, "COMPLETED", now, user_id=payment.user_id or user_id)
    return _settled(conn, completed, pay_response(completed, request_id))


def fail_payment(
    conn: sqlite3.Connection, payment: Payment, rejection: Rejection, now: str, request_id: str
) -> Settled:
    """The order service has rejected this payment: make it FAILED.

    If the order was paid by another payment that has been refunded since, the payer gets
    `order_closed` in place of `already_paid`.
    """
    if rejection.code == "already_paid" and store.is_refunded(conn, payment.order_id):
        detail = f"Order {payment.order_id} is REFUNDED"
        rejection = Rejection(status=409, code="order_closed", detail=detail)
    failed = _change(conn, payment, "FAILED", now, rejection=wire.encode(rejection).decode())
    return _settled(conn, failed, pay_response(failed, request_id))


def begin_refund(
    conn: sqlite3.Connection, payment_id: str, key: IdempotencyKey | None, now: str
) -> Payment:
    """Begin to refund a COMPLETED payment; a REFUNDING or REFUNDED one is returned as it is.

    Raises NotFound, Conflict (`payment_not_refundable`).
    """
    payment = store.get_payment(conn, payment_id)
    if payment.status == "COMPLETED":
        payment = _change(conn, payment, "REFUNDING", now)
    if payment.status == "REFUNDING":
        begin(conn, key, payment_id)
        return payment
    if payment.status == "REFUNDED":
        keep(conn, key, refund_response(payment))
        return payment
    raise Conflict(
        f"Payment {payment_id} is {payment.status}; only a COMPLETED one can be refunded",
        code="payment_not_refundable",
        extensions={"payment_id": payment_id},
    )


def finish_refund(conn: sqlite3.Connection, payment: Payment, now: str) -> Settled:
    """The order is REFUNDED: make the payment REFUNDED, too."""
    refunded = _change(conn, payment, "REFUNDED", now, refunded_minor=payment.amount_minor)
    return _settled(conn, refunded, refund_response(refunded))


def _settled(conn: sqlite3.Connection, payment: Payment, response: StoredResponse) -> Settled:
    settle(conn, payment.payment_id, response)
    return payment, response


def _add(
    conn: sqlite3.Connection, new: NewPayment, user_id: str | None, currency: Currency, now: str
) -> Payment:
    row = conn.execute(
        "INSERT INTO payments (payment_id, order_id, user_id, amount_minor, currency,"
        " minor_per_major, status, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, 'PENDING', ?, ?) RETURNING *",
        (
            str(uuid.uuid4()),
            new.order_id,
            user_id,
            int(new.amount),
            currency.code,
            currency.minor_per_major,
            now,
            now,
        ),
    ).fetchone()
    return store.to_payment(row)


def _change(
    conn: sqlite3.Connection, payment: Payment, status: Status, now: str, **columns: str | int
) -> Payment:
    """Make a transition. Raises StaleState, IllegalTransition."""
    before = (payment.status,)
    row = transition(conn, PAYMENTS, payment.payment_id, before, (status,), now, **columns)
    return store.to_payment(row)
