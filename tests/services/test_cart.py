"""What a customer does with a cart: fill it, change it, look at it."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from services.cart import store, transitions
from services.cart.model import UNANSWERED, CatalogSnapshot
from services.common.core.clock import utc_now
from services.common.core.currency import USD
from services.common.web import paging
from tests.schemas import in_memory
from tests.services.stock import rows
from tests.shop import Reply, Shop, as_json, token, until


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


async def test_a_user_never_seen_has_an_empty_cart(catalog_and_cart: Shop) -> None:
    assert await cart(catalog_and_cart, "nobody") == {
        "user_id": "nobody",
        "items": [],
        "total_amount": 0,
        "currency": "USD",
        "version": 0,
        "created_at": None,
        "updated_at": None,
    }


async def test_adding_answers_with_the_items_as_in_the_seed(catalog_and_cart: Shop) -> None:
    product_id = await catalog_and_cart.product(price="2.50")
    reply = await catalog_and_cart.call(
        "cart", "POST", f"/cart/ada/add?product_id={product_id}&quantity=2"
    )
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
                "gone": False,
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
    catalog_and_cart: Shop, request_of: dict[str, Any]
) -> None:
    await catalog_and_cart.product()
    reply = await catalog_and_cart.call("cart", "POST", "/cart/ada/add", **request_of)
    assert reply.json["cart"][0]["quantity"] == 1


async def test_parameters_come_from_the_query_or_the_body_and_not_from_both(
    catalog_and_cart: Shop,
) -> None:
    path = f"/cart/ada/add?product_id={await catalog_and_cart.product()}"
    reply = await catalog_and_cart.call("cart", "POST", path, json={"quantity": 2})
    assert (reply.status, reply.code) == (422, "invalid_request")
    assert await contents(catalog_and_cart) == {}


async def test_the_same_product_adds_up(catalog_and_cart: Shop) -> None:
    drops, loaf = await catalog_and_cart.product(), await catalog_and_cart.product()
    for product_id, quantity in ((drops, 2), (loaf, 1), (drops, 3)):
        await add(catalog_and_cart, product_id, quantity)
    assert await contents(catalog_and_cart) == {drops: 5, loaf: 1}


async def test_lines_stay_in_the_order_they_came(catalog_and_cart: Shop) -> None:
    first, second, third = [await catalog_and_cart.product() for _ in range(3)]
    for product_id in (third, first, second, third):
        await add(catalog_and_cart, product_id)
    assert list(await contents(catalog_and_cart)) == [third, first, second]


async def test_many_who_add_at_once_all_count(catalog_and_cart: Shop) -> None:
    product_id = await catalog_and_cart.product()
    await asyncio.gather(*(add(catalog_and_cart, product_id) for _ in range(30)))
    found = await cart(catalog_and_cart)
    assert found["items"][0]["quantity"] == 30
    assert found["version"] == 30


async def test_a_product_that_the_catalog_does_not_have_is_404(catalog_and_cart: Shop) -> None:
    reply = await add(catalog_and_cart, 999)
    assert (reply.status, reply.code) == (404, "product_not_found")
    assert reply.json["detail"] == "Product 999 not found in catalog"
    assert await contents(catalog_and_cart) == {}


async def test_the_largest_id_is_an_unknown_product(
    catalog_and_cart: Shop,
) -> None:
    assert (await add(catalog_and_cart, 2**63 - 1)).code == "product_not_found"
    assert (await put(catalog_and_cart, 2**63 - 1, 1)).code == "product_not_found"


async def test_a_cart_is_priced_as_the_catalog_has_it_now(catalog_and_cart: Shop) -> None:
    product_id = await catalog_and_cart.product(price="2.50")
    await add(catalog_and_cart, product_id, 3)
    changes = as_json({"price": Decimal("1.99"), "name": "Pear Drops, sale"})
    await catalog_and_cart.call("catalog", "PATCH", f"/products/{product_id}", **changes)
    found = await cart(catalog_and_cart)
    [item] = found["items"]
    assert (item["name"], item["price"]) == ("Pear Drops, sale", Decimal("1.99"))
    assert item["line_total"] == found["total_amount"] == Decimal("5.97")


@pytest.fixture
async def gone(catalog_and_cart: Shop) -> int:
    """A product that was deleted with two units of it in ada's cart, which has another at 4.00."""
    product_id = await catalog_and_cart.product(price="3.00")
    await add(catalog_and_cart, product_id, 2)
    await add(catalog_and_cart, await catalog_and_cart.product(price="4.00"))
    await catalog_and_cart.call("catalog", "DELETE", f"/products/{product_id}")
    return product_id


