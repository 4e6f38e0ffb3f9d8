"""The pipeline that serves all routes.

A request is rejected in the order that services/contract.md tells: 403 of its Host and 421 in
addressee.py, then here 404, 405, 503, 401, 403, 429, 413, 408, 415, 400, 422. Only then does the
handler look at the thing itself. All up to 429 is known at the header, so who is rejected for it
sends a body in vain; what a handler forbids or bounds by itself is known later. A slot is taken
once the body is there, and given back before the answer is sent: nobody holds one by being slow.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from ..core.errors import Forbidden, MethodNotAllowed, NotFound, OutcomeUnknown, Unavailable
from .admission import admit, authenticate
from .auth import shows_key
from .idempotency import KeyedRequest, serve_keyed
from .keys import PART, PRINCIPAL, SETTINGS, TOKEN_RENEWAL
from .lifecycle import LIFECYCLE
from .parameters import parse_parameters, read_body
from .request import Request
from .routing import NO_ROUTE, ROUTE, ROUTE_TABLE, Access, Nothing, Route
from .unsent import UNSENT


async def serve_route(request: Request) -> web.StreamResponse:
    """Answer a request by its route. Raises the Problem that it is rejected with."""
    app = request.app
    try:
        route, request.match_info = app[ROUTE_TABLE].find(request.method, request.rel_url.path_safe)
    except NotFound:
        if NO_ROUTE in app:
            return await app[NO_ROUTE](request)
        raise
    except MethodNotAllowed as problem:
        if request.method == "OPTIONS":
            return web.Response(status=204, headers=problem.headers)
        raise
    request[ROUTE] = route
    if PART in request and not route.fits_in_batch:
        raise NotFound("There is no such route in a batch")
    if route.access is Access.PUBLIC and not route.counted:
        if route.renews and shows_key(request):
            request[PRINCIPAL] = authenticate(request, expired=app[TOKEN_RENEWAL])
        if not route.ungated:
            admit(request)
        return await _handle(request, route, await _parameters(request, route))
    lifecycle = app[LIFECYCLE]
    lifecycle.require_room(stream=route.streams)
    app[UNSENT].require_room()
    if route.access is not Access.PUBLIC:
        _authorize(request, route)
    admit(request)
    parameters = await _parameters(request, route)
    with lifecycle.request_slot(stream=route.streams):
        if route.streams or route.raw:
            return await _handle(request, route, parameters)
        return await _handle_within_deadline(request, route, parameters)


def _authorize(request: web.Request, route: Route) -> None:
    request[PRINCIPAL] = authenticate(request)
    if route.access is Access.OPERATOR and not request[PRINCIPAL].is_operator:
        raise Forbidden("This takes the operator key; a customer token will not do.")


async def _parameters(request: Request, route: Route) -> Any:
    body = await read_body(request, route.body_limit)
    if route.raw:
        return body
    return parse_parameters(request, body, route.takes, takes_query=route.has_query)


async def _handle(request: web.Request, route: Route, parameters: Any) -> web.StreamResponse:
    arguments = () if route.takes is Nothing and not route.raw else (parameters,)
    if not route.idempotent:
        return await route.handler(request, *arguments)

    async def handle(keyed: KeyedRequest) -> web.StreamResponse:
        return await route.handler(request, *arguments, keyed)

    return await serve_keyed(request, parameters, handle)


async def _handle_within_deadline(
    request: web.Request, route: Route, parameters: Any
) -> web.StreamResponse:
    seconds = request.app[SETTINGS].request_deadline
    if PART in request:
        seconds = min(seconds, request[PART].deadline)
    try:
        async with asyncio.timeout(seconds):
            return await _handle(request, route, parameters)
    except TimeoutError:
        if route.method == "GET":
            raise Unavailable("This took too long; nothing was changed", code="too_slow") from None
        raise OutcomeUnknown(
            "Begun, and not known to have ended; ask again, with the same Idempotency-Key if it"
            " had one"
        ) from None
