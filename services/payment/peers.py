"""The payment service's calls to the order service.

Only a definite answer settles anything: a success, or a rejection with a code that
services/README.md lists, and with our ids. For any other answer Inconclusive is raised, and the
call is made again.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from aiohttp import web

from client.errors import ShopError
from services.common.core.rejection import Rejection
from services.common.durable.peers import ask, definite_rejection
from services.common.durable.recovery import Inconclusive

from .model import Payment

REJECTIONS = frozenset(
    {
        (404, "order_not_found"),
        (422, "amount_mismatch"),
        (409, "order_closed"),
        (409, "already_paid"),
    }
)
"""The order service's rejections that make a payment FAILED."""


class PaymentConfirmation(msgspec.Struct, frozen=True):
    """The order is paid by this payment."""

    order_id: str
    payment_id: str
    user_id: str
    status: Literal["PAID", "REFUNDED"]


class RefundConfirmation(msgspec.Struct, frozen=True):
    """The order is refunded."""

    order_id: str
    payment_id: str
    status: Literal["REFUNDED"]


class Peers:
    """The calls of the payment service."""

    def __init__(self, app: web.Application) -> None:
        self._app = app

    async def notify_payment(self, payment: Payment) -> PaymentConfirmation | Rejection:
        """Notify the order that this payment pays it. Raises Inconclusive."""
        notification = {
            "payment_id": payment.payment_id,
            "amount": payment.currency.major(payment.amount_minor),
            "user_id": payment.user_id,
        }
        path = f"/orders/{payment.order_id}/payment"
        try:
            confirmation = await ask(
                self._app, PaymentConfirmation, "order", "POST", path, body=notification
            )
        except ShopError as error:
            return definite_rejection(error, REJECTIONS, **payment.ids)
        _require_ours(payment, confirmation)
        return confirmation

    async def notify_refund(self, payment: Payment) -> None:
        """Notify the order that its payment is being refunded. Raises Inconclusive."""
        notification = {"payment_id": payment.payment_id}
        path = f"/orders/{payment.order_id}/refund"
        try:
            confirmation = await ask(
                self._app, RefundConfirmation, "order", "POST", path, body=notification
            )
        except ShopError as error:
            raise Inconclusive(str(error)) from None
        _require_ours(payment, confirmation)


def _require_ours(payment: Payment, answer: PaymentConfirmation | RefundConfirmation) -> None:
    if {"order_id": answer.order_id, "payment_id": answer.payment_id} != payment.ids:
        raise Inconclusive("the order service answered for another payment")
