"""Routes as data: who may call, what is taken, what is given. One pipeline serves them all.

A request is refused in the order of the contract: 404 and 405 of the route, then here 401, 403,
413, 415, 400, 422, and only then does the handler look at the thing itself.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec
from aiohttp import web

from . import wire
from .errors import (
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    OutcomeUnknown,
    PayloadTooLarge,
    RequestTimeout,
    Unavailable,
    UnsupportedMediaType,
)
from .idempotency import with_key
from .keys import KEYRING, PRINCIPAL, SETTINGS
from .lifecycle import LIFECYCLE

BODY_LIMIT = 64 * 1024

Handler = Callable[[web.Request, Any], Awaitable[web.StreamResponse]]


class Access(Enum):
    """Who may call a route."""

    PUBLIC = "anyone"
    CUSTOMER = "a customer or the operator"
    OPERATOR = "the operator"


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """Takes no parameters at all."""


@dataclass(frozen=True)
class Route:
    """One route.

    `takes` is the type of the query string of a GET and of the JSON body of anything else; with
    `query_or_body` either may hold it, but not both. `gives` and `status` describe the success;
    `refusals` are the codes that the thing itself can answer with, for the documentation.
    `idempotent` routes honour `Idempotency-Key`. `streams` have no deadline and are
    counted apart; `quiet` routes leave no log line. A `raw` route takes any query and any body: its
    handler is given the body's bytes, and keeps a deadline of its own.
    """

    method: str
    path: str
    handler: Handler
    access: Access = Access.OPERATOR
    takes: type[msgspec.Struct] = Nothing
    gives: Any = None
    status: int = 200
    refusals: tuple[str, ...] = ()
    query_or_body: bool = False
    idempotent: bool = False
    streams: bool = False
    quiet: bool = False
    raw: bool = False

    @property
    def has_body(self) -> bool:
        """Whether a request may have a JSON body."""
        return self.takes is not Nothing and self.method != "GET"

    @property
    def has_query(self) -> bool:
        """Whether a request may have a query string."""
        return self.takes is not Nothing and (self.method == "GET" or self.query_or_body)


ROUTE: web.RequestKey[Route] = web.RequestKey("route", Route)
ROUTES: web.AppKey[Sequence[Route]] = web.AppKey("routes", Sequence)
"""All that an application serves."""


def add_routes(app: web.Application, routes: Sequence[Route]) -> None:
    """Serve `routes` in `app`, each through the pipeline."""
    app[ROUTES] = routes
    for route in routes:
        app.router.add_route(route.method, route.path, _pipeline(route))


def _pipeline(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def serve(request: web.Request) -> web.StreamResponse:
        request[ROUTE] = route
        if route.access is Access.PUBLIC:
            return await route.handler(request, await _parameters(request, route))
        lifecycle = request.app[LIFECYCLE]
        lifecycle.check_addressee(request)
        with lifecycle.one_request(stream=route.streams):
            parameters = await _authorized_parameters(request, route)
            if route.streams or route.raw:
                return await route.handler(request, parameters)
            return await _within_deadline(request, route, parameters)

    return serve


async def _authorized_parameters(request: web.Request, route: Route) -> msgspec.Struct | bytes:
    request[PRINCIPAL] = request.app[KEYRING].authenticate(request)
    if route.access is Access.OPERATOR and not request[PRINCIPAL].is_operator:
        raise Forbidden("This takes the operator key; a customer token will not do.")
    return await _parameters(request, route)


async def _within_deadline(
    request: web.Request, route: Route, parameters: Any
) -> web.StreamResponse:
    try:
        async with asyncio.timeout(request.app[SETTINGS].request_deadline):
            if route.idempotent:
                return await with_key(request, parameters, route.handler)
            return await route.handler(request, parameters)
    except TimeoutError:
        if request.method == "GET":
            raise Unavailable("This took too long; nothing was changed", code="too_slow") from None
        raise OutcomeUnknown(
            "Begun, and not known to have ended; ask again, with the same Idempotency-Key if it"
            " had one"
        ) from None


async def _parameters(request: web.Request, route: Route) -> msgspec.Struct | bytes:
    body = await _read_body(request)
    if route.raw:
        return body
    if body and route.method == "GET":
        raise Invalid("A GET takes no body")
    value: Any = _parse_body(request, body) if body else None
    query = request.query
    if len(set(query)) != len(query):
        raise Invalid("A query parameter is there twice")
    if query and not route.has_query:
        raise Invalid(f"Unknown query parameter {next(iter(query))}")
    if query and body:
        raise Invalid("Parameters come in the query string or in the body, not in both")
    if query:
        value = wire.parse_query(query, route.takes)
    return wire.build(value if query or body else {}, route.takes)


async def _read_body(request: web.Request) -> bytes:
    if not request.can_read_body:
        return b""
    too_large = PayloadTooLarge(f"A request body may have {BODY_LIMIT} bytes")
    if request.content_length is not None and request.content_length > BODY_LIMIT:
        raise too_large
    seconds = request.app[SETTINGS].body_seconds
    try:
        async with asyncio.timeout(seconds):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise too_large from None
    except TimeoutError:
        raise RequestTimeout(f"The body did not arrive within {seconds:g} s") from None
    except web.RequestPayloadError as error:
        raise Malformed(f"The body cannot be read: {error}") from None


def _parse_body(request: web.Request, body: bytes) -> Any:
    if request.content_type != "application/json":
        raise UnsupportedMediaType("The body must be JSON, with Content-Type: application/json")
    try:
        charset = (request.charset or "utf-8").lower()
    except ValueError:
        charset = "unreadable"
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType("JSON is UTF-8 here")
    return wire.parse_json(body)


def path_id(request: web.Request, name: str, code: str, detail: str) -> int:
    """A positive integer from the path; else raises NotFound, `detail` filled with the text."""
    text = request.match_info[name]
    if re.fullmatch(r"[1-9][0-9]{0,18}", text) and int(text) <= wire.LARGEST_INTEGER:
        return int(text)
    raise NotFound(detail.format(text[:40]), code=code)


def path_uuid(request: web.Request, name: str, code: str, detail: str) -> str:
    """A UUID from the path, in lower case; else raises NotFound as `path_id` does."""
    text = request.match_info[name]
    try:
        return str(msgspec.convert(text.lower(), wire.Uuid))
    except msgspec.ValidationError:
        raise NotFound(detail.format(text[:40]), code=code) from None


def path_user(request: web.Request) -> str:
    """The user id from the path. Raises Invalid."""
    try:
        return msgspec.convert(request.match_info["user_id"], wire.UserId)
    except msgspec.ValidationError:
        raise Invalid(f"user_id: {wire.USER_ID}") from None


def own_user(request: web.Request) -> str:
    """The user id from the path, if the caller may act for it. Raises Invalid, NotFound."""
    user_id = path_user(request)
    if not request[PRINCIPAL].may_act_for(user_id):
        raise NotFound(f"There is no cart of {user_id}", code="cart_not_found")
    return user_id
