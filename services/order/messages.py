"""What goes over the wire to and from the order service, and how an order is shown. No I/O."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from services.common.core.currency import Currency
from services.common.core.money import Amount, Money, Price
from services.common.core.wire import ProductId, Quantity, UserId, Uuid
from services.common.web.paging import Page
from services.common.web.responses import StoredResponse

from .model import Item, Order, OrderEvent, OrderPayment, Status, StockState, order_closed


class NewItem(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Units of a product; with `price`, only at the price that the buyer saw."""

    product_id: ProductId
    quantity: Quantity
    price: Price | None = None

    def item(self) -> Item:
        """The item as it is stored."""
        return Item(
            product_id=self.product_id,
            quantity=self.quantity,
            expected_minor=None if self.price is None else int(self.price),
        )


class NewOrder(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An order to place; without `items` it is of the user's cart."""

    user_id: UserId
    items: Annotated[list[NewItem], msgspec.Meta(min_length=1, max_length=100)] | None = None
    expected_total: Amount | None = None

    def __post_init__(self) -> None:
        """Raises ValueError if two items have the same product."""
        items = self.items or []
        if len({item.product_id for item in items}) < len(items):
            raise ValueError("Expected each product in one item only")


class OrderQuery(Page, forbid_unknown_fields=True, kw_only=True):
    """Filters and page of the list of orders."""

    user_id: UserId | None = None
    status: Status | None = None


class HoldQuery(Page, forbid_unknown_fields=True, kw_only=True):
    """By what unpaid orders are put together, and the page of the list."""

    by: Literal["user_id", "network"] = "user_id"


class HoldView(msgspec.Struct, frozen=True, kw_only=True):
    """What the unpaid orders of one user, or from one network, hold. The other of the two is null
    where it is not one alone.
    """

    user_id: str | None
    network: str | None
    orders: int
    units: int
    first_expires_at: str


class ItemView(msgspec.Struct, frozen=True, kw_only=True):
    """An item as it is shown."""

    product_id: int
    sku: str | None
    name: str | None
    quantity: int
    price: Price | None
    line_total: Money | None

    @classmethod
    def of(cls, item: Item, currency: Currency) -> ItemView:
        """The view of an item, whose price is in `currency`."""
        price = item.price_minor
        return cls(
            product_id=item.product_id,
            sku=item.sku,
            name=item.name,
            quantity=item.quantity,
            price=None if price is None else Price(price, currency),
            line_total=None if price is None else Money(price * item.quantity, currency),
        )


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is shown."""

    order_id: str
    user_id: str
    status: Status
    reason: str | None
    stock_state: StockState
    items: list[ItemView]
    total_amount: Money | None
    currency: str
    payment_id: str | None
    expires_at: str
    created_at: str
    updated_at: str

    @classmethod
    def of(cls, order: Order) -> OrderView:
        """The view of an order."""
        currency, total = order.currency, order.total_minor
        return cls(
            order_id=order.order_id,
            user_id=order.user_id,
            status=order.status,
            reason=order.reason,
            stock_state=order.stock_state,
            items=[ItemView.of(item, currency) for item in order.items],
            total_amount=None if total is None else Money(total, currency),
            currency=currency.code,
            payment_id=order.payment_id,
            expires_at=order.expires_at,
            created_at=order.created_at,
            updated_at=order.updated_at,
        )


CANCELLED = {
    "OrderView.status": "CANCELLED",
    "OrderView.reason": "customer_request",
    "stock_state": "RELEASE_DUE",
}
REFUNDED = {
    "OrderView.status": "REFUNDED",
    "OrderView.payment_id": "c2b7d8f4-1e93-4a6d-8b05-7f4e9a3c6d12",
    "stock_state": "RETURN_DUE",
}
"""What an example of an order shows after its cancellation, and after its refund."""


class ReceiptLink(msgspec.Struct, frozen=True, kw_only=True):
    """The link of an order's receipt: its `token`, which is told once."""

    order_id: str
    token: str


class ReceiptView(msgspec.Struct, frozen=True, kw_only=True):
    """An order as its receipt shows it to whoever has the link: nothing of who ordered it, and
    nothing that opens anything else.
    """

    order_id: str
    status: Status
    reason: str | None
    items: list[ItemView]
    total_amount: Money | None
    currency: str
    created_at: str
    events: list[OrderEvent]

    @classmethod
    def of(cls, order: Order, events: list[OrderEvent]) -> ReceiptView:
        """The receipt of an order with this history."""
        seen = OrderView.of(order)
        return cls(
            order_id=seen.order_id,
            status=seen.status,
            reason=seen.reason,
            items=seen.items,
            total_amount=seen.total_amount,
            currency=seen.currency,
            created_at=seen.created_at,
            events=events,
        )


class PaymentNotification(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A payment of an order. The payment service names the payment, its amount and its customer
    (null if the operator paid). If one of these is missing, the payment is looked up there.
    """

    payment_id: Uuid | None = None
    amount: Amount | None = None
    user_id: UserId | msgspec.UnsetType | None = msgspec.UNSET

    def payment(self, order_id: str) -> OrderPayment | None:
        """The payment that pays `order_id`; None if the notification is incomplete."""
        if self.payment_id is None or self.amount is None or self.user_id is msgspec.UNSET:
            return None
        return OrderPayment(
            payment_id=self.payment_id,
            order_id=order_id,
            user_id=self.user_id,
            amount=self.amount,
        )


class PaymentConfirmation(msgspec.Struct, frozen=True, kw_only=True):
    """The response to a payment notification: the order is paid by that payment."""

    order_id: str
    status: Status
    payment_id: str | None
    user_id: str

    @classmethod
    def of(cls, order: Order) -> PaymentConfirmation:
        """The confirmation for an order that is paid."""
        return cls(
            order_id=order.order_id,
            status=order.status,
            payment_id=order.payment_id,
            user_id=order.user_id,
        )


class RefundNotification(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The payment that is being refunded."""

    payment_id: Uuid


def checkout_response(order: Order, request_id: str, *, created: bool = True) -> StoredResponse:
    """The response to the request that placed or found an order, by the order's state: 201 if the
    request `created` the order, else 200; 202, which is not final, until the catalog has answered;
    a problem if the order was rejected, or cancelled before its stock was held.
    """
    location = {"Location": f"/orders/{order.order_id}"}
    if order.stock_state == "REQUESTED":
        return StoredResponse.of(OrderView.of(order), 202, location)
    if order.rejection is not None:
        problem = order.rejection.problem(order_id=order.order_id)
        return StoredResponse.of_problem(problem, request_id)
    if order.total_minor is None:
        return StoredResponse.of_problem(order_closed(order), request_id)
    return StoredResponse.of(OrderView.of(order), 201 if created else 200, location)


def order_response(order: Order) -> StoredResponse:
    """The response with an order as it is now."""
    return StoredResponse.of(OrderView.of(order))


def confirmation_response(order: Order) -> StoredResponse:
    """The response to a payment notification."""
    return StoredResponse.of(PaymentConfirmation.of(order))
