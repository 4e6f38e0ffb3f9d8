"""Transport: what is sent, and to which instance."""

import asyncio
import json
from decimal import Decimal
from urllib.parse import unquote

import aiohttp
import pytest
from aiohttp import web

from client.errors import (
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    Unavailable,
)
from client.transport import Transport
from client.wire import path_segment
from tests.client.fake_carts import OK, FakeCarts
from tests.client.fakes import hang, hang_up, problem, reply, unreachable


async def test_a_call_carries_its_key_and_the_service_it_is_meant_for(carts: FakeCarts) -> None:
    cart = await carts.start_registered(OK)
    await carts.post(idempotency_key="k-1")
    headers = cart.seen[0].headers
    assert headers["x-api-key"] == "key-1"
    assert headers["tuckshop-service"] == "cart"
    assert headers["tuckshop-shop"] == "shop-1"
    assert headers["idempotency-key"] == "k-1"
    assert headers["content-type"] == "application/json"
    assert len(headers["x-request-id"]) == 36


async def test_a_transport_without_a_key_sends_none(
    carts: FakeCarts, session: aiohttp.ClientSession
) -> None:
    cart = await carts.start_registered(OK)
    await Transport(session, carts.discovery, None).request("cart", "GET", "/cart/ada")
    assert "x-api-key" not in cart.seen[0].headers


async def test_the_remainder_of_a_large_body_can_be_read(carts: FakeCarts) -> None:
    await carts.start_registered(reply(b"x" * 500_000))
    answer = await carts.get(read_limit=1000)
    assert answer.rest is not None
    async with answer.rest:
        rest = await answer.rest.content.read()
    assert 1000 < len(answer.body) < 500_000
    assert answer.body + rest == b"x" * 500_000


async def test_a_small_body_is_read_whole(carts: FakeCarts) -> None:
    await carts.start_registered(reply(b"x" * 1000))
    answer = await carts.get(read_limit=1000)
    assert (answer.body, answer.rest) == (b"x" * 1000, None)


async def test_a_large_rejection_does_not_keep_its_connection(carts: FakeCarts) -> None:
    await carts.start_registered(reply(b"x" * 500_000, 404))
    with pytest.raises(NotFound):
        await carts.get(read_limit=1000)


async def test_headers_of_the_call_override_context_headers(carts: FakeCarts) -> None:
    cart = await carts.start_registered(OK)
    carts.context = {"X-Request-ID": "r-1", "traceparent": "00-1"}
    await carts.get(headers={"x-api-key": "token", "If-None-Match": '"1"'})
    headers = cart.seen[0].headers
    assert (headers["x-request-id"], headers["traceparent"]) == ("r-1", "00-1")
    assert (headers["x-api-key"], headers["if-none-match"]) == ("token", '"1"')


async def test_decimals_are_sent_digit_for_digit(carts: FakeCarts) -> None:
    cart = await carts.start_registered(OK)
    await carts.post(json={"price": Decimal("19.99"), "big": Decimal("1000000.10")})
    assert cart.seen[0].body == b'{"price":19.99,"big":1000000.10}'


async def test_parameters_are_written_as_in_json_and_none_is_left_out(carts: FakeCarts) -> None:
    cart = await carts.start_registered(OK)
    params = {"q": "a b&c", "in_stock": True, "min_price": Decimal("0.10"), "sku": None, "n": 3}
    await carts.get(params=params)
    assert cart.seen[0].path == "/cart/ada?q=a+b%26c&in_stock=true&min_price=0.10&n=3"


async def test_a_path_and_a_body_are_passed_on_unchanged(carts: FakeCarts) -> None:
    cart = await carts.start_registered(OK)
    headers = {"Content-Type": "text/odd"}
    path = "/cart/a%2Fb?x=%20y"
    await carts.transport.request(
        "cart", "PUT", path, content=b"raw", headers=headers, params={"z": 1}
    )
    assert (cart.seen[0].path, cart.seen[0].body) == ("/cart/a%2Fb?x=%20y&z=1", b"raw")
    assert cart.seen[0].headers["content-type"] == "text/odd"


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a?b#c", "a%2Fb", "ü", "a b", "a@b:c.d_e-f"])
async def test_any_text_is_one_segment_of_a_path(carts: FakeCarts, name: str) -> None:
    cart = await carts.start_registered(OK)
    await carts.transport.request("cart", "GET", f"/cart/{path_segment(name)}/items")
    start, middle, end = cart.seen[0].path[1:].split("/")
    assert (start, unquote(middle), end) == ("cart", name, "items")


async def test_an_answer_is_decoded_as_the_expected_type(carts: FakeCarts) -> None:
    await carts.start_registered(reply(b'{"price": 19.990}'))
    answer = await carts.get()
    assert answer.decode(dict[str, Decimal]) == {"price": Decimal("19.990")}
    with pytest.raises(OutcomeUnknown, match="cannot be understood"):
        answer.decode(list[int])
    assert repr(answer) == "Answer(status=200)"


