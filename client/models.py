"""What the shop answers with: frozen values, money as exact `Decimal`, times with a time zone.

Fields that a newer shop adds are ignored.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import msgspec

T = TypeVar("T")

Money = Decimal | int | str
"""An amount of money as an argument, in major units: `Decimal("19.99")`, `"19.99"` or `20`."""


def exact(amount: Money) -> Decimal:
    """Return an amount of money as a plain decimal number, digit for digit.

    Raises TypeError for a float, which cannot hold most amounts exactly, and ValueError for what is
    no number. The shop itself says whether it accepts the amount.
    """
    if isinstance(amount, bool) or not isinstance(amount, Decimal | int | str):
        raise TypeError(f"Money is a Decimal, an int or a str, not {type(amount).__name__}")
    try:
        value = Decimal(amount)
    except ArithmeticError:
        raise ValueError(f"{amount!r} is no amount of money") from None
    if not value.is_finite():
        raise ValueError(f"{amount!r} is no amount of money")
    return Decimal(format(value, "f"))


class Page(list[T]):
    """One page of a list. `next` is the `after` of the next page, None on the last one."""

    next: str | None = None


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A thing on sale. `stock` is what can be bought now; `version` counts edits, not sales."""

    id: int
    sku: str | None = None
    name: str
    description: str | None = None
    category: str | None = None
    image: str | None = None
    price: Decimal
    currency: str
    stock: int
    version: int
    created_at: datetime | None = None
    updated_at: datetime | None = None
    etag: str | None = None
    """For `if_match`. Set when one product was read or changed, None in a list."""


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """A category and the number of products in it."""

    name: str | None
    count: int


class CartItem(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a cart. `validated` is False until the catalog has been asked about it. `gone` is
    True once it has said that this is no longer sold: then the line has no price.
    """

    product_id: int
    quantity: int
    name: str | None = None
    price: Decimal | None = None
    line_total: Decimal | None = None
    validated: bool = True
    gone: bool = False


class Cart(msgspec.Struct, frozen=True, kw_only=True):
    """A user's cart at the catalog's prices; `version` rises with every change."""

    user_id: str
    items: list[CartItem]
    total_amount: Decimal
    currency: str
    version: int
    created_at: datetime | None = None
    updated_at: datetime | None = None


class CartAddition(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an addition; `cart` has all lines of the cart as it is now."""

    message: str
    cart: list[CartItem]
    total_amount: Decimal
    currency: str
    version: int


@dataclass(frozen=True)
class OrderLine:
    """What to order. With `price`, the price that the buyer saw, the order fails at any other."""

    product_id: int
    quantity: int = 1
    price: Money | None = None


class OrderItem(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an order. Its name and prices are None until the catalog has answered."""

    product_id: int
    quantity: int
    sku: str | None = None
    name: str | None = None
    price: Decimal | None = None
    line_total: Decimal | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order. `status` is CREATED, PAID, REFUNDED, or CANCELLED or REJECTED with a `reason`.

    An order that is still unpaid at `expires_at` is cancelled. `total_amount` is None until the
    catalog has answered.
    """

    order_id: str
    user_id: str
    status: str
    reason: str | None = None
    stock_state: str | None = None
    items: list[OrderItem] = []
    total_amount: Decimal | None = None
    currency: str | None = None
    payment_id: str | None = None
    expires_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class OrderEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A state that an order was in, when it began, and what caused it."""

    status: str
    stock_state: str | None = None
    cause: str | None = None
    at: datetime


class ReceiptLink(msgspec.Struct, frozen=True, kw_only=True):
    """The link of an order's receipt. Whoever has its `token` sees the receipt; it is told once."""

    order_id: str
    token: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the link of its receipt shows it, with its history: nothing of who ordered it."""

    order_id: str
    status: str
    reason: str | None = None
    items: list[OrderItem] = []
    total_amount: Decimal | None = None
    currency: str | None = None
    created_at: datetime | None = None
    events: list[OrderEvent] = []


class Hold(msgspec.Struct, frozen=True, kw_only=True):
    """What the unpaid orders of one user, or from one network, hold until they are paid, cancelled
    or expired. The other of the two is None where it is not one alone.
    """

    user_id: str | None = None
    network: str | None = None
    orders: int
    units: int
    first_expires_at: datetime


class PaymentReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a payment. `status` is COMPLETED, or PENDING until the shop has finished it."""

    payment_id: str
    order_id: str
    amount: Decimal
    currency: str
    status: str
    order_status: str | None = None


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment. `status` is PENDING, COMPLETED, REFUNDING, REFUNDED, or FAILED with a `reason`."""

    payment_id: str
    order_id: str
    user_id: str | None = None
    amount: Decimal
    currency: str
    status: str
    reason: str | None = None
    refunded_amount: Decimal | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
