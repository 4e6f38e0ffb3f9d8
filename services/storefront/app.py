"""The storefront's routes: the shop's page, customers' sessions, and the way to the services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from services.common.app import service_app
from services.common.pages import page_routes, send_file
from services.common.routing import Access, Route
from services.common.settings import Settings, SettingsError

from .gateway import OWNERS, gateway, gateway_routes
from .limits import ADDRESSES, CUSTOMERS, TokenBuckets
from .sessions import LIFETIME, Session, begin_session


@dataclass(frozen=True, kw_only=True)
class StorefrontSettings(Settings):
    """`session_seconds` is how long a token lasts. A customer may make `customer_rate` requests a
    second, an address begin `session_rate` sessions a minute, and both so many at once.
    """

    session_seconds: float = 7 * 24 * 3600.0
    customer_rate: float = 50.0
    customer_burst: float = 100.0
    session_rate: float = 30.0
    session_burst: float = 60.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.customer_burst, self.session_burst) < 1:
            raise SettingsError(
                "A burst below 1 lets nobody in: see --customer-burst and --session-burst."
            )


def create_app(settings: StorefrontSettings) -> web.Application:
    """The storefront."""
    app = service_app(settings, ROUTES, peers=sorted(set(OWNERS.values())), resources=[gateway])
    app.middlewares.append(show_page_all_the_same)
    app[LIFETIME] = timedelta(seconds=settings.session_seconds)
    app[CUSTOMERS] = TokenBuckets(settings.customer_rate, settings.customer_burst)
    app[ADDRESSES] = TokenBuckets(settings.session_rate / 60, settings.session_burst)
    return app


@web.middleware
async def show_page_all_the_same(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give somebody who follows a broken link the page, which says so better than we could."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        reads_pages = "text/html" in request.headers.get("Accept", "")
        is_call = f"{request.path}/".startswith("/api/") or request.method != "GET"
        if is_call or not reads_pages:
            raise
        return await send_file(request, PAGES, "index.html", status=404)


PAGES = Path(__file__).parent / "pages"
VIEWS = [
    "/",
    "/products/{product_id}",
    "/checkout",
    "/orders",
    "/orders/{order_id}",
    "/orders/{order_id}/thanks",
]
ROUTES = [
    Route(
        "POST",
        "/api/session",
        begin_session,
        Access.PUBLIC,
        gives=Session,
        refusals=("invalid_api_key", "too_many_requests"),
    ),
    *gateway_routes(),
    *page_routes(PAGES, VIEWS),
]
