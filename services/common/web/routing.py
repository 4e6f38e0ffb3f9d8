"""Routes as data: who may call them, what they take and what they give; and how the route of a path
is found.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

from ..core.errors import MethodNotAllowed, NotFound
from .request import BODY_LIMIT

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


_NAME = re.compile(r"\{(\w+)(?::([^{}]+))?\}")
_ONE_SEGMENT = "[^{}/]+"


@dataclass
class _Path:
    """A path as routes write it, with names in it, and the route for each method."""

    pattern: re.Pattern[str]
    routes: dict[str, Route] = field(default_factory=dict)


class RouteTable:
    """The routes of an application, by path and method."""

    def __init__(self, routes: Iterable[Route]) -> None:
        paths: dict[str, _Path] = {}
        self._below: dict[str, list[_Path]] = {}  # by what a path begins with, up to its names
        for route in routes:
            if route.path not in paths:
                paths[route.path] = path = _Path(_pattern(route.path))
                self._below.setdefault(_beginning(route.path), []).append(path)
            for method in route.methods:
                paths[route.path].routes.setdefault(method, route)

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """The route of `path`, and the values of the names in it. All of `path` is decoded but for
        `%2F` and `%25`.

        Raises NotFound, and MethodNotAllowed, whose `Allow` tells what can be asked.
        """
        allowed: set[str] = set()
        beginning = path
        while beginning:
            for candidate in self._below.get(beginning, ()):
                if found := candidate.pattern.fullmatch(path):
                    if route := candidate.routes.get(method):
                        return route, _values(found)
                    allowed |= candidate.routes.keys()
            if beginning == "/":
                break
            beginning = beginning.rpartition("/")[0] or "/"
        if not allowed:
            raise NotFound("There is no such route")
        methods = ", ".join(sorted(allowed | {"OPTIONS"}))
        raise MethodNotAllowed(f"This takes {methods}", headers={"Allow": methods})


def _beginning(path: str) -> str:
    """The whole segments of a path before the first one with a name in it."""
    literal, names, _ = path.partition("{")
    return literal.rpartition("/")[0] or "/" if names else path


def _pattern(path: str) -> re.Pattern[str]:
    pieces, end = [], 0
    for name in _NAME.finditer(path):
        pieces += [re.escape(path[end : name.start()]), f"(?P<{name[1]}>{name[2] or _ONE_SEGMENT})"]
        end = name.end()
    return re.compile("".join([*pieces, re.escape(path[end:])]))


def _values(found: re.Match[str]) -> Mapping[str, str]:
    values = found.groupdict()
    for name, value in values.items():
        if "%" in value:
            values[name] = value.replace("%2F", "/").replace("%25", "%")
    return values


ROUTE: web.RequestKey[Route] = web.RequestKey("route", Route)
ROUTES: web.AppKey[Sequence[Route]] = web.AppKey("routes", Sequence)
"""All routes of an application."""
NO_ROUTE: web.AppKey[Handler] = web.AppKey("no_route")
"""Answers a request that no route is for, if an application has something to say to that."""


ROUTE_TABLE: web.AppKey[RouteTable] = web.AppKey("route_table", RouteTable)


def add_routes(app: web.Application, routes: Sequence[Route]) -> None:
    """Serve `routes` in `app`."""
    app[ROUTES] = routes
    app[ROUTE_TABLE] = RouteTable(routes)
