"""While no catalog answers, a cart goes on without, and is checked when one is back."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from tests.shop import Reply, Shop, as_json, until

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SOON = 0.2


async def add(shop: Shop, product_id: int, quantity: int = 1, user_id: str = "ada") -> Reply:
    body = {"product_id": product_id, "quantity": quantity}
    return await shop.call("cart", "POST", f"/cart/{user_id}/add", json=body)


async def cart(shop: Shop, user_id: str = "ada") -> Any:
    reply = await shop.call("cart", "GET", f"/cart/{user_id}")
    assert reply.status == 200, reply.body
    return reply.json


def answering(status: int, body: str = "", media: str = "application/json") -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type=media)

    return answer


async def hang(_request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


async def drop(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


UNCHECKED = {
    "product_id": 7,
    "name": None,
    "quantity": 2,
    "price": None,
    "line_total": None,
    "validated": False,
    "gone": False,
}


async def test_without_a_catalog_a_product_is_kept_unchecked_at_no_price(
    shop: Shop,
) -> None:
    await shop.start("cart", peer_deadline=SOON)
    reply = await add(shop, 7, 2)
    assert reply.status == 200
    assert reply.json["cart"] == [UNCHECKED]
    assert reply.json["total_amount"] == 0


@pytest.mark.parametrize(
    "stand_in",
    [
        answering(404),
        answering(500),
        answering(503),
        answering(502, "<html>bad gateway</html>", "text/html"),
        answering(302),
        answering(200, "<html>it works</html>", "text/html"),
        answering(200, '{"products": []}'),
        answering(200, '[{"id": 7}]'),
        hang,
        drop,
    ],
    ids=["404", "500", "503", "502", "302", "no JSON", "no list", "no product", "hangs", "drops"],
)
async def test_a_catalog_that_answers_nonsense_is_like_none(shop: Shop, stand_in: Handler) -> None:
    await shop.stand_in("catalog", stand_in)
    await shop.start("cart", peer_deadline=SOON)
    assert (await add(shop, 7, 2)).json["cart"] == [UNCHECKED]


async def test_a_catalog_that_refuses_connections_is_like_none(shop: Shop) -> None:
    await shop.stand_in("catalog", answering(200, "[]"))
    await shop.stop("catalog")  # nobody tells the registry
    await shop.start("cart", peer_deadline=SOON)
    assert (await add(shop, 7, 2)).json["cart"] == [UNCHECKED]


async def test_a_product_that_the_catalog_does_not_have_is_not_found(shop: Shop) -> None:
    await shop.stand_in("catalog", answering(200, "[]"))
    await shop.start("cart")
    reply = await add(shop, 7)
    assert (reply.status, reply.code) == (404, "product_not_found")


async def test_prices_are_as_last_known(catalog_and_cart: Shop) -> None:
    product_id = await catalog_and_cart.product(price="2.50")
    await add(catalog_and_cart, product_id, 2)
    changed = as_json({"price": Decimal("3.00")})
    await catalog_and_cart.call("catalog", "PATCH", f"/products/{product_id}", **changed)
    before = await cart(catalog_and_cart)
    await catalog_and_cart.stop("catalog")
    assert await cart(catalog_and_cart) == before
    assert before["total_amount"] == Decimal("6.00")


async def test_a_product_known_from_another_cart_has_its_price_and_is_unchecked(
    catalog_and_cart: Shop,
) -> None:
    product_id = await catalog_and_cart.product(price="2.50")
    await add(catalog_and_cart, product_id, user_id="bob")
    await catalog_and_cart.stop("catalog")
    reply = await add(catalog_and_cart, product_id, 2)
    [item] = reply.json["cart"]
    assert (item["name"], item["price"]) == ("Pear Drops", Decimal("2.50"))
    assert item["validated"] is False
    assert reply.json["total_amount"] == Decimal("5.00")


async def test_adding_to_a_checked_line_leaves_it_checked(catalog_and_cart: Shop) -> None:
    product_id = await catalog_and_cart.product()
    await add(catalog_and_cart, product_id)
    await catalog_and_cart.stop("catalog")
    [item] = (await add(catalog_and_cart, product_id)).json["cart"]
    assert (item["quantity"], item["validated"]) == (2, True)


async def test_last_known_prices_survive_a_restart_of_the_cart(catalog_and_cart: Shop) -> None:
    await add(catalog_and_cart, await catalog_and_cart.product(price="2.50"), 2)
    before = await cart(catalog_and_cart)
    await catalog_and_cart.stop("catalog")
    await catalog_and_cart.restart("cart")
    assert await cart(catalog_and_cart) == before


async def test_unchecked_lines_are_checked_when_the_catalog_is_back(
    catalog_and_cart: Shop,
) -> None:
    product_id = await catalog_and_cart.product(price="2.50")
    await catalog_and_cart.stop("catalog")
    await add(catalog_and_cart, product_id, 2)
    await add(catalog_and_cart, 999)
    await catalog_and_cart.start("catalog")

    async def checked() -> Any:
        found = await cart(catalog_and_cart)
        return found if found["items"][0]["validated"] else None

    found = await until(checked)
    assert [item["validated"] for item in found["items"]] == [True, True]
    assert [item["gone"] for item in found["items"]] == [False, True]
    assert [item["price"] for item in found["items"]] == [Decimal("2.50"), None]
    assert found["total_amount"] == Decimal("5.00")
    assert (await add(catalog_and_cart, 999)).code == "product_not_found"


async def test_checked_lines_stay_checked_when_the_catalog_goes_again(
    catalog_and_cart: Shop,
) -> None:
    product_id = await catalog_and_cart.product()
    await catalog_and_cart.stop("catalog")
    await add(catalog_and_cart, product_id)
    await catalog_and_cart.start("catalog")

    async def checked() -> Any:
        return (await cart(catalog_and_cart))["items"][0]["validated"]

    await until(checked)
    await catalog_and_cart.stop("catalog")
    assert await checked() is True


async def test_a_cart_can_be_changed_without_a_catalog(shop: Shop) -> None:
    await shop.start("cart", peer_deadline=SOON)
    await shop.call("cart", "PUT", "/cart/ada/items/7", json={"quantity": 3})
    await shop.call("cart", "PUT", "/cart/ada/items/8", json={"quantity": 1})
    reply = await shop.call("cart", "DELETE", "/cart/ada/items/8")
    assert [(item["product_id"], item["quantity"]) for item in reply.json["items"]] == [(7, 3)]


async def test_only_what_needs_a_price_asks_the_catalog(shop: Shop) -> None:
    asked = []

    async def catalog(request: web.Request) -> web.Response:
        asked.append(request.query["ids"])
        return web.json_response([{"id": 7, "name": "Pear Drops", "price": 1}])

    await shop.stand_in("catalog", catalog)
    await shop.start("cart")
    await cart(shop)
    assert asked == []
    await add(shop, 7)
    assert asked == ["7"]
    order = {"order_id": "6f1b2c3d-0000-4000-8000-0000000000c3", "version": 1}
    await shop.call("cart", "GET", "/cart/ada/lines")
    await shop.call("cart", "POST", "/cart/ada/close", json=order)
    await shop.call("cart", "DELETE", "/cart/ada")
    assert asked == ["7"]


async def test_a_cart_can_be_ordered_while_the_catalog_hangs(shop: Shop) -> None:
    await shop.stand_in("catalog", hang)
    await shop.start("cart", peer_deadline=SOON)
    await shop.start("order")
    await add(shop, 7, 2)
    reply = await shop.call("order", "POST", "/orders", json={"user_id": "ada"})
    assert (reply.status, reply.json["stock_state"]) == (202, "REQUESTED")
