"""The cart service's call to the catalog. If the catalog does not answer, carts work without."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from aiohttp import web

from client.errors import ShopError
from services.common.core.logs import logger
from services.common.durable.peers import ask
from services.common.web.keys import SETTINGS

from .model import UNANSWERED, CatalogSnapshot, KnownProduct


async def ask_catalog(app: web.Application, product_ids: Iterable[int]) -> CatalogSnapshot:
    """What the catalog says about these products now: UNANSWERED if it does not answer, or if its
    answer is not a list of products.

    It waits for no longer than `nested_deadline`: the caller may be a peer, and it must get the
    cart even if the catalog does not answer.
    """
    known: dict[int, KnownProduct] = {}
    asked = frozenset(product_ids)
    wanted = sorted(asked)
    try:
        async with asyncio.timeout(app[SETTINGS].nested_deadline):
            while wanted:
                products = await _ask_for(app, wanted)
                known |= {product.id: product for product in products}
                # A page may end early. What is beyond its last product is asked for next.
                end = max(known, default=0) if products else wanted[-1]
                wanted = [product_id for product_id in wanted[1:] if product_id > end]
    except (ShopError, TimeoutError) as error:
        logger.warning("the catalog does not answer", extra={"reason": str(error)})
        return UNANSWERED
    return CatalogSnapshot(known, asked)


async def _ask_for(app: web.Application, wanted: Sequence[int]) -> list[KnownProduct]:
    """The first page of these products. Raises ShopError."""
    return await ask(
        app,
        list[KnownProduct],
        "catalog",
        "GET",
        "/products",
        query={"ids": ",".join(map(str, wanted)), "limit": "1000"},
        deadline=app[SETTINGS].nested_deadline,
    )
