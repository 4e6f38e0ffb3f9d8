"""The cart service's call to the catalog. If the catalog does not answer, carts work without."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from client.errors import ShopError
from services.common.core.logs import logger
from services.common.durable.peers import ask
from services.common.web.keys import SETTINGS

from .model import CatalogSnapshot, KnownProduct


async def ask_catalog(app: web.Application, product_ids: Iterable[int]) -> CatalogSnapshot:
    """What the catalog says about these products now. The snapshot is incomplete if the catalog
    does not answer, or if its answer is not a list of products.

    It waits for no longer than `nested_deadline`: the caller may be a peer, and it must get the
    cart even if the catalog does not answer.
    """
    wanted = sorted(set(product_ids))
    if not wanted:
        return CatalogSnapshot({})
    query = {"ids": ",".join(map(str, wanted)), "limit": "1000"}
    try:
        products = await ask(
            app,
            list[KnownProduct],
            "catalog",
            "GET",
            "/products",
            query=query,
            deadline=app[SETTINGS].nested_deadline,
        )
    except ShopError as error:
        logger.warning("the catalog does not answer", extra={"reason": str(error)})
        return CatalogSnapshot(None)
    return CatalogSnapshot({product.id: product for product in products})