async def test_a_rejection_is_raised_without_a_repeat(carts: FakeCarts) -> None:
    cart = await carts.start_registered(
        problem(404, "product_not_found", "Product 9 not found in catalog")
    )
    with pytest.raises(NotFound, match="Product 9") as caught:
        await carts.post(idempotency_key="k")
    assert caught.value.code == "product_not_found"
    assert caught.value.request_id == cart.seen[0].headers["x-request-id"]
    assert len(cart.seen) == 1


async def test_a_status_that_is_accepted_is_returned(carts: FakeCarts) -> None:
    cart = await carts.start_registered(problem(503, "draining"))
    assert (await carts.get(accept={503})).status == 503
    cart.answers = [reply(status=304)]
    assert (await carts.get()).status == 304


async def test_a_redirect_is_not_followed_and_leaves_the_outcome_unknown(carts: FakeCarts) -> None:
    other = await carts.start(OK)
    cart = await carts.start_registered(reply({}, 307, Location=f"{other.url}/cart/ada/add"))
    with pytest.raises(OutcomeUnknown) as caught:
        await carts.post()
    assert isinstance(caught.value.__cause__, Unavailable)
    assert (len(cart.seen), other.seen) == (1, [])


async def test_an_instance_that_cannot_be_reached_is_skipped_and_reported(
    carts: FakeCarts,
) -> None:
    suspect = await carts.start(OK)
    await carts.register(unreachable("cart-1"), suspect.at("cart-2", "suspect"))
    await carts.post()
    await carts.registry.wait_until(lambda: len(carts.registry.reports) == 1)
    assert carts.registry.reports[0]["instance_id"] == "cart-1"
    assert carts.registry.reports[0]["what"] == "could not be reached"


async def test_an_instance_that_failed_is_avoided_by_the_next_call(carts: FakeCarts) -> None:
    first, second = await carts.start(hang_up, OK), await carts.start(OK)
    await carts.register(first.at("cart-1"), second.at("cart-2", "suspect"))
    await carts.get()
    await carts.get()
    assert (len(first.seen), len(second.seen)) == (1, 2)


async def test_a_call_that_a_draining_instance_rejects_goes_to_another(carts: FakeCarts) -> None:
    draining = await carts.start(problem(503, "draining", Retry_After="60"))
    other = await carts.start(OK)
    await carts.register(draining.at("cart-1"), other.at("cart-2", "suspect"))
    await carts.post()
    assert (len(draining.seen), len(other.seen)) == (1, 1)


async def test_a_call_that_reached_the_wrong_service_goes_to_another_instance(
    carts: FakeCarts,
) -> None:
    wrong, right = await carts.start(problem(421, "wrong_service")), await carts.start(OK)
    await carts.register(wrong.at("cart-1"), right.at("cart-2", "suspect"))
    await carts.post()
    assert len(right.seen) == 1


async def test_an_instance_with_an_invalid_address_cannot_be_reached(carts: FakeCarts) -> None:
    cart = await carts.start(OK)
    odd = [
        {"instance_id": f"cart-{n}", "url": url, "state": "up"}
        for n, url in enumerate(["nonsense", "http://127.0.0.1:99999", "file:///etc", "http://["])
    ]
    await carts.register(*odd, cart.at("cart-9", "suspect"))
    await carts.post()
    assert len(cart.seen) == 1


async def test_an_instance_that_appears_during_a_call_gets_it(carts: FakeCarts) -> None:
    await carts.register(unreachable("cart-1"))
    calling = asyncio.create_task(carts.post())
    await carts.registry.wait_until(lambda: len(carts.registry.reports) == 1)
    cart = await carts.start(OK)
    await carts.registry.put("cart", cart.at("cart-1"))
    assert (await calling).status == 200


async def test_a_service_that_is_not_known_yet_is_waited_for(carts: FakeCarts) -> None:
    await carts.register()
    calling = asyncio.create_task(carts.post())
    await carts.registry.wait_until(lambda: len(carts.registry.polls) == 2)
    cart = await carts.start(OK)
    await carts.registry.put("cart", cart.at("cart-1"))
    await calling
    assert len(cart.seen) == 1


async def test_a_cancelled_call_closes_its_connection(carts: FakeCarts) -> None:
    arrived, left = asyncio.Event(), asyncio.Event()

    async def hold(request: web.Request) -> web.StreamResponse:
        arrived.set()
        try:
            return await hang(request)
        finally:
            left.set()

    await carts.start_registered(hold, OK)
    calling = asyncio.create_task(carts.post())
    await arrived.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await left.wait()
    await carts.post()


async def test_concurrent_calls_are_shared_by_the_instances_that_are_up(carts: FakeCarts) -> None:
    three = [await carts.start(OK) for _ in range(3)]
    await carts.register(*(cart.at(f"cart-{n}") for n, cart in enumerate(three)))
    await asyncio.gather(*(carts.get() for _ in range(30)))
    assert [len(cart.seen) for cart in three] == [10, 10, 10]


async def test_an_invalid_request_lists_everything_that_is_wrong(carts: FakeCarts) -> None:
    body = {"code": "invalid", "detail": "Two fields are wrong", "errors": [{"a": 1}, {"b": 2}]}
    await carts.start_registered(reply(json.loads(json.dumps(body)), 422))
    with pytest.raises(InvalidRequest) as caught:
        await carts.post()
    assert caught.value.errors == [{"a": 1}, {"b": 2}]