async def test_a_product_that_is_gone_stays_in_the_cart_and_not_in_the_total(
    catalog_and_cart: Shop, gone: int
) -> None:
    found = await cart(catalog_and_cart)
    assert found["items"][0] == {
        "product_id": gone,
        "name": "Pear Drops",
        "quantity": 2,
        "price": None,
        "line_total": None,
        "validated": True,
        "gone": True,
    }
    assert found["total_amount"] == Decimal("4.00")


async def test_a_line_that_is_gone_can_be_made_less_and_no_more(
    catalog_and_cart: Shop, gone: int
) -> None:
    assert (await add(catalog_and_cart, gone)).code == "product_not_found"
    assert (await put(catalog_and_cart, gone, 3)).code == "product_not_found"
    less = (await put(catalog_and_cart, gone, 1)).json
    assert (less["items"][0]["quantity"], less["items"][0]["gone"]) == (1, True)
    assert less["total_amount"] == Decimal("4.00")
    assert len((await put(catalog_and_cart, gone, 0)).json["items"]) == 1


async def test_a_line_that_is_gone_gets_no_more_while_no_catalog_answers(
    catalog_and_cart: Shop, gone: int
) -> None:
    await cart(catalog_and_cart)
    await catalog_and_cart.stop("catalog")
    assert (await add(catalog_and_cart, gone)).code == "product_not_found"
    assert (await put(catalog_and_cart, gone, 1)).json["items"][0]["quantity"] == 1


async def test_what_is_gone_stays_so_while_no_catalog_answers(
    catalog_and_cart: Shop, gone: int
) -> None:
    before = await cart(catalog_and_cart)
    await catalog_and_cart.stop("catalog")
    await catalog_and_cart.restart("cart")
    assert (await cart(catalog_and_cart)) == before
    assert before["items"][0]["product_id"] == gone


async def test_what_is_sold_again_has_its_price_again(catalog_and_cart: Shop, gone: int) -> None:
    before = await cart(catalog_and_cart)
    await catalog_and_cart.stop("catalog")
    again = [{"id": gone, "name": "Pear Drops", "price": 2.75, "currency": "USD"}]

    async def catalog(_request: web.Request) -> web.Response:
        return web.json_response(again)

    await catalog_and_cart.stand_in("catalog", catalog)

    async def is_back() -> Any:
        found = await cart(catalog_and_cart)
        return None if found["items"][0]["gone"] else found

    found = await until(is_back)
    assert found["items"][0]["line_total"] == Decimal("5.50")
    # And what this catalog does not tell is gone now.
    assert [item["gone"] for item in found["items"]] == [False, True]
    assert found["version"] == before["version"]


async def test_a_line_that_came_while_the_catalog_was_asked_is_not_gone() -> None:
    conn = in_memory("carts.db")
    asked_before = CatalogSnapshot({}, asked=[1])
    for product_id in (1, 2):
        transitions.add_units(conn, "ada", product_id, 1, UNANSWERED, USD, utc_now())
    transitions.learn(conn, "ada", asked_before)
    items = store.read_cart(conn, "ada", asked_before, USD).items
    conn.close()
    assert [(item.gone, item.validated) for item in items] == [(True, True), (False, False)]


async def test_a_quantity_can_be_set(catalog_and_cart: Shop) -> None:
    product_id = await catalog_and_cart.product(price="2.50")
    for quantity in (3, 5, 2):
        reply = await put(catalog_and_cart, product_id, quantity)
        assert reply.status == 200
        assert reply.json["items"][0]["quantity"] == quantity
    assert reply.json == await cart(catalog_and_cart)


