"""Who is let through at the storefront: the gates for addresses and for customers' rates."""

from __future__ import annotations

from aiohttp import web

from services.common.web.addresses import address_of
from services.common.web.admission import Gate, Places, customer_of
from services.common.web.auth import OPERATOR
from services.common.web.keys import PRINCIPAL
from services.common.web.routing import ROUTE, Access
from services.common.web.token_buckets import TokenBuckets


def places_for_addresses(most: int) -> Gate:
    """A gate that lets each address have `most` requests at once; the operator has no bound."""
    places = Places(most)

    def gate(request: web.Request) -> None:
        if request.get(PRINCIPAL) != OPERATOR:
            places.take(address_of(request), request)

    return gate


def rate_of_customers(rate: float, burst: float) -> Gate:
    """A gate that lets each customer through `burst` times, and `rate` times a second after that.

    The operator has no bound.
    """
    buckets = TokenBuckets(rate, burst)

    def gate(request: web.Request) -> None:
        if (user_id := customer_of(request)) is not None:
            buckets.take(user_id)

    return gate


def rate_without_a_key(rate: float, burst: float) -> Gate:
    """A gate that lets each address ask for what needs no key, and is asked of the services, as
    often as `rate_of_customers` lets a customer.
    """
    buckets = TokenBuckets(rate, burst)

    def gate(request: web.Request) -> None:
        route = request.get(ROUTE)
        if route is not None and route.access is Access.PUBLIC and route.counted:
            buckets.take(address_of(request))

    return gate
