"""What surrounds every request: its ids, its log line and metrics, and the one place where failures
become answers.
"""

from __future__ import annotations

import logging
import time

from aiohttp import web
from aiohttp.typedefs import Handler

from client.errors import ShopError

from . import database
from .errors import (
    InternalError,
    Malformed,
    MethodNotAllowed,
    NotFound,
    OutcomeUnknown,
    OutOfRoom,
    PayloadTooLarge,
    Problem,
    Unavailable,
)
from .idempotency import Answer
from .lifecycle import LIFECYCLE
from .logs import logger
from .metrics import METRICS
from .routing import ROUTE, Access
from .tracing import RequestContext, enter_request

CALLER_LEFT = 499


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request its ids, answer its failures, and leave one log line about it."""
    context = RequestContext.from_headers(request.headers)
    enter_request(context)
    started = time.perf_counter()
    status = CALLER_LEFT
    try:
        response = await _answer(request, handler, context.request_id)
        status = response.status
        return response
    finally:
        _report(request, status, time.perf_counter() - started)


async def _answer(request: web.Request, handler: Handler, request_id: str) -> web.StreamResponse:
    try:
        response = await handler(request)
    except Exception as error:  # the one place where failures become answers
        problem = as_problem(error)
        if isinstance(problem, InternalError):
            logger.exception("unexpected failure")
        response = Answer.refusal(problem, request_id).response()
    if not response.prepared:
        response.headers["X-Request-ID"] = request_id
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Server"] = "tuckshop"
        response.headers.setdefault("Cache-Control", "no-store")
        if request.app[LIFECYCLE].draining:
            response.force_close()
    return response


def _report(request: web.Request, status: int, seconds: float) -> None:
    route = request.get(ROUTE)
    template = route.path if route else "unmatched"
    request.app[METRICS].observe(request.method, template, status, seconds)
    if route is None or (not route.quiet and route.access is not Access.PUBLIC):
        logger.log(
            logging.WARNING if status >= 500 else logging.INFO,
            "%s %s %d",
            request.method,
            request.path,
            status,
            extra={"milliseconds": round(seconds * 1000, 1)},
        )


def as_problem(error: Exception) -> Problem:
    """The refusal that a failure is answered with; InternalError for one that nobody expected."""
    match error:
        case Problem():
            return error
        case database.OutOfRoom():
            return OutOfRoom("There is no room on the disk; nothing was done")
        case database.OutcomeUnknown():
            return OutcomeUnknown(str(error))
        case database.DatabaseError():
            return Unavailable(str(error), code="storage_unavailable")
        case ShopError():
            return Unavailable(f"Another service did not answer: {error.detail}", code=error.code)
        case web.HTTPNotFound():
            return NotFound("There is no such route")
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return MethodNotAllowed(f"This takes {allowed}", headers={"Allow": allowed})
        case web.HTTPRequestEntityTooLarge():
            return PayloadTooLarge("The request is too large")
        case web.HTTPException() if 400 <= error.status < 500:
            return Malformed(error.reason)
        case _:
            return InternalError()
