"""The ids of a request: taken, made, echoed, and passed on to peers."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Mapping

import pytest
from aiohttp import web

from services.common.core.tracing import RequestContext, current_request, onward_headers
from tests.shop import Shop

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"


class Catalog:
    """A stand-in that knows nothing, and remembers how it was asked."""

    def __init__(self) -> None:
        self.asked: list[Mapping[str, str]] = []

    async def answer(self, request: web.Request) -> web.Response:
        if request.path != "/livez":  # the registry looks, where an answer took too long
            self.asked.append(request.headers.copy())
        return web.json_response([])


@pytest.fixture
async def catalog(shop: Shop) -> Catalog:
    """It stands in, and a cart that asks it is there."""
    catalog = Catalog()
    await shop.stand_in("catalog", catalog.answer)
    await shop.start("cart")
    return catalog


async def put_in_cart(shop: Shop, **headers: str) -> Mapping[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    reply = await shop.call("cart", "POST", "/cart/ada/add?product_id=1", headers=named)
    return reply.headers


async def test_the_caller_s_id_is_echoed_and_passed_on(shop: Shop, catalog: Catalog) -> None:
    headers = await put_in_cart(shop, X_Request_ID="order 66".replace(" ", "-"))
    assert headers["X-Request-ID"] == "order-66"
    assert [asked["X-Request-ID"] for asked in catalog.asked] == ["order-66"]


async def test_a_request_without_an_id_is_given_one(shop: Shop, catalog: Catalog) -> None:
    headers = await put_in_cart(shop)
    assert uuid.UUID(headers["X-Request-ID"])
    assert catalog.asked[0]["X-Request-ID"] == headers["X-Request-ID"]


@pytest.mark.parametrize("bad", ["", "two words", "x" * 129, 'quo"te', "é", "<script>", "a,b"])
async def test_an_id_that_a_log_should_not_hold_is_replaced(
    shop: Shop, catalog: Catalog, bad: str
) -> None:
    headers = await put_in_cart(shop, X_Request_ID=bad)
    assert uuid.UUID(headers["X-Request-ID"])


async def test_the_trace_is_passed_on_with_a_span_of_its_own(shop: Shop, catalog: Catalog) -> None:
    await put_in_cart(shop, traceparent=TRACEPARENT)
    version, trace, span, flags = catalog.asked[0]["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01")
    assert span != SPAN
    assert re.fullmatch("[0-9a-f]{16}", span)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "nonsense",
        TRACEPARENT.upper(),
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        TRACEPARENT + "-more",
    ],
)
async def test_a_malformed_trace_is_begun_anew(shop: Shop, catalog: Catalog, bad: str) -> None:
    await put_in_cart(shop, traceparent=bad)
    sent = catalog.asked[0]["traceparent"]
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", sent)
    assert "0" * 32 not in sent


async def test_a_peer_is_called_with_the_key_of_the_service_and_not_the_customer_s(
    shop: Shop, catalog: Catalog
) -> None:
    await put_in_cart(shop)
    assert catalog.asked[0]["X-API-Key"] == "secret-key-123"
    assert catalog.asked[0]["Tuckshop-Service"] == "catalog"


async def test_requests_at_once_keep_their_ids_apart(shop: Shop, catalog: Catalog) -> None:
    ids = [f"request-{number}" for number in range(20)]
    answers = await asyncio.gather(*(put_in_cart(shop, X_Request_ID=each) for each in ids))
    assert [headers["X-Request-ID"] for headers in answers] == ids
    assert sorted(asked["X-Request-ID"] for asked in catalog.asked) == sorted(ids)


def test_each_call_of_a_request_has_a_span_of_its_own() -> None:
    context = RequestContext.from_headers({"traceparent": TRACEPARENT})
    first, second = context.onward_headers(), context.onward_headers()
    assert first["X-Request-ID"] == second["X-Request-ID"]
    assert first["traceparent"] != second["traceparent"]


def test_outside_a_request_no_id_is_passed_on() -> None:
    assert current_request() is None
    assert onward_headers() == {}
