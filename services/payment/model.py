"""The rules of payments: the row, its states and the transitions between them. No I/O."""

from __future__ import annotations

from typing import Literal

import msgspec

from services.common.core.currency import Currency
from services.common.core.errors import NotFound
from services.common.core.rejection import Rejection

Status = Literal["PENDING", "COMPLETED", "REFUNDING", "REFUNDED", "FAILED"]
State = tuple[Status]

TRANSITIONS: frozenset[tuple[State, State]] = frozenset(
    {
        (("PENDING",), ("COMPLETED",)),
        (("PENDING",), ("FAILED",)),
        (("COMPLETED",), ("REFUNDING",)),
        (("REFUNDING",), ("REFUNDED",)),
    }
)
"""Every transition that a payment can make."""

ORDER_STATUS: dict[Status, str] = {"COMPLETED": "PAID", "REFUNDED": "REFUNDED"}
"""The status of the order that follows from a payment's status, if one does."""


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment's row."""

    payment_id: str
    order_id: str
    user_id: str | None
    amount_minor: int
    currency: Currency
    status: Status
    rejection: Rejection | None
    refunded_minor: int
    created_at: str
    updated_at: str

    @property
    def ids(self) -> dict[str, str]:
        """The ids that a definite answer of the order service names."""
        return {"order_id": self.order_id, "payment_id": self.payment_id}


class StillPending(Exception):
    """The order has another payment that is PENDING and must be settled first."""

    def __init__(self, payment: Payment) -> None:
        super().__init__(payment.payment_id)
        self.payment_id = payment.payment_id


def payment_not_found(payment_id: str) -> NotFound:
    """The error for a payment that does not exist, or is somebody else's."""
    return NotFound(
        f"There is no payment {payment_id}",
        code="payment_not_found",
        extensions={"payment_id": payment_id},
    )


def order_not_found(order_id: str) -> NotFound:
    """The error for an order that is somebody else's."""
    return NotFound(
        f"There is no order {order_id}", code="order_not_found", extensions={"order_id": order_id}
    )
