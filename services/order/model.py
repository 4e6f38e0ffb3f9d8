"""The rules of orders: the row, its states and the transitions between them. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from services.common.core.currency import Currency
from services.common.core.errors import Conflict, Invalid, NotFound, Unavailable
from services.common.core.money import Amount
from services.common.core.rejection import Rejection

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
CartState = Literal["NONE", "OPEN", "DUE", "CLOSED", "FREE"]
"""The state of the cart that an order came from: OPEN until the stock is held, then DUE to be
closed, then CLOSED; FREE if the order was rejected, or cancelled before its stock was held, so that
the cart's version can become another order; NONE for an order without a cart.
"""
State = tuple[Status, StockState]

TRANSITIONS: frozenset[tuple[State, State]] = frozenset(
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
"""Every transition that an order can make."""


FORGOTTEN_HOURS = 7 * 24
"""How long an order is kept after it was rejected. The catalog keeps its reservation for longer."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An item as it is stored, money in the smallest unit. The catalog's fields are null until it
    answers.
    """

    product_id: int
    quantity: int
    expected_minor: int | None = None
    sku: str | None = None
    name: str | None = None
    price_minor: int | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order's row."""

    order_id: str
    user_id: str
    status: Status
    stock_state: StockState
    reason: str | None
    rejection: Rejection | None
    items: list[Item]
    expected_total_minor: int | None
    total_minor: int | None
    currency: Currency
    payment_id: str | None
    cart_version: int | None
    cart_state: CartState
    expires_at: str
    created_at: str
    updated_at: str

    @property
    def state(self) -> State:
        """Both states together, as `TRANSITIONS` has them."""
        return (self.status, self.stock_state)

    def is_paid_by(self, payment: OrderPayment) -> bool:
        """Whether this payment has paid the order, which may have been refunded since."""
        return self.payment_id == payment.payment_id


class OrderPayment(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a payment that its order needs; `user_id` is null if the operator paid."""

    payment_id: str
    order_id: str
    user_id: str | None
    amount: Amount

    @property
    def ids(self) -> dict[str, str]:
        """The ids that a rejection of the payment names."""
        return {"order_id": self.order_id, "payment_id": self.payment_id}


class OrderEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A state that an order has entered, with the cause and the time."""

    status: Status
    stock_state: StockState
    cause: str
    at: str


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """How many orders may be unpaid at once, and how many units they may have; 0 is no bound."""

    orders: int = 0
    units: int = 0


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """How many orders are unpaid, the units in them, and when the first of them expires."""

    orders: int
    units: int
    first_expires_at: str | None


class Checkout(msgspec.Struct, frozen=True, kw_only=True):
    """An order to place; `cart_version` is the version of its cart, None if it has no cart.

    `network` is where the customer's session came from, None if that is not known. The bounds are
    on the unpaid orders of the customer, and of all customers from that network.
    """

    user_id: str
    items: Sequence[Item]
    expected_total_minor: int | None
    cart_version: int | None
    currency: Currency
    seconds_to_pay: float
    network: str | None = None
    customer_bound: Bound = Bound()
    address_bound: Bound = Bound()

    @property
    def units(self) -> int:
        """The units of all items together."""
        return sum(item.quantity for item in self.items)


class Placement(msgspec.Struct, frozen=True):
    """The order of a request, and whether the request `created` the order or found it."""

    order: Order
    created: bool


class OrdersOfCart(msgspec.Struct, frozen=True, kw_only=True):
    """The orders of a user's cart: the `same` is of the version that was read, the `pending` one is
    not done with the cart yet. `left_version` is what the last close has left, 0 if none has.
    """

    same: str | None
    pending: str | None
    left_version: int


class StaleCart(Exception):
    """The cart has been closed since it was read: read it again."""


def order_closed(order: Order, **ids: str) -> Conflict:
    """The error for a payment or a checkout of an order that is closed."""
    return Conflict(
        f"Order {order.order_id} is {order.status}",
        code="order_closed",
        extensions={"order_id": order.order_id, **ids},
    )


def order_not_found(order_id: str, **ids: str) -> NotFound:
    """The error for an order that does not exist, or is somebody else's."""
    return NotFound(
        f"There is no order {order_id}",
        code="order_not_found",
        extensions={"order_id": order_id, **ids},
    )


def user_not_found(user_id: str) -> NotFound:
    """The error for a user who is not the caller."""
    return NotFound(f"There is no user {user_id}", code="user_not_found")


def require_customer_room(units: int, held: Held, bound: Bound) -> None:
    """Return if a customer who holds so much may order so many units more.

    Raises Conflict (`too_many_unpaid_orders`, `too_many_unpaid_units`). It is transient: paying or
    cancelling an order makes room.
    """
    if 0 < bound.orders <= held.orders:
        raise _no_room(
            f"You have {held.orders} unpaid orders, and may have {bound.orders}",
            "too_many_unpaid_orders",
            bound.orders,
            held,
        )
    if 0 < bound.units < held.units + units:
        raise _no_room(
            f"Your unpaid orders have {held.units} units, this one has {units}, and together they"
            f" may have {bound.units}",
            "too_many_unpaid_units",
            bound.units,
            held,
        )


def require_address_room(units: int, held: Held, bound: Bound) -> None:
    """Return if customers from one network who hold so much may order so many units more.

    Raises Conflict (`too_many_unpaid_orders_at_address`, `too_many_unpaid_units_at_address`), which
    is transient, and does not tell how much the others hold.
    """
    if 0 < bound.orders <= held.orders:
        raise _no_room(
            f"Customers at your address may have {bound.orders} unpaid orders together",
            "too_many_unpaid_orders_at_address",
            bound.orders,
            held,
        )
    if 0 < bound.units < held.units + units:
        raise _no_room(
            f"Customers at your address may have {bound.units} units in unpaid orders together, and"
            f" this order has {units}",
            "too_many_unpaid_units_at_address",
            bound.units,
            held,
        )


def _no_room(problem: str, code: str, limit: int, held: Held) -> Conflict:
    if held.first_expires_at is None:
        way_out, until = "order fewer", {}
    else:
        way_out = f"pay or cancel one, or wait until the first expires at {held.first_expires_at}"
        until = {"expires_at": held.first_expires_at}
    return Conflict(
        f"{problem}: {way_out}", code=code, transient=True, extensions={"limit": limit, **until}
    )


def require_payable(order: Order, payment: OrderPayment) -> None:
    """Return if `payment` may pay the order.

    Raises Conflict (`already_paid`, `order_closed`), Unavailable (`order_not_ready`), Invalid
    (`amount_mismatch`).
    """
    if order.status in ("PAID", "REFUNDED"):
        raise Conflict(
            f"Order {order.order_id} is paid by another payment",
            code="already_paid",
            extensions=payment.ids,
        )
    if order.status != "CREATED":
        raise order_closed(order, payment_id=payment.payment_id)
    if order.stock_state == "REQUESTED":
        raise Unavailable(f"Order {order.order_id} has no stock held yet", code="order_not_ready")
    if order.total_minor != payment.amount:
        raise Invalid(
            f"Order {order.order_id} is {order.currency.text(order.total_minor or 0)},"
            f" not {payment.amount.text}",
            code="amount_mismatch",
            extensions=payment.ids,
        )
