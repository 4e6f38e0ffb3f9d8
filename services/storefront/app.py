"""The storefront's routes: the shop's page, customer sessions, and the gateway to the services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from services.common.core.arguments import SettingsError
from services.common.core.settings import Settings
from services.common.pages.files import page_routes, send_file
from services.common.process.app import service_app
from services.common.web.keys import TOKEN_LIFETIME
from services.common.web.routing import Access, Route

from .gateway import OWNERS, gateway, gateway_routes
from .limits import ADDRESSES, CUSTOMERS, TokenBuckets
from .sessions import Session, begin_session


@dataclass(frozen=True, kw_only=True)
class StorefrontSettings(Settings):
    """`session_seconds` is how long a token lasts. A customer may make `customer_rate` requests per
    second, and `customer_burst` at once; an address may begin `session_rate` sessions per minute,
    and `session_burst` at once.
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
    app.middlewares.append(answer_not_found_with_page)
    app[TOKEN_LIFETIME] = timedelta(seconds=settings.session_seconds)
    app[CUSTOMERS] = TokenBuckets(settings.customer_rate, settings.customer_burst)
    app[ADDRESSES] = TokenBuckets(settings.session_rate / 60, settings.session_burst)
    return app


@web.middleware
async def answer_not_found_with_page(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Respond to a browser that follows a broken link with the page, which explains it (404)."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        reads_pages = "text/html" in request.headers.get("Accept", "")
        is_call = f"{request.path}/".startswith("/api/") or request.method not in ("GET", "HEAD")
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
        rejections=("invalid_api_key", "cross_site_request", "too_many_requests"),
    ),
    *gateway_routes(),
    *page_routes(PAGES, VIEWS),
]
