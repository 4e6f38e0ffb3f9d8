"""What the cart asks of the catalog. While it cannot be asked, the cart goes on without."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from client.errors import ShopError
from services.common.keys import SETTINGS
from services.common.logs import logger
from services.common.peers import ask

from .model import KnownProduct, Shelf


async def ask_catalog(app: web.Application, product_ids: Iterable[int]) -> Shelf:
    """What the catalog has of these products now; an incomplete shelf where it does not answer,
    or answers something else.

    It is waited for half as long as peers wait for each other, because the cart itself may have
    been asked by one, who wants to hear of the cart whether there is a catalog or not.
    """
    wanted = sorted(set(product_ids))
    if not wanted:
        return Shelf({})
    query = {"ids": ",".join(map(str, wanted)), "limit": "1000"}
    try:
        products = await ask(
            app,
            list[KnownProduct],
            "catalog",
            "GET",
            "/products",
            query=query,
            deadline=app[SETTINGS].peer_deadline / 2,
        )
    except ShopError as error:
        logger.warning("the catalog does not answer", extra={"reason": str(error)})
        return Shelf(None)
    return Shelf({product.id: product for product in products})
