"""The storefront's routes: the shop's page, customer sessions, and the gateway to the services."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from client.errors import ShopError
from client.wire import path_segment
from services.common.core.arguments import SettingsError
from services.common.core.errors import NotFound, Unavailable
from services.common.core.settings import Settings
from services.common.core.token_keys import LONGEST_TOKEN
from services.common.durable.peers import ask
from services.common.pages.docs import WHOLE_DOCUMENT
from services.common.pages.files import page_routes, reads_pages, send_file
from services.common.process.app import service_app
from services.common.web.addresses import TRUSTED_PROXIES, read_networks
from services.common.web.admission import GATES, admit
from services.common.web.keys import TOKEN_LIFETIME, TOKEN_RENEWAL
from services.common.web.parameters import path_id, path_uuid
from services.common.web.routing import NO_ROUTE, Access, Route
from services.common.web.token_buckets import TokenBuckets

from .document import WithRoutesOfOwners
from .gateway import GATEWAY, OWNERS, gateway, gateway_routes
from .limits import places_for_addresses, rate_of_customers, rate_without_a_key
from .sessions import SESSIONS, Session, begin_session


@dataclass(frozen=True, kw_only=True)
class StorefrontSettings(Settings):
    """`session_seconds` is how long a token lasts, and `renewal_seconds` for how long after that it
    is renewed still. A customer may make `customer_rate` requests a
    second, and so may an address without a key that wants what services are asked for. An address
    may begin `session_rate` sessions a minute. Both may come in bursts. An address may have
    `address_requests` at once (0: no bound). Whose request it is, the `trusted_proxies` may tell:
    the networks (CIDR) that they are in.
    """

    session_seconds: float = 7 * 24 * 3600.0
    renewal_seconds: float = 400 * 24 * 3600.0
    customer_rate: float = 50.0
    customer_burst: float = 100.0
    session_rate: float = 30.0
    session_burst: float = 60.0
    address_requests: int = 64
    trusted_proxies: Sequence[str] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.customer_burst, self.session_burst) < 1:
            raise SettingsError(
                "A burst below 1 lets nobody in: see --customer-burst and --session-burst."
            )
        if self.session_seconds + self.renewal_seconds > LONGEST_TOKEN:
            raise SettingsError(
                "A token is of use for 30 years at most: see --session-seconds and"
                " --renewal-seconds."
            )
        try:
            read_networks(self.trusted_proxies)
        except ValueError as error:
            raise SettingsError(
                f"--trusted-proxy: {error}; give a network such as 10.0.0.0/8, or an address."
            ) from None


def create_app(settings: StorefrontSettings) -> web.Application:
    """The storefront."""
    app = service_app(settings, ROUTES, peers=sorted(set(OWNERS.values())), resources=[gateway])
    app[WHOLE_DOCUMENT] = WithRoutesOfOwners().document
    app[NO_ROUTE] = answer_with_page
    app[TOKEN_LIFETIME] = timedelta(seconds=settings.session_seconds)
    app[TOKEN_RENEWAL] = timedelta(seconds=settings.renewal_seconds)
    app[SESSIONS] = TokenBuckets(settings.session_rate / 60, settings.session_burst)
    app[TRUSTED_PROXIES] = read_networks(settings.trusted_proxies)
    app[GATES] += [
        places_for_addresses(settings.address_requests),
        rate_of_customers(settings.customer_rate, settings.customer_burst),
        rate_without_a_key(settings.customer_rate, settings.customer_burst),
    ]
    return app


async def answer_with_page(request: web.Request) -> web.StreamResponse:
    """Respond to a browser that follows a broken link with the page, which explains it (404)."""
    is_call = f"{request.path}/".startswith("/api/") or request.method not in ("GET", "HEAD")
    if is_call or not reads_pages(request):
        raise NotFound("There is no such route")
    admit(request)
    return await send_file(request, PAGES, "index.html", status=404)


async def is_there(request: web.Request) -> bool:
    """Whether what a page is about is there: a product that the catalog has, a receipt that a link
    leads to, an id that an order can have. Whose an order is, a page's request does not say, so
    nobody learns which there are.

    A service that does not answer soon leaves it to the page, which asks again.
    """
    parts = request.match_info
    try:
        async with asyncio.timeout(OWNER_SECONDS):
            if "order_id" in parts:
                path_uuid(request, "order_id", "order_not_found", "There is no order {}")
            if "product_id" in parts:
                product_id = path_id(request, "product_id", "product_not_found", "No product {}")
                await _ask(request, "catalog", f"/products/{product_id}")
            if "token" in parts:
                await _ask(request, "order", f"/receipts/{path_segment(parts['token'])}")
    except NotFound:
        return False
    except ShopError as error:
        return error.code not in {"product_not_found", "receipt_not_found"}
    except (Unavailable, TimeoutError):
        pass
    return True


async def _ask(request: web.Request, service: str, path: str) -> None:
    async with request.app[GATEWAY].turn(service, request):
        await ask(request.app, dict, service, "GET", path)


OWNER_SECONDS = 1.0
"""How long a page waits to hear whether what it is about is there."""
PAGES = Path(__file__).parent / "pages"
RECEIPT_VIEW = "/receipt/{token}"
VIEWS = [
    "/",
    "/products/{product_id}",
    "/checkout",
    "/orders",
    "/orders/{order_id}",
    "/orders/{order_id}/thanks",
    RECEIPT_VIEW,
]
ROUTES = [
    Route(
        "POST",
        "/api/session",
        begin_session,
        Access.PUBLIC,
        gives=Session,
        rejections=("invalid_api_key", "cross_site_request", "too_many_requests"),
        renews=True,
    ),
    *gateway_routes(),
    *page_routes(PAGES, VIEWS, is_there, unlisted=[RECEIPT_VIEW]),
]
