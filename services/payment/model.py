"""Payments: what is taken and given, the states and the moves between them. No I/O."""

from __future__ import annotations

from typing import Literal

import msgspec

from services.common.errors import NotFound
from services.common.idempotency import Answer
from services.common.money import Amount, Money
from services.common.paging import Page
from services.common.refusal import Refusal
from services.common.wire import Uuid

Status = Literal["PENDING", "COMPLETED", "REFUNDING", "REFUNDED", "FAILED"]

MOVES: frozenset[tuple[Status, Status]] = frozenset(
    {
        ("PENDING", "COMPLETED"),
        ("PENDING", "FAILED"),
        ("COMPLETED", "REFUNDING"),
        ("REFUNDING", "REFUNDED"),
    }
)
"""Every move a payment can make."""

ORDER_STATUS: dict[Status, str] = {"COMPLETED": "PAID", "REFUNDED": "REFUNDED"}
"""What a payment's status says of its order's, where it says anything."""


class IllegalMove(Exception):
    """A move that the table does not have: a mistake in the code, never an answer."""


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as it is shown; `reason` is the code it failed with."""

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


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to paying. `order_status` is null while it is not known."""

    payment_id: str
    order_id: str
    amount: Amount
    currency: str
    status: Status
    order_status: str | None


class PaymentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A payment's row."""

    payment_id: str
    order_id: str
    user_id: str | None
    amount_cents: int
    currency: str
    status: Status
    refusal: Refusal | None
    refunded_cents: int
    created_at: str
    updated_at: str

    def view(self) -> Payment:
        """As it is shown."""
        return Payment(
            payment_id=self.payment_id,
            order_id=self.order_id,
            user_id=self.user_id,
            amount=Amount(self.amount_cents),
            currency=self.currency,
            status=self.status,
            reason=self.refusal.code if self.refusal else None,
            refunded_amount=Money(self.refunded_cents),
            created_at=self.created_at,
            updated_at=self.updated_at,
        )

    def pay_answer(self, request_id: str) -> Answer:
        """What the request to pay is answered, as the row stands; 202 is not final."""
        if self.refusal is not None:
            return Answer.refusal(self.refusal.problem(order_id=self.order_id), request_id)
        receipt = Receipt(
            payment_id=self.payment_id,
            order_id=self.order_id,
            amount=Amount(self.amount_cents),
            currency=self.currency,
            status=self.status,
            order_status=ORDER_STATUS.get(self.status),
        )
        return Answer.of(receipt, 202 if self.status == "PENDING" else 200)

    def refund_answer(self) -> Answer:
        """What the request to refund is answered, as the row stands; 202 is not final."""
        return Answer.of(self.view(), 202 if self.status == "REFUNDING" else 200)


class Pay(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An order to pay, and what the payer takes its total to be."""

    order_id: Uuid
    amount: Amount


class PaymentQuery(Page, forbid_unknown_fields=True, kw_only=True):
    """Filters and page of the list of payments."""

    order_id: Uuid | None = None
    status: Status | None = None


def no_such_payment(payment_id: str) -> NotFound:
    """The refusal for a payment that is not there, or is somebody else's."""
    return NotFound(
        f"There is no payment {payment_id}",
        code="payment_not_found",
        about={"payment_id": payment_id},
    )
