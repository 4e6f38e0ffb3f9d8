"""Payments of orders, and their refunds."""

from collections.abc import AsyncIterator

from .calls import Calls
from .models import Money, Page, Payment, PaymentReceipt, exact
from .wire import path_segment


class Payments:
    """Payments; see `ShopClient.payments`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def pay(
        self, order_id: str, amount: Money | None, *, idempotency_key: str | None = None
    ) -> PaymentReceipt:
        """Pay exactly the total of an order, and return the receipt.

        It is PENDING if the order service could not be reached by the deadline; the shop finishes
        the payment in the background. Raises NotFound `order_not_found`, InvalidRequest
        `amount_mismatch`, Conflict `order_closed`, `already_paid` or `payment_in_progress`.
        Raises ValueError for an `amount` of None, which is the total of an order while the
        catalog has not answered for it.
        """
        if amount is None:
            raise ValueError("An order without a total cannot be paid yet")
        answer = await self._calls.write(
            "payment",
            "POST",
            "/pay",
            json={"order_id": order_id, "amount": exact(amount)},
            idempotency_key=idempotency_key,
        )
        return answer.decode(PaymentReceipt)

    async def get(self, payment_id: str) -> Payment:
        """Return one payment. Raises NotFound `payment_not_found`."""
        return (await self._calls.read("payment", _path(payment_id))).decode(Payment)

    async def list(
        self,
        *,
        order_id: str | None = None,
        status: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[Payment]:
        """Return one page of payments, newest first: at most `limit` (1 to 1000, 100 if unset)."""
        query = {"order_id": order_id, "status": status, "limit": limit, "after": after}
        return await self._calls.page("payment", "/payments", list[Payment], query)

    def iter(
        self, *, order_id: str | None = None, status: str | None = None, limit: int | None = None
    ) -> AsyncIterator[Payment]:
        """Yield all such payments, newest first, in pages of `limit`."""
        query = {"order_id": order_id, "status": status, "limit": limit}
        return self._calls.iterate("payment", "/payments", list[Payment], query)

    async def refund(self, payment_id: str, *, idempotency_key: str | None = None) -> Payment:
        """Refund a COMPLETED payment in full and return it, REFUNDED. For operators.

        It is REFUNDING if a service could not be reached by the deadline; the shop finishes the
        refund in the background. Raises Conflict `payment_not_refundable`, NotFound
        `payment_not_found`.
        """
        answer = await self._calls.write(
            "payment", "POST", f"{_path(payment_id)}/refund", idempotency_key=idempotency_key
        )
        return answer.decode(Payment)


def _path(payment_id: str) -> str:
    return f"/payments/{path_segment(payment_id)}"
