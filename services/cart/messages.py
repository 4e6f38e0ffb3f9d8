"""What goes over the wire to and from the cart service. No I/O."""

from __future__ import annotations

from typing import Annotated

import msgspec

from services.common.core.money import Money, Price
from services.common.core.wire import ProductId, Quantity, UserId, Uuid
from services.common.web.responses import StoredResponse

from .model import MAX_UNITS


class NewItem(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Units to add to the cart."""

    product_id: ProductId
    quantity: Quantity = 1


class NewQuantity(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How many units there will be; 0 removes the line."""

    quantity: Annotated[int, msgspec.Meta(ge=0, le=MAX_UNITS)]


class CartClose(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The order that a cart has become, and the cart's version when it was read."""

    order_id: Uuid
    version: Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class ItemView(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one product. `validated` says whether the catalog has been asked about it, `gone`
    whether it said that there is no such product any more. `name` is null if it was never known,
    `price` also if the product is gone.
    """

    product_id: int
    name: str | None
    quantity: int
    price: Price | None
    line_total: Money | None
    validated: bool
    gone: bool


class CartView(msgspec.Struct, frozen=True, kw_only=True):
    """A cart as it is shown; lines without a price are not in the total."""

    user_id: UserId
    items: list[ItemView]
    total_amount: Money
    currency: str
    version: int
    created_at: str | None
    updated_at: str | None


class CartLine(msgspec.Struct, frozen=True, kw_only=True):
    """How many units of a product are in a cart."""

    product_id: int
    quantity: int


class CartLines(msgspec.Struct, frozen=True, kw_only=True):
    """A cart as its order needs it: without names and prices, which the catalog tells the order."""

    user_id: UserId
    version: int
    items: list[CartLine]


class CartAddition(msgspec.Struct, frozen=True, kw_only=True):
    """The response to adding units."""

    message: str
    cart: list[ItemView]
    total_amount: Money
    currency: str
    version: int


def addition_response(cart: CartView) -> StoredResponse:
    """The response to adding units: the cart as it is now."""
    return StoredResponse.of(
        CartAddition(
            message="Item added to cart",
            cart=cart.items,
            total_amount=cart.total_amount,
            currency=cart.currency,
            version=cart.version,
        )
    )
