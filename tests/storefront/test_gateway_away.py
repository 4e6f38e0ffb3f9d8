"""The gateway while a service is away, hangs or hangs up."""

import asyncio

import pytest

from services.common.web.keys import DISCOVERY
from tests.client.fakes import Reply, hang, hang_up, problem, reply
from tests.routes import assert_problem
from tests.shop import Shop, token, until
from tests.storefront.peer import FINE, Peer

ADA = token("ada")


async def test_a_call_to_a_service_that_is_away_is_503_until_it_is_back(
    whole_shop: Shop,
) -> None:
    await whole_shop.stop("cart")
    answer = await whole_shop.call("storefront", "GET", "/api/cart/ada", key=ADA)
    problem = assert_problem(answer, 503, "unavailable")
    assert problem["service"] == "cart"
    assert problem["detail"].startswith("The cart service cannot be reached at the moment")
    assert "127.0.0.1" not in problem["detail"]
    assert int(answer.headers["Retry-After"]) >= 1
    assert (await whole_shop.call("storefront", "GET", "/api/products", key=ADA)).status == 200

    await whole_shop.start("cart")
    assert (await whole_shop.call("storefront", "GET", "/api/cart/ada", key=ADA)).status == 200


async def test_there_is_no_document_without_the_routes_of_a_service_that_is_away(
    whole_shop: Shop,
) -> None:
    await whole_shop.stop("cart")
    answer = await whole_shop.call("storefront", "GET", "/openapi.json", key=None)
    assert assert_problem(answer, 503, "unavailable")["service"] == "cart"
    await whole_shop.start("cart")
    answer = await whole_shop.call("storefront", "GET", "/openapi.json", key=None)
    assert "/api/cart/{user_id}" in answer.json["paths"]


async def test_the_document_of_all_routes_is_kept_for_a_while(whole_shop: Shop) -> None:
    first = await whole_shop.call("storefront", "GET", "/openapi.json", key=None)
    await whole_shop.stop("cart")
    again = await whole_shop.call("storefront", "GET", "/openapi.json", key=None)
    assert (again.status, again.body) == (200, first.body)


async def test_a_call_waits_for_a_service_that_comes_back_in_time(
    shop: Shop,
) -> None:
    await shop.start("storefront", peer_deadline=5.0)
    call = asyncio.create_task(shop.call("storefront", "GET", "/api/categories", key=ADA))
    await shop.start("catalog")
    assert (await call).status == 200


async def test_calls_go_through_while_the_registry_is_away(whole_shop: Shop) -> None:
    assert (await whole_shop.call("storefront", "GET", "/api/products", key=ADA)).status == 200
    await whole_shop.stop("registry")
    assert (await whole_shop.call("storefront", "GET", "/api/products", key=ADA)).status == 200


ONCE = [("POST", None), ("PATCH", None), ("PATCH", "k-1")]
AGAIN = [("GET", None), ("PUT", None), ("DELETE", None), ("POST", "k-1")]


@pytest.mark.parametrize(("method", "key"), AGAIN)
@pytest.mark.parametrize("failure", [hang_up, problem(500, "internal_error")])
async def test_a_harmless_call_is_repeated(
    cart: Peer, storefront_alone: Shop, method: str, key: str | None, failure: Reply
) -> None:
    cart.says(failure, FINE)
    answer = await storefront_alone.call("storefront", method, "/api/cart/ada", idempotency_key=key)
    assert answer.json == {"fine": True}
    assert [seen.headers.get("idempotency-key") for seen in cart.seen] == [key] * 2
    assert len({seen.headers["x-request-id"] for seen in cart.seen}) == 1


@pytest.mark.parametrize(("method", "key"), ONCE)
@pytest.mark.parametrize("failure", [hang_up, problem(500, "internal_error")])
async def test_a_call_that_might_be_done_twice_is_not_repeated_and_is_504(
    cart: Peer, storefront_alone: Shop, method: str, key: str | None, failure: Reply
) -> None:
    cart.says(failure, FINE)
    answer = await storefront_alone.call("storefront", method, "/api/cart/ada", idempotency_key=key)
    assert assert_problem(answer, 504, "outcome_unknown")["service"] == "cart"
    assert len(cart.seen) == 1


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_a_call_that_was_certainly_not_done_is_sent_again(
    cart: Peer, storefront_alone: Shop, method: str
) -> None:
    cart.says(problem(503, "draining", Retry_After="0"), FINE)
    assert (await storefront_alone.call("storefront", method, "/api/cart/ada")).status == 200
    assert len(cart.seen) == 2


@pytest.mark.parametrize(
    ("method", "status", "code"),
    [("GET", 503, "unavailable"), ("POST", 504, "outcome_unknown")],
)
async def test_a_call_ends_within_its_deadline(
    cart: Peer, shop: Shop, method: str, status: int, code: str
) -> None:
    await shop.start("storefront", peer_deadline=0.1, request_deadline=0.25)
    cart.says(hang)
    async with asyncio.timeout(2):
        answer = await shop.call("storefront", method, "/api/cart/ada")
    assert_problem(answer, status, code)


@pytest.mark.parametrize(
    "odd",
    [
        reply({}, 302, Location="http://else.example/"),
        reply({}, 421),
        reply({}, 404, Content_Type="text/html"),
    ],
)
async def test_an_answer_that_is_none_is_not_passed_back(
    cart: Peer, storefront_alone: Shop, odd: Reply
) -> None:
    cart.says(odd)
    answer = await storefront_alone.call("storefront", "GET", "/api/cart/ada")
    assert_problem(answer, 503, "unavailable")
    assert "Location" not in answer.headers


@pytest.mark.parametrize("path", ["/api/cart/ada", "/api/cart/ada/no/such/path"])
async def test_a_wrong_instance_does_not_speak_for_the_service(whole_shop: Shop, path: str) -> None:
    right = await whole_shop.call("storefront", "GET", path, key=ADA)
    url = whole_shop.urls["payment"]
    placed = await whole_shop.call(
        "registry", "PUT", "/services/cart/cart-2", json={"url": url, "ttl": 600}
    )
    assert placed.status == 201
    discovery = whole_shop.app("storefront")[DISCOVERY]
    await until(lambda: len(discovery.instances("cart")) == 2)
    for _ in range(4):
        answer = await whole_shop.call("storefront", "GET", path, key=ADA)
        assert (answer.status, answer.json.get("code")) == (right.status, right.json.get("code"))
    await whole_shop.stop("cart")
    for _ in range(4):
        assert_problem(await whole_shop.call("storefront", "GET", path, key=ADA), 503)


async def test_the_outcome_that_the_service_does_not_know_is_told_in_its_words(
    cart: Peer, storefront_alone: Shop
) -> None:
    cart.says(problem(504, "outcome_unknown", "Who knows."))
    answer = await storefront_alone.call("storefront", "POST", "/api/cart/ada/add")
    assert (answer.status, answer.json["detail"]) == (504, "Who knows.")
