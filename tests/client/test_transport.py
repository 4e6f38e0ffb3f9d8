"""Transport: what is sent, and to whom."""

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
from tests.client.fakes import (
    hang,
    hang_up,
    nowhere,
    problem,
    reply,
)
from tests.client.stage import OK, Stage


async def test_a_call_says_who_sends_it_and_whom_it_is_meant_for(stage: Stage) -> None:
    cart = await stage.cart(OK)
    await stage.post(idempotency_key="k-1")
    headers = cart.seen[0].headers
    assert headers["x-api-key"] == "key-1"
    assert headers["tuckshop-service"] == "cart"
    assert headers["tuckshop-shop"] == "shop-1"
    assert headers["idempotency-key"] == "k-1"
    assert headers["content-type"] == "application/json"
    assert len(headers["x-request-id"]) == 36


async def test_a_transport_without_a_key_sends_none(
    stage: Stage, session: aiohttp.ClientSession
) -> None:
    cart = await stage.cart(OK)
    await Transport(session, stage.discovery, None).request("cart", "GET", "/cart/ada")
    assert "x-api-key" not in cart.seen[0].headers


async def test_what_is_left_of_a_large_body_can_be_read_on(stage: Stage) -> None:
    await stage.cart(reply(b"x" * 500_000))
    answer = await stage.get(at_once=1000)
    assert answer.rest is not None
    async with answer.rest:
        rest = await answer.rest.content.read()
    assert 1000 < len(answer.body) < 500_000
    assert answer.body + rest == b"x" * 500_000


async def test_a_body_that_is_not_large_is_there_at_once(stage: Stage) -> None:
    await stage.cart(reply(b"x" * 1000))
    answer = await stage.get(at_once=1000)
    assert (answer.body, answer.rest) == (b"x" * 1000, None)


async def test_a_large_refusal_does_not_keep_its_connection(stage: Stage) -> None:
    await stage.cart(reply(b"x" * 500_000, 404))
    with pytest.raises(NotFound):
        await stage.get(at_once=1000)


async def test_headers_of_the_call_win_over_those_of_its_surroundings(stage: Stage) -> None:
    cart = await stage.cart(OK)
    stage.context = {"X-Request-ID": "r-1", "traceparent": "00-1"}
    await stage.get(headers={"x-api-key": "token", "If-None-Match": '"1"'})
    headers = cart.seen[0].headers
    assert (headers["x-request-id"], headers["traceparent"]) == ("r-1", "00-1")
    assert (headers["x-api-key"], headers["if-none-match"]) == ("token", '"1"')


async def test_decimals_are_sent_digit_for_digit(stage: Stage) -> None:
    cart = await stage.cart(OK)
    await stage.post(json={"price": Decimal("19.99"), "big": Decimal("1000000.10")})
    assert cart.seen[0].body == b'{"price":19.99,"big":1000000.10}'


async def test_parameters_follow_the_grammar_of_json_and_none_is_left_out(stage: Stage) -> None:
    cart = await stage.cart(OK)
    params = {"q": "a b&c", "in_stock": True, "min_price": Decimal("0.10"), "sku": None, "n": 3}
    await stage.get(params=params)
    assert cart.seen[0].path == "/cart/ada?q=a+b%26c&in_stock=true&min_price=0.10&n=3"


async def test_a_path_and_a_body_can_be_passed_on_as_they_came(stage: Stage) -> None:
    cart = await stage.cart(OK)
    headers = {"Content-Type": "text/odd"}
    path = "/cart/a%2Fb?x=%20y"
    await stage.transport.request(
        "cart", "PUT", path, content=b"raw", headers=headers, params={"z": 1}
    )
    assert (cart.seen[0].path, cart.seen[0].body) == ("/cart/a%2Fb?x=%20y&z=1", b"raw")
    assert cart.seen[0].headers["content-type"] == "text/odd"


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a?b#c", "a%2Fb", "ü", "a b", "a@b:c.d_e-f"])
async def test_any_text_is_one_segment_of_a_path(stage: Stage, name: str) -> None:
    cart = await stage.cart(OK)
    await stage.transport.request("cart", "GET", f"/cart/{path_segment(name)}/items")
    start, middle, end = cart.seen[0].path[1:].split("/")
    assert (start, unquote(middle), end) == ("cart", name, "items")


async def test_an_answer_is_decoded_as_what_it_should_be(stage: Stage) -> None:
    await stage.cart(reply(b'{"price": 19.990}'))
    answer = await stage.get()
    assert answer.decode(dict[str, Decimal]) == {"price": Decimal("19.990")}
    with pytest.raises(OutcomeUnknown, match="cannot be understood"):
        answer.decode(list[int])
    assert repr(answer) == "Answer(status=200)"


async def test_a_refusal_is_raised_at_once(stage: Stage) -> None:
    cart = await stage.cart(problem(404, "product_not_found", "Product 9 not found in catalog"))
    with pytest.raises(NotFound, match="Product 9") as caught:
        await stage.post(idempotency_key="k")
    assert caught.value.code == "product_not_found"
    assert caught.value.request_id == cart.seen[0].headers["x-request-id"]
    assert len(cart.seen) == 1


