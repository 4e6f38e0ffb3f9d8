"""Orders: made from a cart or from lines, watched, cancelled."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from .calls import Calls
from .models import Money, Order, OrderEvent, OrderLine, Page, exact
from .wire import segment

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
        """Order these lines, or without any the user's cart, and return the order, stock held.

        `expected_total` is what the buyer saw, and the order fails at any other. Raises
        Conflict `insufficient_stock`, `price_changed` or `order_pending`, NotFound
        `product_not_found`, InvalidRequest `cart_empty`. An order that the catalog has not yet
        answered for when the time is over has no total; the shop goes on with it.
        """
        body: dict[str, Any] = {"user_id": user_id}
        if items is not None:
            body["items"] = [_line(each) for each in items]
        if expected_total is not None:
            body["expected_total"] = exact(expected_total)
        answer = await self._calls.effect(
            "order", "POST", "/orders", json=body, idempotency_key=idempotency_key
        )
        return answer.decode(Order)

    async def get(self, order_id: str) -> Order:
        """Return one order; raises NotFound."""
        return (await self._calls.read("order", _path(order_id))).decode(Order)

    async def list(
        self,
        *,
        user_id: str | None = None,
        status: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[Order]:
        """Return one page of orders, newest first; a customer sees their own."""
        query = {"user_id": user_id, "status": status, "limit": limit, "after": after}
        return await self._calls.page("order", "/orders", list[Order], query)

    def iter(
        self, *, user_id: str | None = None, status: str | None = None, limit: int | None = None
    ) -> AsyncIterator[Order]:
        """Yield all such orders, newest first, asking for page after page of `limit`."""
        query = {"user_id": user_id, "status": status, "limit": limit}
        return self._calls.every("order", "/orders", list[Order], query)

    async def events(self, order_id: str) -> _Events:
        """Return every state that the order was in, oldest first."""
        return (await self._calls.read("order", f"{_path(order_id)}/events")).decode(_Events)

    async def cancel(self, order_id: str, *, idempotency_key: str | None = None) -> Order:
        """Cancel an order that is not paid and return it, its stock back on sale.

        Raises Conflict `order_not_cancellable`.
        """
        answer = await self._calls.effect(
            "order", "POST", f"{_path(order_id)}/cancel", idempotency_key=idempotency_key
        )
        return answer.decode(Order)


def _path(order_id: str) -> str:
    return f"/orders/{segment(order_id)}"


def _line(line: OrderLine) -> dict[str, Any]:
    body: dict[str, Any] = {"product_id": line.product_id, "quantity": line.quantity}
    if line.price is not None:
        body["price"] = exact(line.price)
    return body
