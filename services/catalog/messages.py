"""What goes over the wire to and from the catalog service. No I/O."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import msgspec

from services.common.core import wire
from services.common.core.money import Amount, Money, Price
from services.common.core.wire import BLANKS, ONE_LINE, Line, ProductId, Quantity, like
from services.common.web.paging import Page
from services.common.web.responses import StoredResponse

WITHOUT_NUL = like(r"^[^\x00]*\Z", "text without a NUL")
Text = Annotated[str, WITHOUT_NUL, msgspec.Meta(max_length=5000)]
Sku = Annotated[str, ONE_LINE, msgspec.Meta(min_length=1, max_length=100)]
Image = Annotated[
    str,
    like(rf"^[^\x00-\x20\x7f{BLANKS}]+\Z", "an address without spaces"),
    msgspec.Meta(min_length=1, max_length=2000),
]
Stock = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Search = Annotated[str, WITHOUT_NUL, msgspec.Meta(max_length=200)]
Ids = Annotated[
    str,
    like(
        r"^[1-9][0-9]{0,18}(,[1-9][0-9]{0,18}){0,199}\Z",
        "up to 200 product ids with commas between",
    ),
]
Sort = Literal["id", "name", "price", "-price", "newest"]
ReservationState = Literal["HELD", "COMMITTED", "RELEASED", "RETURNED", "REJECTED"]


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product as it is shown: `stock` can be bought now, `version` counts edits."""

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
        """A tag that changes with every edit and with the stock."""
        return f'"{self.version}-{self.stock}"'


class ProductJson(NamedTuple):
    """A product as JSON, and the tag of that."""

    id: int
    json: bytes
    etag: str

    @classmethod
    def of(cls, product: Product) -> ProductJson:
        """The JSON of a product."""
        return cls(product.id, wire.encode(product), product.etag)


class Category(msgspec.Struct, frozen=True):
    """A category and how many products it has."""

    name: str
    count: int


class CategoryQuery(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which products are counted: the filters of a search but for the category."""

    q: Search | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    in_stock: bool | None = None


class ProductQuery(Page, forbid_unknown_fields=True, kw_only=True):
    """Filters, sort order and page of the list of products; `ids` has commas between ids."""

    q: Search | None = None
    ids: Ids | None = None
    sku: Search | None = None
    category: Search | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    in_stock: bool | None = None
    sort: Sort = "id"


class NewProduct(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A product to add."""

    name: Line
    price: Price
    stock: Stock = 100
    sku: Sku | None = None
    description: Text = ""
    category: Line = "other"
    image: Image | None = None


class ProductChanges(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The fields that an edit changes; the others stay. Stock has a route of its own."""

    name: Line | msgspec.UnsetType = msgspec.UNSET
    price: Price | msgspec.UnsetType = msgspec.UNSET
    sku: Sku | msgspec.UnsetType | None = msgspec.UNSET
    description: Text | msgspec.UnsetType = msgspec.UNSET
    category: Line | msgspec.UnsetType = msgspec.UNSET
    image: Image | msgspec.UnsetType | None = msgspec.UNSET

    def applied_to(self, product: Product) -> Product:
        """The product as it is after this edit."""
        named = {
            name: value
            for name, value in msgspec.structs.asdict(self).items()
            if value is not msgspec.UNSET
        }
        return msgspec.structs.replace(product, **named)


class StockChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Units that came in (`delta` above 0) or went out (below 0), and why."""

    delta: Annotated[int, msgspec.Meta(ge=-1_000_000_000, le=1_000_000_000)]
    reason: Line


class NewLine(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Units of a product to hold; with `price`, only at the price that the buyer saw."""

    product_id: ProductId
    quantity: Quantity
    price: Price | None = None


class NewReservation(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What an order wants to hold: all of it or nothing."""

    lines: Annotated[list[NewLine], msgspec.Meta(min_length=1, max_length=100)]
    expected_total: Amount | None = None

    def __post_init__(self) -> None:
        """Raises ValueError if two lines have the same product."""
        if len({line.product_id for line in self.lines}) < len(self.lines):
            raise ValueError("Expected each product in one line only")


class HeldLine(msgspec.Struct, frozen=True, kw_only=True):
    """Units of a product that are held, at the price of when they were first held."""

    product_id: int
    sku: str | None
    name: str
    price: Price
    quantity: int


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """What an order holds, or held."""

    order_id: str
    state: ReservationState
    lines: list[HeldLine]
    total_amount: Money
    currency: str


def created_response(product: Product) -> StoredResponse:
    """The response to adding a product."""
    headers = {"Location": f"/products/{product.id}", "ETag": product.etag}
    return StoredResponse.of(product, 201, headers)


def product_response(product: Product) -> StoredResponse:
    """The response with a product as it is now."""
    return StoredResponse.of(product, 200, {"ETag": product.etag})