async def test_a_status_that_is_accepted_is_returned(stage: Stage) -> None:
    cart = await stage.cart(problem(503, "draining"))
    assert (await stage.get(accept={503})).status == 503
    cart.answers = [reply(status=304)]
    assert (await stage.get()).status == 304


async def test_a_redirect_is_not_followed_and_says_nothing(stage: Stage) -> None:
    other = await stage.start(OK)
    cart = await stage.cart(reply({}, 307, Location=f"{other.url}/cart/ada/add"))
    with pytest.raises(OutcomeUnknown) as caught:
        await stage.post()
    assert isinstance(caught.value.__cause__, Unavailable)
    assert (len(cart.seen), other.seen) == (1, [])


async def test_an_instance_that_cannot_be_reached_is_passed_over_whatever_the_call(
    stage: Stage,
) -> None:
    suspect = await stage.start(OK)
    await stage.have(nowhere("cart-1"), suspect.at("cart-2", "suspect"))
    await stage.post()
    await stage.registry.until(lambda: len(stage.registry.reports) == 1)
    assert stage.registry.reports[0]["instance_id"] == "cart-1"
    assert stage.registry.reports[0]["what"] == "could not be reached"


async def test_an_instance_that_failed_is_avoided_by_the_next_call(stage: Stage) -> None:
    first, second = await stage.start(hang_up, OK), await stage.start(OK)
    await stage.have(first.at("cart-1"), second.at("cart-2", "suspect"))
    await stage.get()
    await stage.get()
    assert (len(first.seen), len(second.seen)) == (1, 2)


async def test_an_instance_that_is_draining_hands_its_calls_to_another(stage: Stage) -> None:
    draining = await stage.start(problem(503, "draining", Retry_After="60"))
    other = await stage.start(OK)
    await stage.have(draining.at("cart-1"), other.at("cart-2", "suspect"))
    await stage.post()
    assert (len(draining.seen), len(other.seen)) == (1, 1)


async def test_a_wrong_instance_sends_the_call_elsewhere(stage: Stage) -> None:
    wrong, right = await stage.start(problem(421, "wrong_service")), await stage.start(OK)
    await stage.have(wrong.at("cart-1"), right.at("cart-2", "suspect"))
    await stage.post()
    assert len(right.seen) == 1


async def test_an_address_that_is_none_is_an_instance_that_cannot_be_reached(stage: Stage) -> None:
    cart = await stage.start(OK)
    odd = [
        {"instance_id": f"cart-{n}", "url": url, "state": "up"}
        for n, url in enumerate(["nonsense", "http://127.0.0.1:99999", "file:///etc", "http://["])
    ]
    await stage.have(*odd, cart.at("cart-9", "suspect"))
    await stage.post()
    assert len(cart.seen) == 1


async def test_an_instance_that_appears_meanwhile_gets_the_call(stage: Stage) -> None:
    await stage.have(nowhere("cart-1"))
    calling = asyncio.create_task(stage.post())
    await stage.registry.until(lambda: len(stage.registry.reports) == 1)
    cart = await stage.start(OK)
    await stage.registry.put("cart", cart.at("cart-1"))
    assert (await calling).status == 200


async def test_a_service_that_is_not_known_yet_is_waited_for(stage: Stage) -> None:
    await stage.have()
    calling = asyncio.create_task(stage.post())
    await stage.registry.until(lambda: len(stage.registry.polls) == 2)
    cart = await stage.start(OK)
    await stage.registry.put("cart", cart.at("cart-1"))
    await calling
    assert len(cart.seen) == 1


async def test_a_call_that_is_cancelled_hangs_up(stage: Stage) -> None:
    arrived, left = asyncio.Event(), asyncio.Event()

    async def hold(request: web.Request) -> web.StreamResponse:
        arrived.set()
        try:
            return await hang(request)
        finally:
            left.set()

    await stage.cart(hold, OK)
    calling = asyncio.create_task(stage.post())
    await arrived.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    await left.wait()
    await stage.post()


async def test_calls_at_once_share_the_instances_that_are_up(stage: Stage) -> None:
    carts = [await stage.start(OK) for _ in range(3)]
    await stage.have(*(cart.at(f"cart-{n}") for n, cart in enumerate(carts)))
    await asyncio.gather(*(stage.get() for _ in range(30)))
    assert [len(cart.seen) for cart in carts] == [10, 10, 10]


async def test_an_invalid_request_names_all_that_is_wrong(stage: Stage) -> None:
    body = {"code": "invalid", "detail": "Two fields are wrong", "errors": [{"a": 1}, {"b": 2}]}
    await stage.cart(reply(json.loads(json.dumps(body)), 422))
    with pytest.raises(InvalidRequest) as caught:
        await stage.post()
    assert caught.value.errors == [{"a": 1}, {"b": 2}]
