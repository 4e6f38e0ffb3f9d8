"""A cart that becomes an order: its version, and what a close takes out of it."""

import asyncio
import uuid
from typing import Any

import pytest

from tests.shop import Reply, Shop, as_json, token

ORDER = "6f1b2c3d-0000-4000-8000-0000000000c1"
OTHER = "6f1b2c3d-0000-4000-8000-0000000000c2"


@pytest.fixture
async def product(catalog_and_cart: Shop) -> int:
    """A product."""
    return await catalog_and_cart.product()


async def add(shop: Shop, product_id: int, quantity: int = 1) -> int:
    """Put units in; returns the version that this made."""
    body = {"product_id": product_id, "quantity": quantity}
    return int((await shop.call("cart", "POST", "/cart/ada/add", json=body)).json["version"])


async def put(shop: Shop, product_id: int, quantity: int) -> int:
    path = f"/cart/ada/items/{product_id}"
    return int((await shop.call("cart", "PUT", path, json={"quantity": quantity})).json["version"])


async def close(shop: Shop, version: int, order_id: str = ORDER, **request: Any) -> Reply:
    body = {"order_id": order_id, "version": version}
    return await shop.call("cart", "POST", "/cart/ada/close", json=body, **request)


async def cart(shop: Shop) -> Any:
    return (await shop.call("cart", "GET", "/cart/ada")).json


async def lines(shop: Shop, **request: Any) -> Reply:
    return await shop.call("cart", "GET", "/cart/ada/lines", **request)


def contents(cart: Any) -> dict[int, int]:
    return {item["product_id"]: item["quantity"] for item in cart["items"]}


async def test_a_close_takes_out_the_units_of_that_version(
    catalog_and_cart: Shop, product: int
) -> None:
    version = await add(catalog_and_cart, product, 2)
    reply = await close(catalog_and_cart, version)
    assert (reply.status, reply.json["items"]) == (200, [])
    assert reply.json == (await lines(catalog_and_cart)).json


async def test_units_that_were_added_meanwhile_stay(catalog_and_cart: Shop, product: int) -> None:
    loaf = await catalog_and_cart.product()
    version = await add(catalog_and_cart, product, 2)
    await add(catalog_and_cart, product, 3)
    await add(catalog_and_cart, loaf)
    assert contents((await close(catalog_and_cart, version)).json) == {product: 3, loaf: 1}


async def test_units_taken_out_meanwhile_are_the_newest_first(
    catalog_and_cart: Shop, product: int
) -> None:
    version = await add(catalog_and_cart, product, 2)
    await add(catalog_and_cart, product, 3)
    await put(catalog_and_cart, product, 3)
    assert contents((await close(catalog_and_cart, version)).json) == {product: 1}


async def test_a_close_takes_nothing_from_units_added_later(
    catalog_and_cart: Shop, product: int
) -> None:
    version = await add(catalog_and_cart, product, 2)
    await put(catalog_and_cart, product, 1)
    await put(catalog_and_cart, product, 0)
    await add(catalog_and_cart, product, 5)
    assert contents((await close(catalog_and_cart, version)).json) == {product: 5}


async def test_a_close_has_one_effect_for_each_order(catalog_and_cart: Shop, product: int) -> None:
    version = await add(catalog_and_cart, product, 2)
    first = await close(catalog_and_cart, version)
    await add(catalog_and_cart, product, 4)
    again = await close(catalog_and_cart, 2**53)
    assert (again.status, contents(again.json)) == (200, {product: 4})
    assert again.json["version"] == first.json["version"] + 1  # by the adding alone


async def test_many_closes_of_an_order_at_once_have_one_effect(
    catalog_and_cart: Shop, product: int
) -> None:
    version = await add(catalog_and_cart, product, 2)
    replies = await asyncio.gather(*(close(catalog_and_cart, version) for _ in range(10)))
    assert {reply.json["version"] for reply in replies} == {version + 1}


async def test_a_close_is_remembered_across_restarts(catalog_and_cart: Shop, product: int) -> None:
    await close(catalog_and_cart, await add(catalog_and_cart, product))
    later = await add(catalog_and_cart, product)
    await catalog_and_cart.restart("cart")
    assert contents((await close(catalog_and_cart, later)).json) == {product: 1}


async def test_the_next_order_closes_the_rest(catalog_and_cart: Shop, product: int) -> None:
    first = await add(catalog_and_cart, product, 2)
    second = await add(catalog_and_cart, product, 3)
    await close(catalog_and_cart, first, ORDER)
    assert contents((await close(catalog_and_cart, second, OTHER)).json) == {}


