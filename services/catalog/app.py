"""The catalog's routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from aiohttp import web

from services.common import wire
from services.common.app import service_app
from services.common.clock import utc_now
from services.common.conditional import cacheable, matched_versions
from services.common.errors import Invalid
from services.common.idempotency import Answer, once
from services.common.keys import DATABASE, SETTINGS
from services.common.logs import logger
from services.common.paging import next_link
from services.common.refusal import Refusal
from services.common.routing import Access, Handler, Nothing, Route, path_id
from services.common.settings import Settings

from . import listing, reservations, store
from .demo import demo_products, open_shop
from .model import (
    NOT_FOUND,
    Category,
    NewProduct,
    Product,
    ProductChanges,
    ProductQuery,
    StockChange,
)
from .reservation_rules import Move, Reservation, Wanted


@dataclass(frozen=True, kw_only=True)
class CatalogSettings(Settings):
    """`demo` fills a new catalog with demo goods."""

    demo: bool = False


def create_app(settings: CatalogSettings) -> web.Application:
    """The catalog service."""

    async def opened(app: web.Application) -> AsyncIterator[None]:
        products = demo_products() if settings.demo else []
        first = await app[DATABASE].write(open_shop, products, settings.currency, utc_now())
        if first:
            logger.info("the shop is new", extra={"products": len(products)})
        yield

    return service_app(
        settings,
        ROUTES,
        database="products.db",
        schema=Path(__file__).parent / "schema.sql",
        resources=[opened],
    )


async def list_products(request: web.Request, query: ProductQuery) -> web.Response:
    """The products, filtered, sorted and in pages."""
    products, after = await request.app[DATABASE].read(listing.list_products, query)
    return cacheable(request, wire.encode(products), headers=next_link(request, after))


async def get_product(request: web.Request, _parameters: Nothing) -> web.Response:
    """One product."""
    product = await request.app[DATABASE].read(store.get_product, _product_id(request))
    return cacheable(request, wire.encode(product), product.etag)


async def list_categories(request: web.Request, _parameters: Nothing) -> web.Response:
    """The categories, and how many products each has."""
    categories = await request.app[DATABASE].read(listing.list_categories)
    return cacheable(request, wire.encode(categories))


async def add_product(request: web.Request, product: NewProduct) -> web.Response:
    """Add a product."""

    def created(added: Product) -> Answer:
        return Answer.of(added, 201, {"Location": f"/products/{added.id}", "ETag": added.etag})

    currency = request.app[SETTINGS].currency
    return await once(request, created, store.add_product, product, currency, utc_now())


async def edit_product(request: web.Request, changes: ProductChanges) -> web.Response:
    """Change what the body names of a product; `If-Match` guards against another's edit."""
    product = await request.app[DATABASE].write(
        store.edit_product, _product_id(request), changes, matched_versions(request), utc_now()
    )
    return web.json_response(body=wire.encode(product), headers={"ETag": product.etag})


async def delete_product(request: web.Request, _parameters: Nothing) -> web.Response:
    """Take a product off the shelves: no longer listed or sold. Orders keep their lines."""
    await request.app[DATABASE].write(
        store.delete_product, _product_id(request), matched_versions(request), utc_now()
    )
    return web.Response(status=204)


async def adjust_stock(request: web.Request, change: StockChange) -> web.Response:
    """Add units to a product's stock, or take some away."""
    return await once(
        request, _with_etag, store.adjust_stock, _product_id(request), change, utc_now()
    )


async def put_reservation(request: web.Request, wanted: Wanted) -> web.Response:
    """Hold all that an order wants, or nothing. Repeated: the same answer."""
    order_id = _order_id(request)
    held = await request.app[DATABASE].write(
        reservations.hold, order_id, wanted, request.app[SETTINGS].currency, utc_now()
    )
    if isinstance(held, Refusal):
        raise held.problem(order_id=order_id)
    return web.json_response(body=wire.encode(held))


async def get_reservation(request: web.Request, _parameters: Nothing) -> web.Response:
    """What an order holds, or held."""
    reservation = await request.app[DATABASE].read(reservations.get_reservation, _order_id(request))
    return web.json_response(body=wire.encode(reservation))


async def commit_reservation(request: web.Request, _parameters: Nothing) -> web.Response:
    """The order is paid: what it held is sold."""
    return await _move(request, "commit")


async def release_reservation(request: web.Request, _parameters: Nothing) -> web.Response:
    """The order is off: what it held is on sale again."""
    return await _move(request, "release")


async def return_reservation(request: web.Request, _parameters: Nothing) -> web.Response:
    """The order is refunded: what it had is on sale again."""
    return await _move(request, "return")


async def _move(request: web.Request, move: Move) -> web.Response:
    currency = request.app[SETTINGS].currency
    return await once(
        request, Answer.of, reservations.move, _order_id(request), move, currency, utc_now()
    )


def _move_route(move: Move, handler: Handler, refusals: tuple[str, ...] = ()) -> Route:
    path = f"/reservations/{{order_id}}/{move}"
    return Route("POST", path, handler, gives=Reservation, refusals=refusals, idempotent=True)


def _with_etag(product: Product) -> Answer:
    return Answer.of(product, 200, {"ETag": product.etag})


def _product_id(request: web.Request) -> int:
    return path_id(request, "product_id", "product_not_found", NOT_FOUND)


def _order_id(request: web.Request) -> str:
    try:
        return str(msgspec.convert(request.match_info["order_id"].lower(), wire.Uuid))
    except msgspec.ValidationError:
        raise Invalid("order_id: expected a UUID") from None


CUSTOMER = Access.CUSTOMER
ROUTES = [
    Route("GET", "/products", list_products, CUSTOMER, takes=ProductQuery, gives=list[Product]),
    Route(
        "GET",
        "/products/{product_id}",
        get_product,
        CUSTOMER,
        gives=Product,
        refusals=("product_not_found",),
    ),
    Route("GET", "/categories", list_categories, CUSTOMER, gives=list[Category]),
    Route(
        "POST",
        "/products",
        add_product,
        takes=NewProduct,
        gives=Product,
        status=201,
        refusals=("sku_taken",),
        idempotent=True,
    ),
    Route(
        "PATCH",
        "/products/{product_id}",
        edit_product,
        takes=ProductChanges,
        gives=Product,
        refusals=("product_not_found", "sku_taken", "version_mismatch"),
    ),
    Route(
        "DELETE",
        "/products/{product_id}",
        delete_product,
        status=204,
        refusals=("product_not_found", "version_mismatch"),
    ),
    Route(
        "POST",
        "/products/{product_id}/stock",
        adjust_stock,
        takes=StockChange,
        gives=Product,
        refusals=("product_not_found", "insufficient_stock"),
        idempotent=True,
    ),
    Route(
        "PUT",
        "/reservations/{order_id}",
        put_reservation,
        takes=Wanted,
        gives=Reservation,
        refusals=(
            "product_not_found",
            "price_changed",
            "insufficient_stock",
            "order_total_zero",
            "reservation_closed",
            "reservation_mismatch",
        ),
    ),
    Route(
        "GET",
        "/reservations/{order_id}",
        get_reservation,
        gives=Reservation,
        refusals=("reservation_not_found",),
    ),
    _move_route(
        "commit", commit_reservation, refusals=("reservation_not_found", "reservation_closed")
    ),
    _move_route("release", release_reservation, refusals=("reservation_committed",)),
    _move_route("return", return_reservation),
]
