"""The cart service's routes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
from aiohttp import web

from services.common.core import wire
from services.common.core.clock import utc_now
from services.common.core.currency import Currency
from services.common.core.errors import Invalid
from services.common.core.logs import logger
from services.common.core.settings import Settings
from services.common.process.app import service_app
from services.common.storage.database import DatabaseError
from services.common.web.idempotency import KeyedRequest
from services.common.web.keys import DATABASE, PRINCIPAL, SETTINGS
from services.common.web.parameters import path_id
from services.common.web.responses import StoredResponse
from services.common.web.routing import Access, Route

from . import store, transitions
from .messages import (
    CartAddition,
    CartClose,
    CartLines,
    CartView,
    NewItem,
    NewQuantity,
    addition_response,
)
from .model import NOT_FOUND, UNANSWERED, CatalogSnapshot, cart_not_found
from .peers import ask_catalog


def create_app(settings: Settings) -> web.Application:
    """The cart service."""
    return service_app(
        settings,
        ROUTES,
        database="carts.db",
        migrations=Path(__file__).parent / "migrations",
        peers=["catalog"],
        forgets=[transitions.forget_empty_carts],
    )


async def get_cart(request: web.Request) -> web.Response:
    """A user's cart, with the catalog's current prices."""
    user_id = _own_user(request)
    catalog = await _ask_catalog(request, user_id)
    await _remember(request, user_id, catalog)
    cart = await request.app[DATABASE].lookup(store.read_cart, user_id, catalog, _currency(request))
    return _cart_response(cart)


async def get_lines(request: web.Request) -> web.Response:
    """What is in a user's cart, without asking the catalog; the order service reads this."""
    lines = await request.app[DATABASE].lookup(store.read_lines, _path_user(request))
    return web.json_response(body=wire.encode(lines))


async def add(request: web.Request, item: NewItem, keyed: KeyedRequest) -> web.Response:
    """Add units of a product to the cart. Units of the same product are one line.

    If the catalog does not answer, the line is kept, and checked later.
    """
    user_id = _own_user(request)
    catalog = await _ask_catalog(request, user_id, item.product_id)
    return await keyed.run_once(
        addition_response,
        transitions.add_units,
        user_id,
        item.product_id,
        item.quantity,
        catalog,
        _currency(request),
        utc_now(),
    )


async def set_quantity(request: web.Request, new: NewQuantity) -> web.Response:
    """Set how many units of a product are in the cart; 0 removes the line."""
    return await _set_units(request, new.quantity)


async def remove_item(request: web.Request) -> web.Response:
    """Remove a product from the cart."""
    return await _set_units(request, 0)


async def clear_cart(request: web.Request) -> web.Response:
    """Remove everything from the cart."""
    user_id = _own_user(request)
    cart = await request.app[DATABASE].write(
        transitions.clear_cart, user_id, UNANSWERED, _currency(request), utc_now()
    )
    return _cart_response(cart)


async def close_cart(request: web.Request, close: CartClose, keyed: KeyedRequest) -> web.Response:
    """Remove the units that became an order: those of the cart at `version`. Once per order."""
    return await keyed.run_once(
        StoredResponse.of,
        transitions.close_cart,
        _path_user(request),
        close.order_id,
        close.version,
        utc_now(),
    )


async def _set_units(request: web.Request, quantity: int) -> web.Response:
    user_id = _own_user(request)
    product_id = path_id(request, "product_id", "product_not_found", NOT_FOUND)
    catalog = await _ask_catalog(request, user_id, product_id)
    cart = await request.app[DATABASE].write(
        transitions.set_units, user_id, product_id, quantity, catalog, _currency(request), utc_now()
    )
    return _cart_response(cart)


async def _ask_catalog(request: web.Request, user_id: str, *more: int) -> CatalogSnapshot:
    """Ask the catalog about all products in the cart, and about `more`."""
    in_cart: Iterable[int] = await request.app[DATABASE].lookup(store.products_in_cart, user_id)
    return await ask_catalog(request.app, {*in_cart, *more})


async def _remember(request: web.Request, user_id: str, catalog: CatalogSnapshot) -> None:
    """Store what the catalog said, if it is new. If that fails, the cart is shown all the same."""
    database = request.app[DATABASE]
    if await database.lookup(store.has_news, user_id, catalog):
        try:
            await database.write(transitions.learn, user_id, catalog)
        except DatabaseError as error:
            logger.warning("the catalog's answer could not be stored", extra={"reason": str(error)})


def _path_user(request: web.Request) -> str:
    """The user id from the path. Raises Invalid."""
    try:
        return msgspec.convert(request.match_info["user_id"], wire.UserId)
    except msgspec.ValidationError:
        raise Invalid(f"user_id: {wire.USER_ID}") from None


def _own_user(request: web.Request) -> str:
    """The user id from the path, if the caller may act for it. Raises Invalid, NotFound."""
    user_id = _path_user(request)
    request[PRINCIPAL].require_access(user_id, cart_not_found(user_id))
    return user_id


def _cart_response(cart: CartView) -> web.Response:
    return web.json_response(body=wire.encode(cart))


def _currency(request: web.Request) -> Currency:
    return request.app[SETTINGS].currency


CUSTOMER = Access.CUSTOMER
ROUTES = [
    Route(
        "GET",
        "/cart/{user_id}",
        get_cart,
        CUSTOMER,
        gives=CartView,
        rejections=("cart_not_found",),
    ),
    Route(
        "POST",
        "/cart/{user_id}/add",
        add,
        CUSTOMER,
        takes=NewItem,
        query_or_body=True,
        gives=CartAddition,
        rejections=("cart_not_found", "product_not_found", "too_many_units", "too_many_lines"),
        idempotent=True,
    ),
    Route(
        "PUT",
        "/cart/{user_id}/items/{product_id}",
        set_quantity,
        CUSTOMER,
        takes=NewQuantity,
        gives=CartView,
        rejections=("cart_not_found", "product_not_found", "too_many_units", "too_many_lines"),
    ),
    Route(
        "DELETE",
        "/cart/{user_id}/items/{product_id}",
        remove_item,
        CUSTOMER,
        gives=CartView,
        rejections=("cart_not_found", "product_not_found"),
    ),
    Route(
        "DELETE",
        "/cart/{user_id}",
        clear_cart,
        CUSTOMER,
        gives=CartView,
        rejections=("cart_not_found",),
    ),
    Route(
        "POST",
        "/cart/{user_id}/close",
        close_cart,
        takes=CartClose,
        gives=CartLines,
        idempotent=True,
    ),
    Route("GET", "/cart/{user_id}/lines", get_lines, gives=CartLines),
]
