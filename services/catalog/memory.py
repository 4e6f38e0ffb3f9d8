"""What the catalog tells from memory: the JSON and the ETag of each product, encoded once, and
lists that are joined of them.

Nothing is told that was not so when it was asked for: the database tells of which rows the JSON is
still exact. It is kept by product, as each hold changes a `stock`. Which products a page has does
not depend on that, but for the filter `in_stock`, whose lists are not kept. A list shows one state
of the catalog, as if it had been read.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import msgspec
from aiohttp import web

from services.common.core import wire
from services.common.storage.changes import Changes
from services.common.storage.database import Database
from services.common.storage.memory import Memory
from services.common.web.paging import has_room

from . import listing, store
from .conditional import digest_of
from .messages import CategoryQuery, ProductJson, ProductQuery

PRODUCT_BYTES = 8 << 20
"""How much JSON of products is kept: of about 10,000 of them."""
LIST_BYTES = 4 << 20
"""How much of lists is kept, and as much of categories."""
ID_BYTES = 36
MOST_LOOKED_UP = 32
"""Of a list, so many products may be missing in memory; if more are, it is read."""


class Page(NamedTuple):
    """A page of a list: its products, its JSON with its ETag, the cursor of the next page if there
    is one, and the generation of the products of which it was made.
    """

    ids: Sequence[int]
    json: bytes
    etag: str
    after: str | None
    generation: int

    @classmethod
    def of(cls, products: Sequence[ProductJson], after: str | None, generation: int) -> Page:
        """The page of these products."""
        json = b"[%b]" % b",".join([product.json for product in products])
        return cls([product.id for product in products], json, digest_of(json), after, generation)


class CatalogMemory:
    """What was made of products and lists. `products` tells of every change of a product, and
    `listed` of those of the columns that lists go by.
    """

    def __init__(self, database: Database, products: Changes, listed: Changes) -> None:
        self._database = database
        self._changed = products
        self._listed = listed

        def lists_are_as_of(_key: Hashable, generation: int) -> bool:
            return listed.table_is_as_of(generation)

        self._products = Memory[int, ProductJson](PRODUCT_BYTES, products.row_is_as_of)
        self._pages = Memory[Hashable, Page](LIST_BYTES, lists_are_as_of)
        self._categories = Memory[Hashable, bytes](LIST_BYTES, lists_are_as_of)

    async def product(self, product_id: int) -> ProductJson:
        """One product. Raises NotFound."""
        known = self._products.get(product_id)
        if known is None:
            generation = self._changed.generation
            known = await self._database.lookup(store.get_product_json, product_id)
            self._keep(known, generation)
        return known

    async def page(self, query: ProductQuery) -> Page:
        """One page of the products. Raises Invalid, as listing.list_products does."""
        ids = listing.ids_alone(query)
        if ids is not None:
            return await self._join(ids, None) or await self._read(query)
        key = msgspec.structs.astuple(query)
        kept = self._pages.get(key)
        if kept is not None and self._changed.table_is_as_of(kept.generation):
            return kept
        listed = self._listed.generation
        page = None if kept is None else await self._join(kept.ids, kept.after)
        if page is None or self._pages.get(key) is not kept:
            page = await self._read(query)
        ends_at_limit = page.after is None or len(page.ids) == query.limit
        if query.in_stock is None and ends_at_limit:
            size = _size_of(key) + len(page.ids) * ID_BYTES + len(page.json)
            self._pages.keep(key, page, size, listed)
        return page

    async def categories(self, query: CategoryQuery) -> bytes:
        """The JSON of every category with such a product in it."""
        key = msgspec.structs.astuple(query)
        known = self._categories.get(key)
        if known is None:
            generation = self._listed.generation
            known = wire.encode(await self._database.scan(listing.list_categories, query))
            if query.in_stock is None:
                self._categories.keep(key, known, _size_of(key) + len(known), generation)
        return known

    def _keep(self, product: ProductJson, generation: int) -> None:
        self._products.keep(product.id, product, len(product.json), generation)

    async def _read(self, query: ProductQuery) -> Page:
        generation = self._changed.generation
        read = self._database.scan if listing.reads_much(query) else self._database.read
        products, after = await read(listing.list_products, query)
        for product in products:
            self._keep(product, generation)
        return Page.of(products, after, generation)

    async def _join(self, ids: Sequence[int], after: str | None) -> Page | None:
        """The page of those products that are on sale, all as they are at one moment from now on;
        None if that takes a read, or if a page has no room for all of them.
        """
        generation = self._changed.generation
        kept = {id_: product for id_ in ids if (product := self._products.get(id_)) is not None}
        missing = [id_ for id_ in ids if id_ not in kept]
        if len(missing) > MOST_LOOKED_UP:
            return None
        found = kept
        if missing:
            found = dict(kept)
            for product in await self._database.lookup(store.find_products_json, missing):
                self._keep(product, generation)
                found[product.id] = product
            # A transaction may have changed some that are in memory and some that were not.
            if any(self._products.get(id_) is not product for id_, product in kept.items()):
                return None
        products = [found[id_] for id_ in ids if id_ in found]
        if not has_room([len(product.json) for product in products]):
            return None
        return Page.of(products, after, generation)


MEMORY: web.AppKey[CatalogMemory] = web.AppKey("memory", CatalogMemory)


async def memory_of(database: Database) -> CatalogMemory:
    """An empty memory, of a database that tells it of all changes from now on."""
    products = await database.watch("products")
    listed = await database.watch("products", *listing.LISTED_BY)
    return CatalogMemory(database, products, listed)


def _size_of(key: Sequence[object]) -> int:
    return sum(len(part) for part in key if isinstance(part, str))
