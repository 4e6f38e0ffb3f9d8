"""What the cart asks of the catalog. While it cannot be asked, the cart goes on without."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from client.errors import ShopError
from services.common.keys import SETTINGS, TRANSPORT
from services.common.logs import logger
from services.common.wire import build, parse_json

from .model import KnownProduct, Shelf


async def ask_catalog(app: web.Application, product_ids: Iterable[int]) -> Shelf:
    """What the catalog has of these products now; an incomplete shelf where it does not answer."""
    wanted = sorted(set(product_ids))
    if not wanted:
        return Shelf({})
    try:
        answer = await app[TRANSPORT].request(
            "catalog",
            "GET",
            "/products",
            params={"ids": ",".join(map(str, wanted)), "limit": "1000"},
            deadline=app[SETTINGS].peer_deadline,
        )
    except ShopError as error:
        logger.warning("the catalog does not answer", extra={"reason": str(error)})
        return Shelf(None)
    products = build(parse_json(answer.body), list[KnownProduct])
    return Shelf({product.id: product for product in products})