async def test_closes_in_the_wrong_order_take_no_unit_twice(
    catalog_and_cart: Shop, product: int
) -> None:
    first = await add(catalog_and_cart, product, 2)
    second = await add(catalog_and_cart, product, 3)
    await add(catalog_and_cart, product, 4)
    await close(catalog_and_cart, second, OTHER)
    assert contents((await close(catalog_and_cart, first, ORDER)).json) == {product: 4}


async def test_a_close_works_under_an_idempotency_key(catalog_and_cart: Shop, product: int) -> None:
    version = await add(catalog_and_cart, product)
    first = await close(catalog_and_cart, version, idempotency_key="k-1")
    again = await close(catalog_and_cart, version, idempotency_key="k-1")
    assert (again.body, again.headers["Idempotent-Replayed"]) == (first.body, "true")


async def test_units_added_during_the_close_are_all_there_after_it(
    catalog_and_cart: Shop, product: int
) -> None:
    version = await add(catalog_and_cart, product, 5)
    await asyncio.gather(
        *(add(catalog_and_cart, product) for _ in range(10)),
        close(catalog_and_cart, version),
        *(add(catalog_and_cart, product) for _ in range(10)),
    )
    assert contents(await cart(catalog_and_cart)) == {product: 20}


async def test_every_change_raises_the_version(catalog_and_cart: Shop, product: int) -> None:
    assert await add(catalog_and_cart, product) == 1
    assert await add(catalog_and_cart, product) == 2
    assert await put(catalog_and_cart, product, 5) == 3
    assert await put(catalog_and_cart, product, 1) == 4
    assert await put(catalog_and_cart, product, 0) == 5
    assert await add(catalog_and_cart, product) == 6
    assert (await close(catalog_and_cart, 6)).json["version"] == 7


async def test_a_request_that_changes_nothing_leaves_the_version(
    catalog_and_cart: Shop, product: int
) -> None:
    version = await add(catalog_and_cart, product, 2)
    assert await put(catalog_and_cart, product, 2) == version
    await catalog_and_cart.call("cart", "POST", "/cart/ada/add", json={"product_id": 999})
    await catalog_and_cart.call("catalog", "PATCH", f"/products/{product}", **as_json({"price": 9}))
    assert (await cart(catalog_and_cart))["version"] == version


async def test_the_version_never_starts_anew(catalog_and_cart: Shop, product: int) -> None:
    await add(catalog_and_cart, product)
    await catalog_and_cart.call("cart", "DELETE", "/cart/ada")
    await catalog_and_cart.restart("cart")
    assert (await cart(catalog_and_cart))["version"] == 2
    assert await add(catalog_and_cart, product) == 3


async def test_a_close_that_finds_nothing_still_raises_the_version(
    catalog_and_cart: Shop, product: int
) -> None:
    version = await add(catalog_and_cart, product)
    await catalog_and_cart.call("cart", "DELETE", "/cart/ada")
    assert (await close(catalog_and_cart, version)).json["version"] == version + 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"order_id": ORDER},
        {"version": 1},
        {"order_id": "1", "version": 1},
        {"order_id": ORDER, "version": -1},
        {"order_id": ORDER, "version": 2**53 + 1},
        {"order_id": ORDER, "version": "1"},
        {"order_id": ORDER, "version": 1, "user_id": "ada"},
    ],
    ids=str,
)
async def test_a_close_out_of_bounds_is_invalid(
    catalog_and_cart: Shop, product: int, body: dict[str, object]
) -> None:
    await add(catalog_and_cart, product)
    reply = await catalog_and_cart.call("cart", "POST", "/cart/ada/close", json=body)
    assert (reply.status, reply.code) == (422, "invalid_request")
    assert contents(await cart(catalog_and_cart)) == {product: 1}


async def test_closing_is_the_operators_alone(catalog_and_cart: Shop) -> None:
    reply = await close(catalog_and_cart, 1, str(uuid.uuid4()), key=token("ada"))
    assert (reply.status, reply.code) == (403, "forbidden")


async def test_the_lines_of_a_cart_are_its_products_and_quantities_at_its_version(
    catalog_and_cart: Shop, product: int
) -> None:
    loaf = await catalog_and_cart.product()
    await add(catalog_and_cart, loaf)
    version = await add(catalog_and_cart, product, 2)
    items = [{"product_id": loaf, "quantity": 1}, {"product_id": product, "quantity": 2}]
    reply = await lines(catalog_and_cart)
    assert reply.json == {"user_id": "ada", "version": version, "items": items}


async def test_a_user_without_a_cart_has_no_lines(catalog_and_cart: Shop) -> None:
    reply = await lines(catalog_and_cart)
    assert reply.json == {"user_id": "ada", "version": 0, "items": []}


async def test_the_lines_of_a_cart_are_the_operators_alone(catalog_and_cart: Shop) -> None:
    reply = await lines(catalog_and_cart, key=token("ada"))
    assert (reply.status, reply.code) == (403, "forbidden")
