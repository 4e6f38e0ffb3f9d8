"""The bounds of a cart, and what it knows from the catalog about its products. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from services.common.core.errors import NotFound
from services.common.core.money import OwnCurrency, Price

NOT_FOUND = "Product {} not found in catalog"
MAX_LINES = 100
MAX_UNITS = 1000
FORGOTTEN_HOURS = 365 * 24
"""How long an empty cart is kept after its last change."""


class KnownProduct(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the catalog's answer about a product that a cart needs."""

    id: int
    name: str
    price: Price
    currency: OwnCurrency


class CatalogSnapshot:
    """What the catalog says now: the `products` that it has, by id, and those that are `gone`."""

    def __init__(
        self, products: Mapping[int, KnownProduct], asked: Collection[int] = frozenset()
    ) -> None:
        """What was `asked` for and is not in `products` does not exist."""
        self.products = products
        self.gone = frozenset(asked) - products.keys()


UNANSWERED = CatalogSnapshot({})
"""The catalog has said nothing."""


def product_not_found(product_id: int) -> NotFound:
    """The error for a product that the catalog does not have."""
    return NotFound(NOT_FOUND.format(product_id), code="product_not_found")


def cart_not_found(user_id: str) -> NotFound:
    """The error for a cart that is somebody else's."""
    return NotFound(f"There is no cart of {user_id}", code="cart_not_found")
