"""Payments of orders, and their refunds."""

from collections.abc import AsyncIterator

from .calls import Calls
from .models import Money, Page, Payment, PaymentReceipt, exact
from .wire import segment


class Payments:
    """Payments; see `ShopClient.payments`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def pay(
        self, order_id: str, amount: Money | None, *, idempotency_key: str | None = None
    ) -> PaymentReceipt:
        """Pay an order, at exactly its total, and return the receipt.

        PENDING when the order service could not be reached in time; the shop goes on with it.
        Raises NotFound `order_not_found`, InvalidRequest `amount_mismatch`, Conflict
        `order_closed`, `already_paid` or `payment_in_progress`; ValueError for an amount of None,
        which is the total of an order that the catalog has not answered for yet.
        """
        if amount is None:
            raise ValueError("An order without a total cannot be paid yet")
        answer = await self._calls.effect(
            "payment",
            "POST",
            "/pay",
            json={"order_id": order_id, "amount": exact(amount)},
            idempotency_key=idempotency_key,
        )
        return answer.decode(PaymentReceipt)

    async def get(self, payment_id: str) -> Payment:
        """Return one payment; raises NotFound."""
        return (await self._calls.read("payment", _path(payment_id))).decode(Payment)

    async def list(
        self,
        *,
        order_id: str | None = None,
        status: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[Payment]:
        """Return one page of payments; a customer sees their own."""
        query = {"order_id": order_id, "status": status, "limit": limit, "after": after}
        return await self._calls.page("payment", "/payments", list[Payment], query)

    def iter(
        self, *, order_id: str | None = None, status: str | None = None, limit: int | None = None
    ) -> AsyncIterator[Payment]:
        """Yield all such payments, asking for page after page of `limit`."""
        query = {"order_id": order_id, "status": status, "limit": limit}
        return self._calls.every("payment", "/payments", list[Payment], query)

    async def refund(self, payment_id: str, *, idempotency_key: str | None = None) -> Payment:
        """Give a COMPLETED payment back and return it REFUNDED (operator).

        REFUNDING when a peer could not be reached in time; the shop goes on with it. Raises
        Conflict `payment_not_refundable`.
        """
        answer = await self._calls.effect(
            "payment", "POST", f"{_path(payment_id)}/refund", idempotency_key=idempotency_key
        )
        return answer.decode(Payment)


def _path(payment_id: str) -> str:
    return f"/payments/{segment(payment_id)}"
