"""What the catalog takes and gives, and the rules of a reservation. No I/O."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from services.common.money import Amount, Money, Price
from services.common.paging import Page
from services.common.wire import Line, ProductId, Quantity

Text = Annotated[str, msgspec.Meta(max_length=5000, pattern=r"^[^\x00]*\Z")]
Sku = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+\Z")]
Image = Annotated[str, msgspec.Meta(min_length=1, max_length=2000, pattern=r"^[^\x00-\x20\x7f]+\Z")]
Stock = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Search = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00]*\Z")]
Ids = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,18}(,[0-9]{1,18}){0,199}\Z")]
Sort = Literal["id", "name", "price", "-price", "newest"]


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product as it is shown; `stock` is what can be bought now, `version` counts edits."""

    id: int
    sku: str | None
    name: str
    description: str
    category: str
    image: str | None
    price: Price
    currency: str
    stock: int
    version: int
    created_at: str
    updated_at: str

    @property
    def etag(self) -> str:
        """Changes with an edit and with the stock."""
        return f'"{self.version}-{self.stock}"'


class Category(msgspec.Struct, frozen=True):
    """A category and how many products it has."""

    name: str
    count: int


class ProductQuery(Page, forbid_unknown_fields=True, kw_only=True):
    """Filters, order and page of the list of products; `ids` is a comma-separated list."""

    q: Search | None = None
    ids: Ids | None = None
    sku: Search | None = None
    category: Search | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    in_stock: bool | None = None
    sort: Sort = "id"


class NewProduct(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A product to be added."""

    name: Line
    price: Price
    stock: Stock = 100
    sku: Sku | None = None
    description: Text = ""
    category: Line = "other"
    image: Image | None = None


class ProductChanges(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What an edit changes; what is not named stays. Stock has a route of its own."""

    name: Line | msgspec.UnsetType = msgspec.UNSET
    price: Price | msgspec.UnsetType = msgspec.UNSET
    sku: Sku | msgspec.UnsetType | None = msgspec.UNSET
    description: Text | msgspec.UnsetType = msgspec.UNSET
    category: Line | msgspec.UnsetType = msgspec.UNSET
    image: Image | msgspec.UnsetType | None = msgspec.UNSET


class StockChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Units that came in (`delta` above 0) or went out (below 0), and why."""

    delta: Annotated[int, msgspec.Meta(ge=-1_000_000_000, le=1_000_000_000)]
    reason: Line


class WantedLine(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Units of a product to hold, and the price that the buyer saw, if it is to be kept to."""

    product_id: ProductId
    quantity: Quantity
    price: Price | None = None


class Wanted(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What an order wants held: all of it or nothing."""

    lines: Annotated[list[WantedLine], msgspec.Meta(min_length=1, max_length=100)]
    expected_total: Amount | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a product that is there twice."""
        if len({line.product_id for line in self.lines}) < len(self.lines):
            raise ValueError("Expected each product in one line only")


class HeldLine(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a product as they are held, at the price of that moment."""

    product_id: int
    sku: str | None
    name: str
    price: Price
    quantity: int


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """What one order holds, or held."""

    order_id: str
    state: Literal["HELD", "COMMITTED", "RELEASED", "RETURNED", "REJECTED"]
    lines: list[HeldLine]
    total_amount: Money
    currency: str


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why nothing was held. It is kept, so that a repeat is told the same."""

    status: Literal[404, 409, 422]
    code: str
    detail: str
    errors: list[dict[str, Any]] = []


Move = Literal["commit", "release", "return"]
MOVES: dict[tuple[str, Move], str] = {
    ("HELD", "commit"): "COMMITTED",
    ("HELD", "release"): "RELEASED",
    ("HELD", "return"): "RETURNED",
    ("COMMITTED", "return"): "RETURNED",
}
"""The state that a move leads to, where it moves anything."""

REFUSED_MOVES: dict[tuple[str, Move], str] = {
    ("COMMITTED", "release"): "reservation_committed",
    ("RELEASED", "commit"): "reservation_closed",
    ("REJECTED", "commit"): "reservation_closed",
    ("RETURNED", "commit"): "reservation_closed",
}
"""The code of a move that is refused; any move not named here or above changes nothing."""

UNITS_MOVED: dict[tuple[str, str], tuple[int, int, int]] = {
    ("HELD", "COMMITTED"): (0, -1, 1),
    ("HELD", "RELEASED"): (1, -1, 0),
    ("HELD", "RETURNED"): (1, -1, 0),
    ("COMMITTED", "RETURNED"): (1, 0, -1),
}
"""What happens to available, reserved and sold with each unit of a line, from state to state."""
