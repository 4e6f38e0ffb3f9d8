"""Orders: placed from a cart or from lines, read, and cancelled."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from .calls import Calls
from .models import (
    Hold,
    Money,
    Order,
    OrderEvent,
    OrderLine,
    Page,
    Receipt,
    ReceiptLink,
    exact,
)
from .wire import path_segment

_Events = list[OrderEvent]


class Orders:
    """Every user's orders; see `ShopClient.orders`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def create(
        self,
        user_id: str,
        items: Iterable[OrderLine] | None = None,
        *,
        expected_total: Money | None = None,
        idempotency_key: str | None = None,
    ) -> Order:
        """Order these lines, or the user's cart if there are none, and return the order.

        Its stock is held for it. `expected_total` is the total that the buyer saw; at any other
        total the order is rejected. Raises Conflict `insufficient_stock`, `price_changed` or
        `order_pending`, NotFound `product_not_found`, InvalidRequest `cart_empty`. If the catalog
        has not answered by the deadline, the order comes back without a total, and the shop
        finishes it in the background.
        """
        body: dict[str, Any] = {"user_id": user_id}
        if items is not None:
            body["items"] = [_line(each) for each in items]
        if expected_total is not None:
            body["expected_total"] = exact(expected_total)
        answer = await self._calls.write(
            "order", "POST", "/orders", json=body, idempotency_key=idempotency_key
        )
        return answer.decode(Order)

    async def get(self, order_id: str) -> Order:
        """Return one order. Raises NotFound `order_not_found`."""
        return (await self._calls.read("order", _path(order_id))).decode(Order)

    async def list(
        self,
        *,
        user_id: str | None = None,
        status: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[Order]:
        """Return one page of orders, newest first: at most `limit` (1 to 1000, 100 if unset)."""
        query = {"user_id": user_id, "status": status, "limit": limit, "after": after}
        return await self._calls.page("order", "/orders", list[Order], query)

    def iter(
        self, *, user_id: str | None = None, status: str | None = None, limit: int | None = None
    ) -> AsyncIterator[Order]:
        """Yield all such orders, newest first, in pages of `limit`."""
        query = {"user_id": user_id, "status": status, "limit": limit}
        return self._calls.iterate("order", "/orders", list[Order], query)

    async def events(self, order_id: str) -> _Events:
        """Return every state the order was in, oldest first. Raises NotFound `order_not_found`."""
        return (await self._calls.read("order", f"{_path(order_id)}/events")).decode(_Events)

    async def holds(
        self, *, by: str = "user_id", limit: int | None = None, after: str | None = None
    ) -> Page[Hold]:
        """Return one page of who holds stock with unpaid orders, most units first.

        `by` is "user_id" or "network": an address, or with IPv6 a /64 network.
        """
        query = {"by": by, "limit": limit, "after": after}
        return await self._calls.page("order", "/holds", list[Hold], query)

    async def cancel(self, order_id: str, *, idempotency_key: str | None = None) -> Order:
        """Cancel an unpaid order and return it; its stock is on sale again.

        Raises Conflict `order_not_cancellable`, NotFound `order_not_found`.
        """
        answer = await self._calls.write(
            "order", "POST", f"{_path(order_id)}/cancel", idempotency_key=idempotency_key
        )
        return answer.decode(Order)

    async def make_receipt_link(self, order_id: str) -> ReceiptLink:
        """Make the link of an order's receipt, and end the one that was made before.

        Raises Conflict `receipt_revoked`, NotFound `order_not_found`.
        """
        answer = await self._calls.write("order", "POST", _receipt_of(order_id))
        return answer.decode(ReceiptLink)

    async def revoke_receipt_link(self, order_id: str) -> None:
        """End the link of an order's receipt. Its customer makes no other. Raises NotFound
        `order_not_found`.
        """
        await self._calls.write("order", "DELETE", _receipt_of(order_id))

    async def receipt(self, token: str) -> Receipt:
        """Return the receipt to which a link leads. Raises NotFound `receipt_not_found`."""
        return (await self._calls.read("order", f"/receipts/{path_segment(token)}")).decode(Receipt)


def _receipt_of(order_id: str) -> str:
    return f"{_path(order_id)}/receipt"


def _path(order_id: str) -> str:
    return f"/orders/{path_segment(order_id)}"


def _line(line: OrderLine) -> dict[str, Any]:
    body: dict[str, Any] = {"product_id": line.product_id, "quantity": line.quantity}
    if line.price is not None:
        body["price"] = exact(line.price)
    return body
