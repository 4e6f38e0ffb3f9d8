"""Products: what the catalog takes and gives. No I/O."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal

import msgspec

from services.common.money import Price
from services.common.paging import Page
from services.common.wire import ONE_LINE, Line, like

WITHOUT_NUL = like(r"^[^\x00]*\Z", "text without a NUL")
Text = Annotated[str, WITHOUT_NUL, msgspec.Meta(max_length=5000)]
Sku = Annotated[str, ONE_LINE, msgspec.Meta(min_length=1, max_length=100)]
Image = Annotated[
    str,
    like(r"^[^\x00-\x20\x7f]+\Z", "an address without spaces"),
    msgspec.Meta(min_length=1, max_length=2000),
]
Stock = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Search = Annotated[str, WITHOUT_NUL, msgspec.Meta(max_length=200)]
Ids = Annotated[
    str, like(r"^[0-9]{1,19}(,[0-9]{1,19}){0,199}\Z", "up to 200 product ids with commas between")
]
Sort = Literal["id", "name", "price", "-price", "newest"]

NOT_FOUND = "Product {} not found in catalog"


def folded(text: str) -> str:
    """Text as it is searched and sorted: neither case nor accents count."""
    characters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in characters if not unicodedata.combining(char))


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
