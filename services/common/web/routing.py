"""Routes as data: who may call them, what they take and what they give. One pipeline serves all.

A request is rejected in the order that services/contract.md tells: 403 of its Host, 421, 404 and
405 of the route, then here 503, 401, 403, 429, 413, 408, 415, 400, 422. Only then does the handler
look at the thing itself. All up to 429 is known at the header, so who is rejected for it sends a
body in vain; what a handler forbids or bounds by itself is known later. A slot is taken once the
body is there, and given back before the answer is sent: nobody holds one by being slow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from ..core.errors import Forbidden, NotFound, OutcomeUnknown, Unavailable
from .admission import admit, authenticate
from .auth import shows_key
from .idempotency import KeyedRequest, serve_keyed
from .keys import PART, PRINCIPAL, SETTINGS, TOKEN_RENEWAL
from .lifecycle import LIFECYCLE
from .parameters import BODY_LIMIT, parse_parameters, read_body
from .unsent import UNSENT

Handler = Callable[..., Awaitable[web.StreamResponse]]
"""Called with the request, then with its parameters if the route takes any, then with the
KeyedRequest if the route is idempotent.
"""


class Access(Enum):
    """Who may call a route."""

    PUBLIC = "anyone"
    CUSTOMER = "a customer or the operator"
    OPERATOR = "the operator"


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """The type of no parameters at all."""


@dataclass(frozen=True)
class Route:
    """One route.

    `takes` is the type of the query string of a GET, and of the JSON body of other methods; with
    `query_or_body` the parameters may come in either, but not in both. `gives` and `status`
    describe the success; it may `also` have these statuses. `examples` are of its bodies by
    status, where its type does not give any; `shows` are values in them that are others than
    elsewhere, by the names of fields (examples.py). `rejections` are the codes of the
    handler's own rejections, for the documentation. `idempotent` routes honour `Idempotency-Key`.
    Routes that `streams` have no deadline, and are counted apart; `quiet` routes write no log line.
    A `raw` route takes any query and any body: its handler gets the body's bytes, and keeps a
    deadline of its own. `ungated` routes are served whatever else has been asked for, and
    however much waits to be read: a probe must not fail for that. A public route that `renews`
    authenticates whoever shows a key or a token, before the gates; a token that has expired will do
    for as long as it can be renewed. A public route that is `counted` takes a slot and has a
    deadline, as those have that take a key. A body may have `body_limit` bytes.
    """

    method: str
    path: str
    handler: Handler
    access: Access = Access.OPERATOR
    takes: type[msgspec.Struct] = Nothing
    gives: Any = None
    status: int = 200
    also: tuple[int, ...] = ()
    examples: Mapping[int, Any] = field(default_factory=dict)
    shows: Mapping[str, Any] = field(default_factory=dict)
    rejections: tuple[str, ...] = ()
    query_or_body: bool = False
    idempotent: bool = False
    streams: bool = False
    quiet: bool = False
    raw: bool = False
    ungated: bool = False
    renews: bool = False
    counted: bool = False
    body_limit: int = BODY_LIMIT

    @property
    def methods(self) -> tuple[str, ...]:
        """What it is asked with: a HEAD is answered as the GET, without the body (RFC 9110)."""
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)

    @property
    def has_body(self) -> bool:
        """Whether a request may have a JSON body."""
        return self.takes is not Nothing and self.method != "GET"

    @property
    def has_query(self) -> bool:
        """Whether a request may have a query string."""
        return self.takes is not Nothing and (self.method == "GET" or self.query_or_body)

    @property
    def fits_in_batch(self) -> bool:
        """Whether it may be a part of a batch: its answer comes whole, and is JSON or nothing."""
        tells = self.gives not in (None, str) or self.status == HTTPStatus.NO_CONTENT
        return tells and not (self.raw or self.streams)


ROUTE: web.RequestKey[Route] = web.RequestKey("route", Route)
ROUTES: web.AppKey[Sequence[Route]] = web.AppKey("routes", Sequence)
"""All routes of an application."""


def add_routes(app: web.Application, routes: Sequence[Route]) -> None:
    """Serve `routes` in `app`, each through the pipeline."""
    app[ROUTES] = routes
    for route in routes:
        serve = _pipeline(route)
        resource = app.router.add_resource(route.path)
        for method in route.methods:
            resource.add_route(method, serve)


def _pipeline(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def serve(request: web.Request) -> web.StreamResponse:
        request[ROUTE] = route
        if PART in request and not route.fits_in_batch:
            raise NotFound("There is no such route in a batch")
        if route.access is Access.PUBLIC and not route.counted:
            if route.renews and shows_key(request):
                request[PRINCIPAL] = authenticate(request, expired=request.app[TOKEN_RENEWAL])
            if not route.ungated:
                admit(request)
            return await _handle(request, route, await _parameters(request, route))
        lifecycle = request.app[LIFECYCLE]
        lifecycle.require_room(stream=route.streams)
        request.app[UNSENT].require_room()
        if route.access is not Access.PUBLIC:
            _authorize(request, route)
        admit(request)
        parameters = await _parameters(request, route)
        with lifecycle.request_slot(stream=route.streams):
            if route.streams or route.raw:
                return await _handle(request, route, parameters)
            return await _handle_within_deadline(request, route, parameters)

    return serve


def _authorize(request: web.Request, route: Route) -> None:
    request[PRINCIPAL] = authenticate(request)
    if route.access is Access.OPERATOR and not request[PRINCIPAL].is_operator:
        raise Forbidden("This takes the operator key; a customer token will not do.")


async def _parameters(request: web.Request, route: Route) -> Any:
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
