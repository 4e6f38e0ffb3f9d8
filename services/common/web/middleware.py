"""What surrounds every request: its ids, its log line and metrics, and the one place that turns
failures into responses.
"""

from __future__ import annotations

import logging
import random
import re
import time
from contextlib import ExitStack

from aiohttp import web
from aiohttp.typedefs import Handler

from client.errors import ShopError

from ..core.errors import (
    ExpectationFailed,
    InsufficientStorage,
    InternalError,
    Malformed,
    NotFound,
    OutcomeUnknown,
    PayloadTooLarge,
    Problem,
    TooManyRequests,
    Unavailable,
)
from ..core.logs import logger
from ..core.tracing import RequestContext, enter_request
from ..storage import database
from .admission import HELD
from .keys import PART
from .lifecycle import LIFECYCLE
from .metrics import METRICS
from .responses import StoredResponse
from .routing import ROUTE, Access
from .unsent import UNSENT, size_of

CALLER_LEFT = 499
"""The status, in log and metrics alone, of a request whose caller left before the response."""
REFUSAL_SECONDS = 2.0
"""How long a 429 is held back, give or take a half: who is refused together does not return so. It
is told in log and metrics before that, and given at once by a process that stops.
"""


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request its ids, turn failures into responses, write one log line about it, send the
    response, and only then give back what the request held. The response to a part of a batch is
    sent by whoever serves the batch.
    """
    context = RequestContext.from_headers(request.headers)
    enter_request(context)
    started = time.perf_counter()
    status = CALLER_LEFT
    with ExitStack() as held:
        request[HELD] = held
        try:
            outcome = await _outcome(request, handler)
            status = outcome.status
        finally:
            _report(request, status, time.perf_counter() - started)
        if isinstance(outcome, TooManyRequests):
            # Whoever asks again at once is to cost us little. Nothing is held meanwhile.
            held.close()
            seconds = REFUSAL_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311
            await request.app[LIFECYCLE].pause(seconds)
        response = _response(request, outcome, context.request_id)
        if isinstance(response, web.Response) and not response.prepared and PART not in request:
            await request.app[UNSENT].send(request, response)
        return response


async def _outcome(request: web.Request, handler: Handler) -> web.StreamResponse | Problem:
    """What the handler responds, or the problem in place of that."""
    try:
        response = await handler(request)
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
        logger.log(
            logging.WARNING if status >= 500 else logging.INFO,
            "%s %s %d",
            request.method,
            _without_secrets(request.path),
            status,
            extra={"milliseconds": round(seconds * 1000, 1)},
        )


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
        case web.HTTPNotFound():
            return NotFound("There is no such route")
        case web.HTTPExpectationFailed():
            return ExpectationFailed("Of all expectations, `100-continue` alone is known here")
        case web.HTTPRequestEntityTooLarge():
            return PayloadTooLarge("The request is too large")
        case web.HTTPException() if 400 <= error.status < 500:
            return Malformed(error.reason)
        case _:
            return InternalError()
