"""The order that a request's path names."""

from __future__ import annotations

from aiohttp import web

from services.common.web.keys import DATABASE, PRINCIPAL
from services.common.web.parameters import path_uuid

from . import store
from .model import Order, order_not_found


def order_id_in_path(request: web.Request) -> str:
    """The id in the path. Raises NotFound if it is none."""
    return path_uuid(request, "order_id", "order_not_found", "There is no order {}")


async def own_order(request: web.Request) -> Order:
    """The order in the path. Raises NotFound for one that is not there, or somebody else's."""
    order = await request.app[DATABASE].lookup(store.get_order, order_id_in_path(request))
    request[PRINCIPAL].require_access(order.user_id, order_not_found(order.order_id))
    return order
