"""The catalog service's routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from aiohttp import web

from services.common.core import wire
from services.common.core.clock import utc_now
from services.common.core.errors import Invalid
from services.common.core.logs import logger
from services.common.core.rejection import Rejection
from services.common.core.settings import Settings
from services.common.process.app import service_app
from services.common.web.idempotency import KeyedRequest
from services.common.web.keys import DATABASE, SETTINGS
from services.common.web.paging import next_link
from services.common.web.parameters import path_id
from services.common.web.responses import StoredResponse
from services.common.web.routing import Access, Handler, Route

from . import products, store, transitions
from .conditional import cacheable, matched_versions
from .demo import demo_products, open_shop
from .memory import MEMORY, memory_of
from .messages import (
    Category,
    CategoryQuery,
    NewProduct,
    NewReservation,
    Product,
    ProductChanges,
    ProductQuery,
    Reservation,
    ReservationState,
    StockChange,
    created_response,
    product_response,
)
from .model import NOT_FOUND, ReservationAction


@dataclass(frozen=True, kw_only=True)
class CatalogSettings(Settings):
    """`demo` says whether a new catalog is filled with demo products."""

    demo: bool = False


def create_app(settings: CatalogSettings) -> web.Application:
    """The catalog service."""

    async def opened(app: web.Application) -> AsyncIterator[None]:
        goods = demo_products(settings.currency) if settings.demo else []
        database = app[DATABASE]
        app[MEMORY] = await memory_of(database)
        first = await database.write(open_shop, goods, settings.currency, utc_now())
        if first:
            logger.info("first start of this shop", extra={"products": len(goods)})
        yield

    return service_app(
        settings,
        ROUTES,
        database="products.db",
        migrations=Path(__file__).parent / "migrations",
        resources=[opened],
        forgets=[transitions.forget_rejected_reservations],
    )


async def list_products(request: web.Request, query: ProductQuery) -> web.Response:
    """One page of the products, filtered and sorted."""
    page = await request.app[MEMORY].page(query)
    return cacheable(request, page.json, page.etag, next_link(request, page.after))


async def get_product(request: web.Request) -> web.Response:
    """One product."""
    product = await request.app[MEMORY].product(_product_id(request))
    return cacheable(request, product.json, product.etag)


async def list_categories(request: web.Request, query: CategoryQuery) -> web.Response:
    """Every category, and how many products it has that match the search."""
    return cacheable(request, await request.app[MEMORY].categories(query))


async def add_product(
    request: web.Request, product: NewProduct, keyed: KeyedRequest
) -> web.Response:
    """Add a product."""
    currency = request.app[SETTINGS].currency
    return await keyed.run_once(
        created_response, products.add_product, product, currency, utc_now()
    )


async def edit_product(request: web.Request, changes: ProductChanges) -> web.Response:
    """Change the fields of a product that the body names; `If-Match` guards against other edits."""
    product = await request.app[DATABASE].write(
        products.edit_product, _product_id(request), changes, matched_versions(request), utc_now()
    )
    return product_response(product).to_web()


async def delete_product(request: web.Request) -> web.Response:
    """Delete a product: it is no longer listed or sold. Orders keep their lines."""
    await request.app[DATABASE].write(
        products.delete_product, _product_id(request), matched_versions(request), utc_now()
    )
    return web.Response(status=204)


async def adjust_stock(
    request: web.Request, change: StockChange, keyed: KeyedRequest
) -> web.Response:
    """Add units to a product's stock, or take units away."""
    return await keyed.run_once(
        product_response, products.adjust_stock, _product_id(request), change, utc_now()
    )


async def put_reservation(request: web.Request, wanted: NewReservation) -> web.Response:
    """Hold everything that an order wants, or nothing. A repeat gets the same response."""
    order_id = _order_id(request)
    held = await request.app[DATABASE].write(
        transitions.reserve_stock, order_id, wanted, request.app[SETTINGS].currency, utc_now()
    )
    if isinstance(held, Rejection):
        raise held.problem(order_id=order_id)
    return web.json_response(body=wire.encode(held))


