"""What goes over the wire to and from the payment service, and how a payment is shown. No I/O."""

from __future__ import annotations

import msgspec

from services.common.core.money import Amount, Money
from services.common.core.wire import Uuid
from services.common.web.paging import Page
from services.common.web.responses import StoredResponse

from .model import ORDER_STATUS, Payment, Status


class NewPayment(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An order to pay, and the total that the payer expects."""

    order_id: Uuid
    amount: Amount


class PaymentQuery(Page, forbid_unknown_fields=True, kw_only=True):
    """Filters and page of the list of payments."""

    order_id: Uuid | None = None
    status: Status | None = None


class PaymentView(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as it is shown; `reason` is the code of the rejection if it failed."""

    payment_id: str
    order_id: str
    user_id: str | None
    amount: Amount
    currency: str
    status: Status
    reason: str | None
    refunded_amount: Money
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, payment: Payment) -> PaymentView:
        """The view of a payment."""
        return cls(
            payment_id=payment.payment_id,
            order_id=payment.order_id,
            user_id=payment.user_id,
            amount=Amount(payment.amount_minor, payment.currency),
            currency=payment.currency.code,
            status=payment.status,
            reason=payment.rejection.code if payment.rejection else None,
            refunded_amount=Money(payment.refunded_minor, payment.currency),
            created_at=payment.created_at,
            updated_at=payment.updated_at,
        )


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The response to a payment request; `order_status` is null while it is not known."""

    payment_id: str
    order_id: str
    amount: Amount
    currency: str
    status: Status
    order_status: str | None

    @classmethod
    def of(cls, payment: Payment) -> Receipt:
        """The receipt of a payment."""
        return cls(
            payment_id=payment.payment_id,
            order_id=payment.order_id,
            amount=Amount(payment.amount_minor, payment.currency),
            currency=payment.currency.code,
            status=payment.status,
            order_status=ORDER_STATUS.get(payment.status),
        )


def pay_response(payment: Payment, request_id: str) -> StoredResponse:
    """The response to the request to pay, by the payment's state; 202 is not final."""
    if payment.rejection is not None:
        problem = payment.rejection.problem(order_id=payment.order_id)
        return StoredResponse.of_problem(problem, request_id)
    return StoredResponse.of(Receipt.of(payment), 202 if payment.status == "PENDING" else 200)


def refund_response(payment: Payment) -> StoredResponse:
    """The response to the request to refund, by the payment's state; 202 is not final."""
    return StoredResponse.of(PaymentView.of(payment), 202 if payment.status == "REFUNDING" else 200)
