"""The catalog: what is on sale, and how an operator changes it."""

from collections.abc import AsyncIterator
from typing import Literal, TypedDict, Unpack, cast

import msgspec

from .calls import Calls
from .errors import NotFound
from .models import Category, Money, Page, Product, exact
from .wire import Answer, Parameter, path_segment, with_query


class CategoryFilters(TypedDict, total=False):
    """Which products to count in each category."""

    q: str
    min_price: Money
    max_price: Money
    in_stock: bool


class ProductFilters(CategoryFilters, total=False):
    """Which products to list, in which order.

    `limit` is the most in a page: 1 to 1000, 100 if unset. A page of large ones ends before it.
    """

    sku: str
    category: str
    sort: Literal["id", "name", "price", "-price", "newest"]
    limit: int


class ProductDetails(TypedDict, total=False):
    """What a product may have besides its name and price; only `sku` and `image` may be None."""

    sku: str | None
    description: str | None
    category: str | None
    image: str | None


class ProductChanges(ProductDetails, total=False):
    """What can be edited in a product. Fields that are left out stay as they are."""

    name: str
    price: Money


class Catalog:
    """Products and categories; see `ShopClient.catalog`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def products(
        self, *, after: str | None = None, **filters: Unpack[ProductFilters]
    ) -> Page[Product]:
        """Return one page of the products that match: the first, or the one after `after`."""
        query = {**_query(filters), "after": after}
        return await self._calls.page("catalog", "/products", list[Product], query)

    def iter_products(self, **filters: Unpack[ProductFilters]) -> AsyncIterator[Product]:
        """Yield every product that matches, page by page."""
        return self._calls.iterate("catalog", "/products", list[Product], _query(filters))

    async def product(self, product_id: int) -> Product:
        """Return one product. Raises NotFound `product_not_found`."""
        return _product(await self._calls.read("catalog", _path(product_id)))

    async def categories(self, **filters: Unpack[CategoryFilters]) -> list[Category]:
        """Return the categories, and how many products that match each has."""
        path = with_query("/categories", _query(filters))
        return (await self._calls.read("catalog", path)).decode(list[Category])

    async def create(
        self,
        name: str,
        price: Money,
        *,
        stock: int | None = None,
        idempotency_key: str | None = None,
        **details: Unpack[ProductDetails],
    ) -> Product:
        """Put a new product on sale and return it. For operators.

        `stock` is in units (100 if left out). Raises Conflict `sku_taken`; TypeError or ValueError
        for a price that is no exact number.
        """
        body = {"name": name, "price": exact(price), **details}
        if stock is not None:
            body["stock"] = stock
        answer = await self._calls.write(
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
        """Edit a product and return it as it is afterwards. For operators.

        `if_match` is an ETag (`product.etag`) or a version (`product.version`): the edit is made
        only if nobody has edited the product since, and raises Conflict `version_mismatch`
        otherwise. An edit that may have been made is not repeated, so it can raise OutcomeUnknown;
        read the product then. Also raises NotFound `product_not_found`.
        """
        body: dict[str, object] = {**changes}
        if "price" in changes:
            body["price"] = exact(changes["price"])
        tag = f'"{if_match}"' if isinstance(if_match, int) else if_match
        headers = {"If-Match": tag} if tag is not None else None
        answer = await self._calls.write(
            "catalog", "PATCH", _path(product_id), json=body, headers=headers
        )
        return _product(answer)

    async def delete(self, product_id: int) -> None:
        """Take a product off sale for good; orders keep their lines. For operators.

        Raises NotFound `product_not_found`.
        """
        try:
            await self._calls.write("catalog", "DELETE", _path(product_id))
        except NotFound as error:
            # An earlier attempt, whose answer was lost, has deleted it: that is success.
            if not error.may_have_been_done:
                raise

    async def adjust_stock(
        self, product_id: int, delta: int, *, reason: str, idempotency_key: str | None = None
    ) -> Product:
        """Add `delta` units to the stock (or take some off, if negative); return the product.

        For operators. Raises Conflict `insufficient_stock`, NotFound `product_not_found`.
        """
        answer = await self._calls.write(
            "catalog",
            "POST",
            f"{_path(product_id)}/stock",
            json={"delta": delta, "reason": reason},
            idempotency_key=idempotency_key,
        )
        return _product(answer)


def _path(product_id: int) -> str:
    return f"/products/{path_segment(product_id)}"


def _product(answer: Answer) -> Product:
    return msgspec.structs.replace(answer.decode(Product), etag=answer.headers.get("ETag"))


def _query(filters: CategoryFilters) -> dict[str, Parameter]:
    query = dict(cast("dict[str, Parameter]", filters))
    if "min_price" in filters:
        query["min_price"] = exact(filters["min_price"])
    if "max_price" in filters:
        query["max_price"] = exact(filters["max_price"])
    return query
