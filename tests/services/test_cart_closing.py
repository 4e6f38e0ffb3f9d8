"""A cart that becomes an order: its version, and what a close takes out of it."""

import asyncio
import uuid
from typing import Any

import pytest

from tests.shop import Reply, Shop, as_json, token

ORDER = "6f1b2c3d-0000-4000-8000-0000000000c1"
OTHER = "6f1b2c3d-0000-4000-8000-0000000000c2"


@pytest.fixture
async def drops(counter: Shop) -> int:
    """A product."""
    return await counter.product()


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


def contents(cart: Any) -> dict[int, int]:
    return {item["product_id"]: item["quantity"] for item in cart["items"]}


async def test_a_close_takes_out_what_was_there_at_that_version(counter: Shop, drops: int) -> None:
    version = await add(counter, drops, 2)
    reply = await close(counter, version)
    assert (reply.status, reply.json["items"]) == (200, [])
    assert reply.json == await cart(counter)


async def test_units_that_were_added_meanwhile_stay(counter: Shop, drops: int) -> None:
    loaf = await counter.product()
    version = await add(counter, drops, 2)
    await add(counter, drops, 3)
    await add(counter, loaf)
    assert contents((await close(counter, version)).json) == {drops: 3, loaf: 1}


async def test_units_taken_out_meanwhile_are_the_newest_first(counter: Shop, drops: int) -> None:
    version = await add(counter, drops, 2)
    await add(counter, drops, 3)
    await put(counter, drops, 3)
    assert contents((await close(counter, version)).json) == {drops: 1}


async def test_what_became_an_order_is_not_taken_from_what_is_added_later(
    counter: Shop, drops: int
) -> None:
    version = await add(counter, drops, 2)
    await put(counter, drops, 1)
    await put(counter, drops, 0)
    await add(counter, drops, 5)
    assert contents((await close(counter, version)).json) == {drops: 5}


async def test_a_close_has_its_effect_once_an_order(counter: Shop, drops: int) -> None:
    version = await add(counter, drops, 2)
    first = await close(counter, version)
    await add(counter, drops, 4)
    again = await close(counter, 2**53)
    assert (again.status, contents(again.json)) == (200, {drops: 4})
    assert again.json["version"] == first.json["version"] + 1  # by the adding alone


async def test_many_closes_of_an_order_at_once_have_one_effect(counter: Shop, drops: int) -> None:
    version = await add(counter, drops, 2)
    replies = await asyncio.gather(*(close(counter, version) for _ in range(10)))
    assert {reply.json["version"] for reply in replies} == {version + 1}


async def test_a_close_is_remembered_across_restarts(counter: Shop, drops: int) -> None:
    await close(counter, await add(counter, drops))
    later = await add(counter, drops)
    await counter.restart("cart")
    assert contents((await close(counter, later)).json) == {drops: 1}


async def test_the_next_order_closes_the_rest(counter: Shop, drops: int) -> None:
    first = await add(counter, drops, 2)
    second = await add(counter, drops, 3)
    await close(counter, first, ORDER)
    assert contents((await close(counter, second, OTHER)).json) == {}


async def test_closes_in_the_wrong_order_take_no_unit_twice(counter: Shop, drops: int) -> None:
    first = await add(counter, drops, 2)
    second = await add(counter, drops, 3)
    await add(counter, drops, 4)
    await close(counter, second, OTHER)
    assert contents((await close(counter, first, ORDER)).json) == {drops: 4}


async def test_a_close_works_under_an_idempotency_key(counter: Shop, drops: int) -> None:
    version = await add(counter, drops)
    first = await close(counter, version, idempotency_key="k-1")
    again = await close(counter, version, idempotency_key="k-1")
    assert (again.body, again.headers["Idempotent-Replayed"]) == (first.body, "true")


async def test_units_added_during_the_close_are_all_there_after_it(
    counter: Shop, drops: int
) -> None:
    version = await add(counter, drops, 5)
    await asyncio.gather(
        *(add(counter, drops) for _ in range(10)),
        close(counter, version),
        *(add(counter, drops) for _ in range(10)),
    )
    assert contents(await cart(counter)) == {drops: 20}


async def test_every_change_raises_the_version(counter: Shop, drops: int) -> None:
    assert await add(counter, drops) == 1
    assert await add(counter, drops) == 2
    assert await put(counter, drops, 5) == 3
    assert await put(counter, drops, 1) == 4
    assert await put(counter, drops, 0) == 5
    assert await add(counter, drops) == 6
    assert (await close(counter, 6)).json["version"] == 7


async def test_what_changes_nothing_leaves_the_version(counter: Shop, drops: int) -> None:
    version = await add(counter, drops, 2)
    assert await put(counter, drops, 2) == version
    await counter.call("cart", "POST", "/cart/ada/add", json={"product_id": 999})
    await counter.call("catalog", "PATCH", f"/products/{drops}", **as_json({"price": 9}))
    assert (await cart(counter))["version"] == version


async def test_nothing_restarts_the_version(counter: Shop, drops: int) -> None:
    await add(counter, drops)
    await counter.call("cart", "DELETE", "/cart/ada")
    await counter.restart("cart")
    assert (await cart(counter))["version"] == 2
    assert await add(counter, drops) == 3


async def test_a_close_that_finds_nothing_still_raises_the_version(
    counter: Shop, drops: int
) -> None:
    version = await add(counter, drops)
    await counter.call("cart", "DELETE", "/cart/ada")
    assert (await close(counter, version)).json["version"] == version + 2


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
    counter: Shop, drops: int, body: dict[str, object]
) -> None:
    await add(counter, drops)
    reply = await counter.call("cart", "POST", "/cart/ada/close", json=body)
    assert (reply.status, reply.code) == (422, "invalid_request")
    assert contents(await cart(counter)) == {drops: 1}


async def test_closing_is_the_operators_alone(counter: Shop) -> None:
    reply = await close(counter, 1, str(uuid.uuid4()), key=token("ada"))
    assert (reply.status, reply.code) == (403, "forbidden")
