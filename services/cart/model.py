"""What the cart service takes and gives. No I/O."""

from __future__ import annotations

from typing import Annotated

import msgspec

from services.common.money import Money, Price
from services.common.wire import ProductId, Quantity, UserId, Uuid

NOT_FOUND = "Product {} not found in catalog"
MOST_LINES = 100
MOST_UNITS = 1000


class CartItem(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one product. `name` and `price` are null where the catalog never told them."""

    product_id: int
    name: str | None
    quantity: int
    price: Price | None
    line_total: Money | None
    validated: bool


class Cart(msgspec.Struct, frozen=True, kw_only=True):
    """A cart as it is shown; lines without a price count for nothing in the total."""

    user_id: UserId
    items: list[CartItem]
    total_amount: Money
    currency: str
    version: int
    created_at: str | None
    updated_at: str | None


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to adding."""

    message: str
    cart: list[CartItem]
    total_amount: Money
    currency: str
    version: int


class Addition(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Units to put in."""

    product_id: ProductId
    quantity: Quantity = 1


class NewQuantity(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How many there are to be; 0 removes the line."""

    quantity: Annotated[int, msgspec.Meta(ge=0, le=MOST_UNITS)]


class Close(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The order that a cart has become, and the version it was read at."""

    order_id: Uuid
    version: Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class KnownProduct(msgspec.Struct, frozen=True, kw_only=True):
    """What the catalog tells of a product, as far as a cart needs it."""

    id: int
    name: str
    price: Price


class Shelf:
    """What the catalog says now about the products that were asked for.

    It is `complete` when the catalog has answered: what it did not name then does not exist.
    """

    def __init__(self, products: dict[int, KnownProduct] | None) -> None:
        self.products = products or {}
        self.complete = products is not None

    def lacks(self, product_id: int) -> bool:
        """Whether the catalog has said that there is no such product."""
        return self.complete and product_id not in self.products
