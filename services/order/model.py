"""Orders: the row, how it is shown, the states and the moves between them. No I/O."""

from __future__ import annotations

from typing import Literal

import msgspec

from services.common.errors import Conflict, NotFound
from services.common.idempotency import Answer
from services.common.money import Money, Price
from services.common.refusal import Refusal

Status = Literal["CREATED", "PAID", "REFUNDED", "CANCELLED", "REJECTED"]
StockState = Literal[
    "REQUESTED",
    "HELD",
    "COMMIT_DUE",
    "COMMITTED",
    "RETURN_DUE",
    "RETURNED",
    "RELEASE_DUE",
    "RELEASED",
    "NONE",
]
State = tuple[Status, StockState]

MOVES: frozenset[tuple[State, State]] = frozenset(
    {
        (("CREATED", "REQUESTED"), ("CREATED", "HELD")),
        (("CREATED", "REQUESTED"), ("REJECTED", "NONE")),
        (("CREATED", "REQUESTED"), ("CANCELLED", "RELEASE_DUE")),
        (("CREATED", "HELD"), ("CANCELLED", "RELEASE_DUE")),
        (("CREATED", "HELD"), ("PAID", "COMMIT_DUE")),
        (("PAID", "COMMIT_DUE"), ("PAID", "COMMITTED")),
        (("PAID", "COMMIT_DUE"), ("REFUNDED", "RETURN_DUE")),
        (("PAID", "COMMITTED"), ("REFUNDED", "RETURN_DUE")),
        (("REFUNDED", "RETURN_DUE"), ("REFUNDED", "RETURNED")),
        (("CANCELLED", "RELEASE_DUE"), ("CANCELLED", "RELEASED")),
    }
)
"""Every move an order can make."""


class IllegalMove(Exception):
    """A move that the table does not have: a mistake in the code, never an answer."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it is kept. Money in cents; what the catalog tells is null until it has."""

    product_id: int
    quantity: int
    expected_cents: int | None = None
    sku: str | None = None
    name: str | None = None
    price_cents: int | None = None


class OrderItem(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it is shown."""

    product_id: int
    sku: str | None
    name: str | None
    quantity: int
    price: Price | None
    line_total: Money | None


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it is shown."""

    order_id: str
    user_id: str
    status: Status
    reason: str | None
    stock_state: StockState
    items: list[OrderItem]
    total_amount: Money | None
    currency: str
    payment_id: str | None
    expires_at: str
    created_at: str
    updated_at: str


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order's row."""

    order_id: str
    user_id: str
    status: Status
    stock_state: StockState
    reason: str | None
    refusal: Refusal | None
    items: list[Item]
    expected_total_cents: int | None
    total_cents: int | None
    currency: str
    payment_id: str | None
    cart_version: int | None
    cart_state: Literal["NONE", "OPEN", "DUE", "CLOSED", "FREE"]
    expires_at: str
    created_at: str
    updated_at: str

    @property
    def state(self) -> State:
        """Both states together, as `MOVES` has them."""
        return (self.status, self.stock_state)

    def view(self) -> OrderView:
        """As it is shown."""
        return OrderView(
            order_id=self.order_id,
            user_id=self.user_id,
            status=self.status,
            reason=self.reason,
            stock_state=self.stock_state,
            items=[_shown(item) for item in self.items],
            total_amount=None if self.total_cents is None else Money(self.total_cents),
            currency=self.currency,
            payment_id=self.payment_id,
            expires_at=self.expires_at,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )

    def checkout_answer(self, success: int, request_id: str) -> Answer:
        """What the request that placed this order is answered, as the row stands.

        202 while the catalog has not answered; that one is not final.
        """
        if self.stock_state == "REQUESTED":
            return Answer.of(self.view(), 202, self._location)
        if self.refusal is not None:
            return Answer.refusal(self.refusal.problem(order_id=self.order_id), request_id)
        if self.total_cents is None:
            return Answer.refusal(closed(self), request_id)
        return Answer.of(self.view(), success, self._location)

    @property
    def _location(self) -> dict[str, str]:
        return {"Location": f"/orders/{self.order_id}"}


class OrderEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A state that an order came into, when, and by what."""

    status: Status
    stock_state: StockState
    cause: str
    at: str


def closed(order: Order, **ids: str) -> Conflict:
    """The refusal of what comes after an order was closed."""
    return Conflict(
        f"Order {order.order_id} is {order.status}",
        code="order_closed",
        about={"order_id": order.order_id, **ids},
    )


def no_such_order(order_id: str, **ids: str) -> NotFound:
    """The refusal for an order that is not there, or is somebody else's."""
    return NotFound(
        f"There is no order {order_id}", code="order_not_found", about={"order_id": order_id, **ids}
    )


def _shown(item: Item) -> OrderItem:
    price = item.price_cents
    return OrderItem(
        product_id=item.product_id,
        sku=item.sku,
        name=item.name,
        quantity=item.quantity,
        price=None if price is None else Price(price),
        line_total=None if price is None else Money(price * item.quantity),
    )
