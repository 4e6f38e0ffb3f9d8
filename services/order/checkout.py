"""`POST /orders`: places an order of the items in the request, or of those in the user's cart."""

from __future__ import annotations

import sqlite3

from aiohttp import web

from services.common.core.clock import utc_now
from services.common.core.errors import Unavailable
from services.common.core.tracing import current_request_id
from services.common.durable.recovery import advance_and_respond
from services.common.web.idempotency import KeyedRequest
from services.common.web.keys import PRINCIPAL, SETTINGS
from services.common.web.responses import StoredResponse

from . import placement, store
from .messages import NewOrder, checkout_response
from .model import Bound, Checkout, Item, Placement, StaleCart, user_not_found
from .peers import Peers

CART_READS = 3
SECONDS_TO_PAY: web.AppKey[float] = web.AppKey("seconds_to_pay", float)
CUSTOMER_BOUND: web.AppKey[Bound] = web.AppKey("customer_bound", Bound)
ADDRESS_BOUND: web.AppKey[Bound] = web.AppKey("address_bound", Bound)


async def create_order(request: web.Request, new: NewOrder, keyed: KeyedRequest) -> web.Response:
    """Order the items in the request, or else those in the user's cart; their stock is held.

    202 if the catalog did not answer in time: the order is completed in the background, and a
    repeat with the same key gets its current state.
    """
    request[PRINCIPAL].require_access(new.user_id, user_not_found(new.user_id))
    placed = None if keyed.resumes else await _place(request, new, keyed)
    order_id = placed.order.order_id if placed else str(keyed.resumes)
    created = placed is None or placed.created
    request_id = current_request_id()

    def current(conn: sqlite3.Connection) -> StoredResponse:
        return checkout_response(store.get_order(conn, order_id), request_id, created=created)

    begun = placed.order if placed and placed.created else None
    return await advance_and_respond(request, keyed, order_id, current, begun=begun)


async def _place(request: web.Request, new: NewOrder, keyed: KeyedRequest) -> Placement:
    """Store the order. Raises what `place_order` does, or Unavailable if the cart cannot be read or
    keeps changing.
    """
    principal = request[PRINCIPAL]
    for _ in range(CART_READS):
        items, version = await _items_to_order(request, new)
        checkout = Checkout(
            user_id=new.user_id,
            items=items,
            expected_total_minor=new.expected_total,
            cart_version=version,
            currency=request.app[SETTINGS].currency,
            seconds_to_pay=request.app[SECONDS_TO_PAY],
            network=principal.network,
            customer_bound=Bound() if principal.is_operator else request.app[CUSTOMER_BOUND],
            address_bound=request.app[ADDRESS_BOUND],
        )
        try:
            return await keyed.run(
                placement.place_order, checkout, keyed.key, utc_now(), current_request_id()
            )
        except StaleCart:
            continue
    raise Unavailable("The cart keeps changing; nothing was done", code="cart_unavailable")


async def _items_to_order(request: web.Request, new: NewOrder) -> tuple[list[Item], int | None]:
    """The items to order, and the version of the cart if they come from one."""
    if new.items is not None:
        return [item.item() for item in new.items], None
    cart = await Peers(request.app).read_cart(new.user_id)
    items = [Item(product_id=line.product_id, quantity=line.quantity) for line in cart.items]
    return items, cart.version