async def get_reservation(request: web.Request) -> web.Response:
    """The reservation of an order: what it holds, or held."""
    reservation = await request.app[DATABASE].lookup(store.get_reservation, _order_id(request))
    return web.json_response(body=wire.encode(reservation))


async def commit_reservation(request: web.Request, keyed: KeyedRequest) -> web.Response:
    """Commit the reservation of a paid order: what it held is sold."""
    return await _change_reservation(request, keyed, "commit")


async def release_reservation(request: web.Request, keyed: KeyedRequest) -> web.Response:
    """Release the reservation of a cancelled order: what it held is available again."""
    return await _change_reservation(request, keyed, "release")


async def return_reservation(request: web.Request, keyed: KeyedRequest) -> web.Response:
    """Return the stock of a refunded order: its units are available again."""
    return await _change_reservation(request, keyed, "return")


async def _change_reservation(
    request: web.Request, keyed: KeyedRequest, action: ReservationAction
) -> web.Response:
    return await keyed.run_once(
        StoredResponse.of,
        transitions.change_reservation,
        _order_id(request),
        action,
        request.app[SETTINGS].currency,
        utc_now(),
    )


def _action_route(
    action: ReservationAction,
    handler: Handler,
    becomes: ReservationState,
    rejections: tuple[str, ...] = (),
) -> Route:
    return Route(
        "POST",
        f"/reservations/{{order_id}}/{action}",
        handler,
        gives=Reservation,
        shows={"Reservation.state": becomes},
        rejections=rejections,
        idempotent=True,
    )


def _product_id(request: web.Request) -> int:
    return path_id(request, "product_id", "product_not_found", NOT_FOUND)


def _order_id(request: web.Request) -> str:
    try:
        return str(msgspec.convert(request.match_info["order_id"].lower(), wire.Uuid))
    except msgspec.ValidationError:
        raise Invalid("order_id: expected a UUID") from None


CUSTOMER = Access.CUSTOMER
ROUTES = [
    Route(
        "GET",
        "/products",
        list_products,
        CUSTOMER,
        takes=ProductQuery,
        gives=list[Product],
        also=(304,),
    ),
    Route(
        "GET",
        "/products/{product_id}",
        get_product,
        CUSTOMER,
        gives=Product,
        also=(304,),
        rejections=("product_not_found",),
    ),
    Route(
        "GET",
        "/categories",
        list_categories,
        CUSTOMER,
        takes=CategoryQuery,
        gives=list[Category],
        also=(304,),
    ),
    Route(
        "POST",
        "/products",
        add_product,
        takes=NewProduct,
        gives=Product,
        status=201,
        rejections=("sku_taken",),
        idempotent=True,
    ),
    Route(
        "PATCH",
        "/products/{product_id}",
        edit_product,
        takes=ProductChanges,
        gives=Product,
        rejections=("product_not_found", "sku_taken", "version_mismatch"),
    ),
    Route(
        "DELETE",
        "/products/{product_id}",
        delete_product,
        status=204,
        rejections=("product_not_found", "version_mismatch"),
    ),
    Route(
        "POST",
        "/products/{product_id}/stock",
        adjust_stock,
        takes=StockChange,
        gives=Product,
        rejections=("product_not_found", "insufficient_stock"),
        idempotent=True,
    ),
    Route(
        "PUT",
        "/reservations/{order_id}",
        put_reservation,
        takes=NewReservation,
        gives=Reservation,
        rejections=(
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
        rejections=("reservation_not_found",),
    ),
    _action_route(
        "commit",
        commit_reservation,
        "COMMITTED",
        rejections=("reservation_not_found", "reservation_closed"),
    ),
    _action_route(
        "release", release_reservation, "RELEASED", rejections=("reservation_committed",)
    ),
    _action_route("return", return_reservation, "RETURNED"),
]
