"""What a customer does with a cart: fill it, change it, look at it."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest

from tests.services.stockroom import rows
from tests.shop import Reply, Shop, as_json, token


async def add(shop: Shop, product_id: int, quantity: int = 1, user_id: str = "ada") -> Reply:
    body = {"product_id": product_id, "quantity": quantity}
    return await shop.call("cart", "POST", f"/cart/{user_id}/add", json=body)


async def put(shop: Shop, product_id: object, quantity: object) -> Reply:
    path = f"/cart/ada/items/{product_id}"
    return await shop.call("cart", "PUT", path, **as_json({"quantity": quantity}))


async def cart(shop: Shop, user_id: str = "ada") -> Any:
    reply = await shop.call("cart", "GET", f"/cart/{user_id}")
    assert reply.status == 200, reply.body
    return reply.json


async def contents(shop: Shop, user_id: str = "ada") -> dict[int, int]:
    return {item["product_id"]: item["quantity"] for item in (await cart(shop, user_id))["items"]}


async def test_a_user_never_seen_has_an_empty_cart(counter: Shop) -> None:
    assert await cart(counter, "nobody") == {
        "user_id": "nobody",
        "items": [],
        "total_amount": 0,
        "currency": "USD",
        "version": 0,
        "created_at": None,
        "updated_at": None,
    }


async def test_adding_answers_with_the_items_as_in_the_seed(counter: Shop) -> None:
    product_id = await counter.product(price="2.50")
    reply = await counter.call("cart", "POST", f"/cart/ada/add?product_id={product_id}&quantity=2")
    assert reply.status == 200
    assert reply.json == {
        "message": "Item added to cart",
        "cart": [
            {
                "product_id": product_id,
                "name": "Pear Drops",
                "quantity": 2,
                "price": Decimal("2.50"),
                "line_total": Decimal("5.00"),
                "validated": True,
            }
        ],
        "total_amount": Decimal("5.00"),
        "currency": "USD",
        "version": 1,
    }


@pytest.mark.parametrize(
    "request_of",
    [{"params": {"product_id": "1"}}, {"json": {"product_id": 1}}],
    ids=["query", "body"],
)
async def test_one_unit_is_added_unless_told_otherwise(
    counter: Shop, request_of: dict[str, Any]
) -> None:
    await counter.product()
    reply = await counter.call("cart", "POST", "/cart/ada/add", **request_of)
    assert reply.json["cart"][0]["quantity"] == 1


async def test_parameters_come_from_the_query_or_the_body_and_not_from_both(counter: Shop) -> None:
    path = f"/cart/ada/add?product_id={await counter.product()}"
    reply = await counter.call("cart", "POST", path, json={"quantity": 2})
    assert (reply.status, reply.code) == (422, "invalid_request")
    assert await contents(counter) == {}


async def test_the_same_product_adds_up(counter: Shop) -> None:
    drops, loaf = await counter.product(), await counter.product()
    for product_id, quantity in ((drops, 2), (loaf, 1), (drops, 3)):
        await add(counter, product_id, quantity)
    assert await contents(counter) == {drops: 5, loaf: 1}


async def test_lines_stay_in_the_order_they_came(counter: Shop) -> None:
    first, second, third = [await counter.product() for _ in range(3)]
    for product_id in (third, first, second, third):
        await add(counter, product_id)
    assert list(await contents(counter)) == [third, first, second]


async def test_many_who_add_at_once_all_count(counter: Shop) -> None:
    product_id = await counter.product()
    await asyncio.gather(*(add(counter, product_id) for _ in range(30)))
    found = await cart(counter)
    assert found["items"][0]["quantity"] == 30
    assert found["version"] == 30


async def test_a_product_that_the_catalog_does_not_have_is_refused(counter: Shop) -> None:
    reply = await add(counter, 999)
    assert (reply.status, reply.code) == (404, "product_not_found")
    assert reply.json["detail"] == "Product 999 not found in catalog"
    assert await contents(counter) == {}


async def test_the_largest_number_there_is_is_just_another_unknown_product(counter: Shop) -> None:
    assert (await add(counter, 2**63 - 1)).code == "product_not_found"
    assert (await put(counter, 2**63 - 1, 1)).code == "product_not_found"


async def test_a_cart_is_priced_as_the_catalog_has_it_now(counter: Shop) -> None:
    product_id = await counter.product(price="2.50")
    await add(counter, product_id, 3)
    changes = as_json({"price": Decimal("1.99"), "name": "Pear Drops, sale"})
    await counter.call("catalog", "PATCH", f"/products/{product_id}", **changes)
    found = await cart(counter)
    [item] = found["items"]
    assert (item["name"], item["price"]) == ("Pear Drops, sale", Decimal("1.99"))
    assert item["line_total"] == found["total_amount"] == Decimal("5.97")


async def test_a_product_deleted_meanwhile_stays_in_the_cart_as_not_valid(counter: Shop) -> None:
    product_id = await counter.product()
    await add(counter, product_id)
    await counter.call("catalog", "DELETE", f"/products/{product_id}")
    [item] = (await cart(counter))["items"]
    assert (item["name"], item["validated"]) == ("Pear Drops", False)
    assert (await add(counter, product_id)).code == "product_not_found"
    assert (await put(counter, product_id, 0)).json["items"] == []


async def test_a_quantity_can_be_set(counter: Shop) -> None:
    product_id = await counter.product(price="2.50")
    for quantity in (3, 5, 2):
        reply = await put(counter, product_id, quantity)
        assert reply.status == 200
        assert reply.json["items"][0]["quantity"] == quantity
    assert reply.json == await cart(counter)


async def test_a_quantity_of_none_removes_the_line(counter: Shop) -> None:
    drops, loaf = await counter.product(), await counter.product()
    await add(counter, drops)
    await add(counter, loaf)
    reply = await put(counter, drops, 0)
    assert [item["product_id"] for item in reply.json["items"]] == [loaf]


async def test_a_quantity_of_an_unknown_product_cannot_be_set(counter: Shop) -> None:
    assert (await put(counter, 999, 1)).code == "product_not_found"
    assert (await put(counter, "abc", 1)).code == "product_not_found"


async def test_a_line_can_be_taken_out_and_taking_it_out_again_changes_nothing(
    counter: Shop,
) -> None:
    product_id = await counter.product()
    await add(counter, product_id, 3)
    path = f"/cart/ada/items/{product_id}"
    first, again = [await counter.call("cart", "DELETE", path) for _ in range(2)]
    assert (first.status, first.json["items"], first.json["version"]) == (200, [], 2)
    assert again.json == first.json


async def test_a_cart_can_be_emptied_and_emptying_it_again_changes_nothing(counter: Shop) -> None:
    for _ in range(2):
        await add(counter, await counter.product())
    first, again = [await counter.call("cart", "DELETE", "/cart/ada") for _ in range(2)]
    assert (first.status, first.json["items"], first.json["version"]) == (200, [], 3)
    assert again.json == first.json


async def test_carts_are_each_users_own(counter: Shop) -> None:
    product_id = await counter.product()
    await add(counter, product_id, 2, user_id="ada")
    await add(counter, product_id, 3, user_id="bob")
    await counter.call("cart", "DELETE", "/cart/ada")
    assert await contents(counter, "bob") == {product_id: 3}


async def test_a_cart_survives_a_restart(counter: Shop) -> None:
    await add(counter, await counter.product(), 2)
    before = await cart(counter)
    await counter.restart("cart")
    assert await cart(counter) == before


async def test_a_customer_fills_her_own_cart(counter: Shop) -> None:
    path = f"/cart/ada/add?product_id={await counter.product()}"
    reply = await counter.call("cart", "POST", path, key=token("ada"))
    assert reply.status == 200
    assert (await counter.call("cart", "GET", "/cart/ada", key=token("ada"))).json == await cart(
        counter
    )


async def test_others_can_read_carts_by_the_names_they_know(counter: Shop) -> None:
    drops, loaf = await counter.product(), await counter.product()
    await add(counter, loaf, 2)
    await add(counter, drops)
    await add(counter, loaf)
    [(user_id, items)] = rows(counter, "carts.db", "SELECT user_id, items FROM carts")
    assert user_id == "ada"
    assert json.loads(items) == [
        {"product_id": loaf, "quantity": 3},
        {"product_id": drops, "quantity": 1},
    ]