async def test_a_quantity_of_zero_removes_the_line(catalog_and_cart: Shop) -> None:
    drops, loaf = await catalog_and_cart.product(), await catalog_and_cart.product()
    await add(catalog_and_cart, drops)
    await add(catalog_and_cart, loaf)
    reply = await put(catalog_and_cart, drops, 0)
    assert [item["product_id"] for item in reply.json["items"]] == [loaf]


async def test_a_quantity_of_an_unknown_product_cannot_be_set(catalog_and_cart: Shop) -> None:
    assert (await put(catalog_and_cart, 999, 1)).code == "product_not_found"
    assert (await put(catalog_and_cart, "abc", 1)).code == "product_not_found"


async def test_a_line_can_be_taken_out_and_taking_it_out_again_changes_nothing(
    catalog_and_cart: Shop,
) -> None:
    product_id = await catalog_and_cart.product()
    await add(catalog_and_cart, product_id, 3)
    path = f"/cart/ada/items/{product_id}"
    first, again = [await catalog_and_cart.call("cart", "DELETE", path) for _ in range(2)]
    assert (first.status, first.json["items"], first.json["version"]) == (200, [], 2)
    assert again.json == first.json


async def test_a_cart_can_be_emptied_and_emptying_it_again_changes_nothing(
    catalog_and_cart: Shop,
) -> None:
    for _ in range(2):
        await add(catalog_and_cart, await catalog_and_cart.product())
    first, again = [await catalog_and_cart.call("cart", "DELETE", "/cart/ada") for _ in range(2)]
    assert (first.status, first.json["items"], first.json["version"]) == (200, [], 3)
    assert again.json == first.json


async def test_carts_are_each_users_own(catalog_and_cart: Shop) -> None:
    product_id = await catalog_and_cart.product()
    await add(catalog_and_cart, product_id, 2, user_id="ada")
    await add(catalog_and_cart, product_id, 3, user_id="bob")
    await catalog_and_cart.call("cart", "DELETE", "/cart/ada")
    assert await contents(catalog_and_cart, "bob") == {product_id: 3}


async def test_a_cart_survives_a_restart(catalog_and_cart: Shop) -> None:
    await add(catalog_and_cart, await catalog_and_cart.product(), 2)
    before = await cart(catalog_and_cart)
    await catalog_and_cart.restart("cart")
    assert await cart(catalog_and_cart) == before


async def test_a_customer_fills_her_own_cart(catalog_and_cart: Shop) -> None:
    path = f"/cart/ada/add?product_id={await catalog_and_cart.product()}"
    reply = await catalog_and_cart.call("cart", "POST", path, key=token("ada"))
    assert reply.status == 200
    assert (
        await catalog_and_cart.call("cart", "GET", "/cart/ada", key=token("ada"))
    ).json == await cart(catalog_and_cart)


async def test_carts_can_be_read_by_the_columns_of_the_first_release(
    catalog_and_cart: Shop,
) -> None:
    drops, loaf = await catalog_and_cart.product(), await catalog_and_cart.product()
    await add(catalog_and_cart, loaf, 2)
    await add(catalog_and_cart, drops)
    await add(catalog_and_cart, loaf)
    [(user_id, items)] = rows(catalog_and_cart, "carts.db", "SELECT user_id, items FROM carts")
    assert user_id == "ada"
    assert json.loads(items) == [
        {"product_id": loaf, "quantity": 3},
        {"product_id": drops, "quantity": 1},
    ]


async def test_a_cart_knows_all_its_products_however_many_pages_the_catalog_tells_them_in(
    catalog_and_cart: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE_BYTES", 1000)
    products = [await catalog_and_cart.product(description="d" * 200) for _ in range(7)]
    for product_id in products:
        await add(catalog_and_cart, product_id)
    for gone in (products[0], products[3], products[6]):
        await catalog_and_cart.call("catalog", "DELETE", f"/products/{gone}")
    is_gone = {item["product_id"]: item["gone"] for item in (await cart(catalog_and_cart))["items"]}
    assert [is_gone[product_id] for product_id in products] == [
        *(True, False, False, True, False, False, True)
    ]
