"""What surrounds every request: its ids, its log line and metrics, and the one place that turns
failures into responses.
"""

from __future__ import annotations

import logging
import random
import re
import time

from aiohttp import web

from client.errors import ShopError

from ..core.errors import (
    InsufficientStorage,
    InternalError,
    Malformed,
    OutcomeUnknown,
    PayloadTooLarge,
    Problem,
    TooManyRequests,
    Unavailable,
)
from ..core.logs import log_request, logger
from ..core.tracing import RequestContext, enter_request
from ..storage import database
from .addressee import require_addressee
from .lifecycle import LIFECYCLE
from .metrics import METRICS
from .pipeline import serve_route
from .request import Request, give_back
from .responses import StoredResponse
from .routing import ROUTE, Access
from .unsent import UNSENT, size_of

CALLER_LEFT = 499
"""The status, in log and metrics alone, of a request whose caller left before the response."""
REFUSAL_SECONDS = 2.0
"""How long a 429 is held back, give or take a half: who is refused together does not return so. It
is told in log and metrics before that, and given at once by a process that stops.
"""


async def serve(request: Request) -> web.StreamResponse:
    """Answer a request that came over HTTP: send the answer, and only then give back what the
    request held.
    """
    try:
        response = await answer(request)
        if isinstance(response, web.Response) and not response.prepared:
            await request.app[UNSENT].send(request, response)
        return response
    finally:
        give_back(request)


async def answer(request: Request) -> web.StreamResponse:
    """Give the request its ids, have its route answer it, turn failures into answers, and write one
    log line about it. Sends nothing, unless the route's handler does.
    """
    context = RequestContext.from_headers(request.headers)
    enter_request(context)
    started = time.perf_counter()
    status = CALLER_LEFT
    try:
        outcome = await _outcome(request)
        status = outcome.status
    finally:
        _report(request, status, time.perf_counter() - started)
    if isinstance(outcome, TooManyRequests):
        # Whoever asks again at once is to cost us little. Nothing is held meanwhile.
        give_back(request)
        seconds = REFUSAL_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311
        await request.app[LIFECYCLE].pause(seconds)
    return _response(request, outcome, context.request_id)


async def _outcome(request: Request) -> web.StreamResponse | Problem:
    """What the route answers, or the problem in place of that."""
    try:
        require_addressee(request)
        response = await serve_route(request)
        if request.method == "GET" and isinstance(response, web.Response):
            # Of what has changed nothing, it can still be said that nothing was done.
            route = request.get(ROUTE)
            if route is None or not route.ungated:
                request.app[UNSENT].require_room(size_of(response))
    except Exception as error:  # the one place that turns failures into responses
        if _has_left(request, error):
            return web.Response(status=CALLER_LEFT)
        problem = as_problem(error)
        if isinstance(problem, InternalError):
            logger.exception("unexpected failure")
        # Else it would hold this frame and this frame it, until the garbage collector comes by.
        return problem.with_traceback(None)
    return response


def _response(
    request: web.Request, outcome: web.StreamResponse | Problem, request_id: str
) -> web.StreamResponse:
    if isinstance(outcome, Problem):
        response: web.StreamResponse = StoredResponse.of_problem(outcome, request_id).to_web()
    else:
        response = outcome
    if not response.prepared:
        mark(response, request_id)
        # After a 429 the rest of a pipeline is not looked at: it would only get another.
        if request.app[LIFECYCLE].draining or response.status == TooManyRequests.status:
            response.force_close()
    return response


def mark(response: web.StreamResponse, request_id: str) -> None:
    """Give a response the headers that every one has."""
    response.headers["X-Request-ID"] = request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Server"] = "tuckshop"
    response.headers.setdefault("Cache-Control", "no-store")


def _has_left(request: web.Request, error: Exception) -> bool:
    """Whether a failure is that the caller's own connection has ended."""
    transport = request.transport
    return isinstance(error, ConnectionError) and (transport is None or transport.is_closing())


def _report(request: web.Request, status: int, seconds: float) -> None:
    route = request.get(ROUTE)
    template = route.path if route else "unmatched"
    request.app[METRICS].observe(request.method, template, status, seconds)
    told = route is None or route.access is not Access.PUBLIC or status == CALLER_LEFT
    if told and not (route and route.quiet):
        level = logging.WARNING if status >= 500 else logging.INFO
        log_request(level, f"{request.method} {_without_secrets(request.path)} {status}", seconds)


def _without_secrets(path: str) -> str:
    """A path without what may open something: a receipt's link has its key in it. No id is so long
    but that of a user may be.
    """
    return _LIKE_A_SECRET.sub("...", path)


_LIKE_A_SECRET = re.compile(r"[\w.~-]{40,}")


def as_problem(error: Exception) -> Problem:
    """The problem to respond with after a failure; InternalError if it was not expected."""
    match error:
        case Problem():
            return error
        case database.DiskFull():
            return InsufficientStorage("There is no room on the disk; nothing was done")
        case database.CommitInDoubt():
            return OutcomeUnknown(str(error))
        case database.DatabaseError():
            return Unavailable(str(error), code="storage_unavailable")
        case ShopError():
            return Unavailable(f"Another service did not answer: {error.detail}", code=error.code)
        case web.HTTPRequestEntityTooLarge():
            return PayloadTooLarge("The request is too large")
        case web.HTTPException() if 400 <= error.status < 500:
            return Malformed(error.reason)
        case _:
            return InternalError()
