"""Failures become answers in one place, and every request leaves one line in the log."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable

import pytest
from aiohttp import web

from client.errors import Unavailable as PeerUnavailable
from services.common.core import errors
from services.common.storage import database
from services.common.web.idempotency import KeyedRequest
from services.common.web.routing import Access, Route
from services.common.web.serving import as_problem
from tests.common.bakery import open_bakery
from tests.routes import assert_problem
from tests.shop import Shop


def failing_with(error: Exception) -> list[Route]:
    async def fail(_request: web.Request) -> web.Response:
        raise error

    return [Route("GET", "/loaves", fail), Route("GET", "/window", fail, Access.PUBLIC)]


async def test_an_unexpected_failure_is_a_bare_500(shop: Shop) -> None:
    await open_bakery(shop, failing_with(RuntimeError("the oven at /etc/oven exploded")))
    reply = await shop.call("bakery", "GET", "/loaves", headers={"X-Request-ID": "loaf-1"})
    problem = assert_problem(reply, 500, "internal_error")
    assert problem["request_id"] == "loaf-1"
    assert b"oven" not in reply.body
    assert b"RuntimeError" not in reply.body


async def test_an_unexpected_failure_is_logged_once_with_its_request(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    await open_bakery(shop, failing_with(RuntimeError("the oven exploded")))
    await shop.call("bakery", "GET", "/loaves")
    failures = [record for record in caplog.records if record.exc_info]
    assert len(failures) == 1
    assert "the oven exploded" in str(failures[0].exc_info)
    assert failures[0].levelno == logging.ERROR


async def test_a_public_route_fails_in_the_same_shape(shop: Shop) -> None:
    await open_bakery(shop, failing_with(RuntimeError("the window broke")))
    reply = await shop.call("bakery", "GET", "/window", key=None)
    assert_problem(reply, 500, "internal_error")


async def test_a_rejection_leaves_nothing_to_the_garbage_collector(shop: Shop) -> None:
    class Gone(errors.NotFound): ...

    async def fail(_request: web.Request) -> web.Response:
        raise Gone("The loaves are gone")

    await open_bakery(shop, [Route("GET", "/loaves", fail)])
    gc.collect()
    gc.disable()
    try:
        assert_problem(await shop.call("bakery", "GET", "/loaves"), 404, "not_found")
        assert not [each for each in gc.get_objects() if isinstance(each, Gone)]
    finally:
        gc.enable()


async def test_every_answer_has_the_security_headers(shop: Shop) -> None:
    await open_bakery(shop, [])
    for reply in (
        await shop.call("bakery", "GET", "/version"),
        await shop.call("bakery", "GET", "/nothing"),
    ):
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["Server"] == "tuckshop"
        assert reply.headers["X-Request-ID"]


async def test_a_request_leaves_one_line_in_the_log(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await shop.start("catalog")
    caplog.clear()
    await shop.call("catalog", "GET", "/products?limit=5", key="secret-key-123")
    lines = [record for record in caplog.records if "/products" in record.getMessage()]
    assert [line.getMessage() for line in lines] == ["GET /products 200"]
    assert lines[0].__dict__["milliseconds"] > 0


async def test_health_checks_leave_no_line_in_the_log(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for path in ("/livez", "/readyz", "/metrics", "/services"):
        await shop.call("registry", "GET", path)
    assert not [record for record in caplog.records if "GET" in record.getMessage()]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.Conflict("taken", code="sku_taken"), 409, "sku_taken"),
        (database.DiskFull("full"), 507, "insufficient_storage"),
        (database.Overloaded("busy"), 503, "storage_unavailable"),
        (database.TransactionLost("lost"), 503, "storage_unavailable"),
        (database.StorageFailed("broken"), 503, "storage_unavailable"),
        (database.DatabaseClosed("closing"), 503, "storage_unavailable"),
        (database.CommitInDoubt("who knows"), 504, "outcome_unknown"),
        (PeerUnavailable("no catalog", code="unreachable"), 503, "unreachable"),
        (web.HTTPRequestEntityTooLarge(1), 413, "payload_too_large"),
        (web.HTTPBadRequest(), 400, "malformed_request"),
        (web.HTTPBadGateway(), 500, "internal_error"),
        (ValueError("a mistake"), 500, "internal_error"),
        (TimeoutError(), 500, "internal_error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_each_failure_has_its_status(error: Exception, status: int, code: str) -> None:
    problem = as_problem(error)
    assert (problem.status, problem.code) == (status, code)


@pytest.mark.parametrize(
    ("rejection", "final"),
    [
        (lambda: errors.NotFound("no"), True),
        (lambda: errors.Conflict("no"), True),
        (lambda: errors.Invalid("no"), True),
        (lambda: errors.Conflict("not now", transient=True), False),
        (lambda: errors.Malformed("no"), False),
        (errors.Unauthorized, False),
        (lambda: errors.TooManyRequests("no"), False),
        (lambda: errors.Unavailable("no"), False),
        (lambda: errors.InsufficientStorage("no"), False),
    ],
)
def test_only_rejections_of_the_request_itself_are_final(
    rejection: Callable[[], errors.Problem], final: bool
) -> None:
    assert rejection().is_final is final


def test_a_transient_rejection_says_when_to_come_back() -> None:
    assert errors.Unavailable("busy", retry_after=3).headers == {"Retry-After": "3"}


def test_a_problem_has_all_its_fields() -> None:
    problem = errors.Conflict(
        "Not enough",
        code="insufficient_stock",
        errors=[{"available": 1}],
        extensions={"order_id": "7"},
    )
    assert problem.body("loaf-1") == {
        "type": "urn:tuckshop:problem:insufficient_stock",
        "title": "Conflict",
        "status": 409,
        "detail": "Not enough",
        "code": "insufficient_stock",
        "request_id": "loaf-1",
        "order_id": "7",
        "errors": [{"available": 1}],
    }


async def test_past_the_deadline_a_read_is_503_and_a_write_is_504(
    shop: Shop,
) -> None:
    async def stall(_request: web.Request, *_keyed: KeyedRequest) -> web.Response:
        await shop_closes.wait()
        raise AssertionError("the deadline comes first")

    shop_closes = asyncio.Event()
    routes = [Route("GET", "/loaves", stall), Route("POST", "/loaves", stall, idempotent=True)]
    await open_bakery(shop, routes, request_deadline=0.02)

    read = await shop.call("bakery", "GET", "/loaves")
    assert_problem(read, 503, "too_slow")
    assert read.headers["Retry-After"]
    assert_problem(await shop.call("bakery", "POST", "/loaves"), 504, "outcome_unknown")
