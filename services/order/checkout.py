"""Placing an order: of what is named, or of what is in the user's cart."""

from __future__ import annotations

import sqlite3

from aiohttp import web

from services.common.clock import utc_now
from services.common.errors import NotFound, Unavailable
from services.common.idempotency import BEGUN, KEY, Answer, attempt
from services.common.keys import PRINCIPAL, SETTINGS
from services.common.recovery import advance_and_answer
from services.common.tracing import current_request_id

from . import store
from .messages import NewItem, NewOrder
from .model import Item
from .peers import Peers

CART_READS = 3
SECONDS_TO_PAY: web.AppKey[float] = web.AppKey("seconds_to_pay", float)


async def create_order(request: web.Request, new: NewOrder) -> web.Response:
    """Order what is named, or what is in the user's cart; the stock is held until it is paid.

    202 when the catalog did not answer in time: the order is finished in the background, and a
    repeat with the same key tells how it stands.
    """
    if not request[PRINCIPAL].may_act_for(new.user_id):
        raise NotFound(f"There is no user {new.user_id}", code="user_not_found")
    begun = request.get(BEGUN)
    placed = await _place(request, new) if begun is None else store.Placed(begun, 201)
    if isinstance(placed, Answer):
        return placed.response()
    request_id = current_request_id()

    def as_it_stands(conn: sqlite3.Connection) -> Answer:
        order = store.get_order(conn, placed.order_id)
        return order.checkout_answer(placed.success, request_id)

    return await advance_and_answer(request, placed.order_id, as_it_stands)


async def _place(request: web.Request, new: NewOrder) -> store.Placed | Answer:
    """Write the order down, or the refusal of it under the request's key.

    Raises Unavailable where the cart cannot be read.
    """
    for _ in range(CART_READS):
        if new.items is None:
            cart = await Peers(request.app).read_cart(new.user_id)
            items = [Item(product_id=i.product_id, quantity=i.quantity) for i in cart.items]
            version = cart.version
        else:
            items, version = [_item(item) for item in new.items], None
        checkout = store.Checkout(
            user_id=new.user_id,
            items=items,
            expected_total_cents=new.expected_total,
            cart_version=version,
            currency=request.app[SETTINGS].currency,
            seconds_to_pay=request.app[SECONDS_TO_PAY],
        )
        try:
            return await attempt(
                request,
                store.place_order,
                checkout,
                request.get(KEY),
                utc_now(),
                current_request_id(),
            )
        except store.StaleCart:
            continue
    raise Unavailable("The cart keeps changing; nothing was done", code="cart_unavailable")


def _item(item: NewItem) -> Item:
    return Item(
        product_id=item.product_id,
        quantity=item.quantity,
        expected_cents=None if item.price is None else int(item.price),
    )
