"""The cart's routes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from aiohttp import web

from services.common import wire
from services.common.app import service_app
from services.common.clock import utc_now
from services.common.database import DatabaseError
from services.common.idempotency import Answer, once
from services.common.keys import DATABASE, SETTINGS
from services.common.logs import logger
from services.common.routing import Access, Nothing, Route, own_user, path_id, path_user
from services.common.settings import Settings

from . import store
from .model import NOT_FOUND, Added, Addition, Cart, Close, NewQuantity, Shelf
from .peers import ask_catalog


def create_app(settings: Settings) -> web.Application:
    """The cart service."""
    return service_app(
        settings,
        ROUTES,
        database="carts.db",
        schema=Path(__file__).parent / "schema.sql",
        peers=["catalog"],
    )


async def get_cart(request: web.Request, _parameters: Nothing) -> web.Response:
    """A user's cart, priced as the catalog has it now."""
    user_id = own_user(request)
    shelf = await _shelf(request, user_id)
    await _remember(request, user_id, shelf)
    cart = await request.app[DATABASE].read(store.read_cart, user_id, shelf, _currency(request))
    return web.json_response(body=wire.encode(cart))


async def add(request: web.Request, addition: Addition) -> web.Response:
    """Put units of a product in; the same product adds up.

    While no catalog answers, the line is kept and checked later.
    """
    user_id = own_user(request)
    shelf = await _shelf(request, user_id, addition.product_id)

    def added(cart: Cart) -> Answer:
        return Answer.of(
            Added(
                message="Item added to cart",
                cart=cart.items,
                total_amount=cart.total_amount,
                currency=cart.currency,
                version=cart.version,
            )
        )

    return await once(
        request,
        added,
        store.add_units,
        user_id,
        addition.product_id,
        addition.quantity,
        shelf,
        _currency(request),
        utc_now(),
    )


async def set_quantity(request: web.Request, new: NewQuantity) -> web.Response:
    """Make it this many units of a product; 0 removes it."""
    return await _set(request, new.quantity)


async def remove_item(request: web.Request, _parameters: Nothing) -> web.Response:
    """Take a product out."""
    return await _set(request, 0)


async def clear_cart(request: web.Request, _parameters: Nothing) -> web.Response:
    """Take everything out."""
    user_id = own_user(request)
    cart = await request.app[DATABASE].write(
        store.clear_cart, user_id, Shelf(None), _currency(request), utc_now()
    )
    return web.json_response(body=wire.encode(cart))


async def close_cart(request: web.Request, close: Close) -> web.Response:
    """The cart has become an order: take out what it held at that version. Once an order."""
    return await once(
        request,
        Answer.of,
        store.close_cart,
        path_user(request),
        close.order_id,
        close.version,
        _currency(request),
        utc_now(),
    )


async def _set(request: web.Request, quantity: int) -> web.Response:
    user_id = own_user(request)
    product_id = path_id(request, "product_id", "product_not_found", NOT_FOUND)
    shelf = await _shelf(request, user_id, product_id)
    cart = await request.app[DATABASE].write(
        store.set_units, user_id, product_id, quantity, shelf, _currency(request), utc_now()
    )
    return web.json_response(body=wire.encode(cart))


async def _shelf(request: web.Request, user_id: str, *more: int) -> Shelf:
    """What the catalog says of all that is in the cart, and of `more`."""
    in_cart: Iterable[int] = await request.app[DATABASE].read(store.products_in_cart, user_id)
    return await ask_catalog(request.app, {*in_cart, *more})


async def _remember(request: web.Request, user_id: str, shelf: Shelf) -> None:
    """Keep what the catalog said, if it is news. Where that cannot be, the cart is shown still."""
    database = request.app[DATABASE]
    if await database.read(store.is_news, user_id, shelf):
        try:
            await database.write(store.learn, user_id, shelf)
        except DatabaseError as error:
            logger.warning("what the catalog said is not kept", extra={"reason": str(error)})


def _currency(request: web.Request) -> str:
    return request.app[SETTINGS].currency


CUSTOMER = Access.CUSTOMER
ROUTES = [
    Route("GET", "/cart/{user_id}", get_cart, CUSTOMER, gives=Cart),
    Route(
        "POST",
        "/cart/{user_id}/add",
        add,
        CUSTOMER,
        takes=Addition,
        query_or_body=True,
        gives=Added,
        refusals=("product_not_found", "too_many_units", "too_many_lines"),
        idempotent=True,
    ),
    Route(
        "PUT",
        "/cart/{user_id}/items/{product_id}",
        set_quantity,
        CUSTOMER,
        takes=NewQuantity,
        gives=Cart,
        refusals=("product_not_found", "too_many_units", "too_many_lines"),
    ),
    Route("DELETE", "/cart/{user_id}/items/{product_id}", remove_item, CUSTOMER, gives=Cart),
    Route("DELETE", "/cart/{user_id}", clear_cart, CUSTOMER, gives=Cart),
    Route("POST", "/cart/{user_id}/close", close_cart, takes=Close, gives=Cart, idempotent=True),
]
