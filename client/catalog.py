"""The catalog: what is on sale, and an operator's changes to it."""

from collections.abc import AsyncIterator
from typing import Literal, TypedDict, Unpack, cast

import msgspec

from .calls import Calls
from .errors import NotFound
from .models import Category, Money, Page, Product, exact
from .wire import Answer, Parameter, segment


class ProductFilters(TypedDict, total=False):
    """What products to list, and in which order. `limit` is the size of a page (100)."""

    q: str
    sku: str
    category: str
    min_price: Money
    max_price: Money
    in_stock: bool
    sort: Literal["id", "name", "price", "-price", "newest"]
    limit: int


class ProductDetails(TypedDict, total=False):
    """What a product may have besides its name and price."""

    sku: str | None
    description: str | None
    category: str | None
    image: str | None


class ProductChanges(ProductDetails, total=False):
    """What of a product can be edited."""

    name: str
    price: Money


class Catalog:
    """Products and categories; see `ShopClient.catalog`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def products(
        self, *, after: str | None = None, **filters: Unpack[ProductFilters]
    ) -> Page[Product]:
        """Return one page of the products that fit the filters: the first, or the one `after`."""
        query = {**_query(filters), "after": after}
        return await self._calls.page("catalog", "/products", list[Product], query)

    def iter_products(self, **filters: Unpack[ProductFilters]) -> AsyncIterator[Product]:
        """Yield every product that fits the filters, asking for page after page."""
        return self._calls.every("catalog", "/products", list[Product], _query(filters))

    async def product(self, product_id: int) -> Product:
        """Return one product; raises NotFound."""
        return _product(await self._calls.read("catalog", _path(product_id)))

    async def categories(self) -> list[Category]:
        """Return the categories and how many products each has."""
        return (await self._calls.read("catalog", "/categories")).decode(list[Category])

    async def create(
        self,
        name: str,
        price: Money,
        *,
        stock: int | None = None,
        idempotency_key: str | None = None,
        **details: Unpack[ProductDetails],
    ) -> Product:
        """Put a new product on sale and return it (operator).

        Raises Conflict `sku_taken`.
        """
        body = {"name": name, "price": exact(price), **details}
        if stock is not None:
            body["stock"] = stock
        answer = await self._calls.effect(
            "catalog", "POST", "/products", json=body, idempotency_key=idempotency_key
        )
        return _product(answer)

    async def update(
        self,
        product_id: int,
        *,
        if_match: str | int | None = None,
        **changes: Unpack[ProductChanges],
    ) -> Product:
        """Edit a product and return it as it is then (operator).

        With `if_match`, an ETag (`product.etag`) or a version (`product.version`), only if nobody
        else has edited it since: raises Conflict `version_mismatch` otherwise. An edit is not
        repeated once it may have been made, so it can raise OutcomeUnknown; look, then.
        """
        body: dict[str, object] = {**changes}
        if "price" in changes:
            body["price"] = exact(changes["price"])
        tag = f'"{if_match}"' if isinstance(if_match, int) else if_match
        headers = {"If-Match": tag} if tag is not None else None
        answer = await self._calls.effect(
            "catalog", "PATCH", _path(product_id), json=body, headers=headers
        )
        return _product(answer)

    async def delete(self, product_id: int) -> None:
        """Take a product off sale for good; old orders keep their lines (operator)."""
        try:
            await self._calls.effect("catalog", "DELETE", _path(product_id))
        except NotFound as error:
            # An attempt whose answer was lost has deleted it: that is what was asked for.
            if not error.maybe_done:
                raise

    async def adjust_stock(
        self, product_id: int, delta: int, *, reason: str, idempotency_key: str | None = None
    ) -> Product:
        """Add `delta` units to the stock (take them off, if negative) and return the product.

        For operators. Raises Conflict `insufficient_stock`.
        """
        answer = await self._calls.effect(
            "catalog",
            "POST",
            f"{_path(product_id)}/stock",
            json={"delta": delta, "reason": reason},
            idempotency_key=idempotency_key,
        )
        return _product(answer)


def _path(product_id: int) -> str:
    return f"/products/{segment(product_id)}"


def _product(answer: Answer) -> Product:
    return msgspec.structs.replace(answer.decode(Product), etag=answer.headers.get("ETag"))


def _query(filters: ProductFilters) -> dict[str, Parameter]:
    query = dict(cast("dict[str, Parameter]", filters))
    if "min_price" in filters:
        query["min_price"] = exact(filters["min_price"])
    if "max_price" in filters:
        query["max_price"] = exact(filters["max_price"])
    return query
