"""What the order service is sent, and what it answers to a notice. No I/O."""

from __future__ import annotations

from typing import Annotated

import msgspec

from services.common.money import Amount, Price
from services.common.paging import Page
from services.common.wire import ProductId, Quantity, UserId, Uuid

from .model import Status


class NewItem(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Units of a product, and the price that the buyer saw, if it is to be kept to."""

    product_id: ProductId
    quantity: Quantity
    price: Price | None = None


class NewOrder(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An order to place; without items, of what is in the user's cart."""

    user_id: UserId
    items: Annotated[list[NewItem], msgspec.Meta(min_length=1, max_length=100)] | None = None
    expected_total: Amount | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a product that is there twice."""
        items = self.items or []
        if len({item.product_id for item in items}) < len(items):
            raise ValueError("Expected each product in one item only")


class OrderQuery(Page, forbid_unknown_fields=True, kw_only=True):
    """Filters and page of the list of orders."""

    user_id: UserId | None = None
    status: Status | None = None


class Notice(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A payment of an order. The payment service names the payment, its amount and the customer
    it is for (null: the operator paid); anything less is looked up there first.
    """

    payment_id: Uuid | None = None
    amount: Amount | None = None
    user_id: UserId | msgspec.UnsetType | None = msgspec.UNSET

    def payment(self, order_id: str) -> OrderPayment | None:
        """The payment that pays `order_id`, or None where the notice does not name it whole."""
        if self.payment_id is None or self.amount is None or self.user_id is msgspec.UNSET:
            return None
        return OrderPayment(
            payment_id=self.payment_id,
            order_id=order_id,
            user_id=self.user_id,
            amount=self.amount,
        )


class OrderPayment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment, as far as its order needs it; `user_id` is null where the operator paid."""

    payment_id: str
    order_id: str
    user_id: str | None
    amount: Amount
    status: str = "PENDING"


class Noticed(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a notice: the order is that payment's."""

    order_id: str
    status: Status
    payment_id: str
    user_id: str


class RefundNotice(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The payment that is being refunded."""

    payment_id: Uuid
