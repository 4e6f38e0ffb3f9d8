"""What a cart does not take, and whose it is."""

import asyncio
from typing import Any

import pytest

from tests.shop import Reply, Shop, token

ROUTES = [
    ("GET", "/cart/ada", {}),
    ("POST", "/cart/ada/add", {"params": {"product_id": "1"}}),
    ("PUT", "/cart/ada/items/1", {"json": {"quantity": 2}}),
    ("DELETE", "/cart/ada/items/1", {}),
    ("DELETE", "/cart/ada", {}),
]
ADDITIONS: list[Any] = [
    {},
    {"quantity": 1},
    {"product_id": 0},
    {"product_id": -1},
    {"product_id": "1"},
    {"product_id": 1.5},
    {"product_id": 2**63},
    {"product_id": None},
    {"product_id": 1, "quantity": 0},
    {"product_id": 1, "quantity": -1},
    {"product_id": 1, "quantity": 1001},
    {"product_id": 1, "quantity": "2"},
    {"product_id": 1, "quantity": 2.5},
    {"product_id": 1, "quantity": True},
    {"product_id": 1, "quantity": None},
    {"product_id": 1, "price": 0.01},
    [],
]
QUERIES = [
    "quantity=1",
    "product_id=one",
    "product_id=1.5",
    "product_id=01",
    "product_id=",
    'product_id="1"',
    "product_id=1&quantity=0",
    "product_id=1&quantity=1001",
    "product_id=1&quantity=1e-1",
    "product_id=1&quantity=%202x",
    "product_id=1&product_id=1",
    "product_id=1&colour=red",
]


async def add(shop: Shop, **request: Any) -> Reply:
    return await shop.call("cart", "POST", "/cart/ada/add", **request)


async def version(shop: Shop) -> int:
    return int((await shop.call("cart", "GET", "/cart/ada")).json["version"])


async def test_an_addition_out_of_bounds_is_invalid(
    catalog_and_cart: Shop, subtests: pytest.Subtests
) -> None:
    await catalog_and_cart.product()
    for addition in ADDITIONS:
        with subtests.test(str(addition)):
            reply = await add(catalog_and_cart, json=addition)
            assert (reply.status, reply.code) == (422, "invalid_request")
    assert await version(catalog_and_cart) == 0


async def test_a_query_follows_the_grammar_of_the_body(
    catalog_and_cart: Shop, subtests: pytest.Subtests
) -> None:
    await catalog_and_cart.product()
    for query in QUERIES:
        with subtests.test(query):
            reply = await catalog_and_cart.call("cart", "POST", f"/cart/ada/add?{query}")
            assert (reply.status, reply.code) == (422, "invalid_request")
    assert await version(catalog_and_cart) == 0


async def test_a_quantity_out_of_bounds_is_invalid(
    catalog_and_cart: Shop, subtests: pytest.Subtests
) -> None:
    path = f"/cart/ada/items/{await catalog_and_cart.product()}"
    for body in [{}, {"quantity": -1}, {"quantity": 1001}, {"quantity": "1"}, {"units": 1}]:
        with subtests.test(str(body)):
            reply = await catalog_and_cart.call("cart", "PUT", path, json=body)
            assert (reply.status, reply.code) == (422, "invalid_request")


async def test_a_line_holds_a_thousand_units_and_no_more(catalog_and_cart: Shop) -> None:
    product_id = await catalog_and_cart.product()
    assert (
        await add(catalog_and_cart, json={"product_id": product_id, "quantity": 1000})
    ).status == 200
    reply = await add(catalog_and_cart, json={"product_id": product_id})
    assert (reply.status, reply.code) == (422, "too_many_units")
    assert await version(catalog_and_cart) == 1


async def test_many_at_once_do_not_get_past_a_thousand_units(catalog_and_cart: Shop) -> None:
    product_id = await catalog_and_cart.product()
    body = {"product_id": product_id, "quantity": 300}
    replies = await asyncio.gather(*(add(catalog_and_cart, json=body) for _ in range(6)))
    assert sorted(reply.status for reply in replies) == [200] * 3 + [422] * 3


async def test_a_cart_holds_a_hundred_lines_and_no_more(catalog_and_cart: Shop) -> None:
    products = [await catalog_and_cart.product() for _ in range(101)]
    for product_id in products[:100]:
        assert (await add(catalog_and_cart, json={"product_id": product_id})).status == 200
    reply = await add(catalog_and_cart, json={"product_id": products[100]})
    assert (reply.status, reply.code) == (422, "too_many_lines")
    again = await add(catalog_and_cart, json={"product_id": products[0]})
    assert (again.status, len(again.json["cart"])) == (200, 100)
    assert all(item["validated"] for item in again.json["cart"])


async def test_a_valid_user_id_has_a_cart(
    catalog_and_cart: Shop, subtests: pytest.Subtests
) -> None:
    for user_id in ["a", "x" * 128, "Ada.L_1@example.org:8-0"]:
        with subtests.test(user_id):
            reply = await catalog_and_cart.call("cart", "GET", f"/cart/{user_id}")
            assert (reply.status, reply.json["user_id"]) == (200, user_id)


async def test_an_invalid_user_id_is_rejected(
    catalog_and_cart: Shop, subtests: pytest.Subtests
) -> None:
    for user_id in ["x" * 129, "a%20b", "a%2Fb", "a%0A", "%00", "ad%C3%A4", "a*b", "a!"]:
        with subtests.test(user_id):
            reply = await catalog_and_cart.call("cart", "GET", f"/cart/{user_id}")
            assert (reply.status, reply.code) == (422, "invalid_request")


@pytest.mark.parametrize(("method", "path", "request_of"), ROUTES)
async def test_somebody_elses_cart_is_as_if_it_did_not_exist(
    catalog_and_cart: Shop, method: str, path: str, request_of: dict[str, Any]
) -> None:
    await add(catalog_and_cart, json={"product_id": await catalog_and_cart.product()})
    for user_id in ("ada", "nobody"):
        where = path.replace("ada", user_id)
        reply = await catalog_and_cart.call("cart", method, where, key=token("bob"), **request_of)
        assert (reply.status, reply.code) == (404, "cart_not_found")
    assert await version(catalog_and_cart) == 1


@pytest.mark.parametrize(("method", "path", "request_of"), ROUTES)
async def test_a_cart_without_a_key_is_401(
    catalog_and_cart: Shop, method: str, path: str, request_of: dict[str, Any]
) -> None:
    reply = await catalog_and_cart.call("cart", method, path, key=None, **request_of)
    assert (reply.status, reply.code) == (401, "invalid_api_key")
