"""A cart's version becomes one order; what was put in meanwhile stays; a refused one is free."""

import asyncio

import pytest
from aiohttp import web

from services.cart.transitions import forget_empty_carts
from services.common.core.clock import seconds_after, utc_now
from services.common.web.keys import DATABASE
from tests.shop import Shop, token

from .cart_requests import add, cart_holds, check_out, closed, lines
from .peers import Peer, Proxy, order_is, put_proxy_before


@pytest.fixture
async def catalog_cart_and_order(shop: Shop) -> Shop:
    """A shop with a catalog, carts and orders."""
    await shop.start("catalog", "cart", "order")
    return shop


@pytest.fixture
async def slow_catalog(shop: Shop) -> tuple[Shop, Proxy]:
    """A shop whose catalog can be made to keep orders waiting."""
    await shop.start("catalog", "cart")
    proxy = await put_proxy_before(shop, "catalog")
    proxy.delays = "^/reservations/"
    await shop.start("order", peer_deadline=1.0)
    return shop, proxy


async def test_a_cart_becomes_an_order_of_what_was_in_it_and_is_empty_then(
    catalog_cart_and_order: Shop,
) -> None:
    drops, fudge = (
        await catalog_cart_and_order.product(),
        await catalog_cart_and_order.product(name="Fudge"),
    )
    await add(catalog_cart_and_order, drops, 2)
    await add(catalog_cart_and_order, fudge)
    reply = await check_out(catalog_cart_and_order)
    assert reply.status == 201
    ordered = {item["product_id"]: item["quantity"] for item in reply.json["items"]}
    assert ordered == {drops: 2, fudge: 1}
    assert await lines(catalog_cart_and_order) == {}


async def test_a_customer_checks_out_a_cart_of_their_own(catalog_cart_and_order: Shop) -> None:
    await add(catalog_cart_and_order, await catalog_cart_and_order.product())
    reply = await check_out(catalog_cart_and_order, key=token("ada"))
    assert (reply.status, reply.json["user_id"]) == (201, "ada")


async def test_an_empty_cart_is_refused(catalog_cart_and_order: Shop) -> None:
    reply = await check_out(catalog_cart_and_order, idempotency_key="one")
    assert (reply.status, reply.code) == (422, "cart_empty")


async def test_who_comes_back_after_their_cart_was_forgotten_is_served_as_before(
    catalog_cart_and_order: Shop,
) -> None:
    shop = catalog_cart_and_order
    product = await shop.product()
    await add(shop, product)
    await closed(shop, (await check_out(shop)).json["order_id"])
    in_a_year = seconds_after(utc_now(), 366 * 24 * 3600)
    assert await shop.app("cart")[DATABASE].write(forget_empty_carts, in_a_year, 10) == 1
    assert (await check_out(shop)).code == "cart_empty"
    await add(shop, product, 2)
    reply = await check_out(shop)
    assert (reply.status, reply.json["items"][0]["quantity"]) == (201, 2)


async def test_the_rejection_of_an_empty_cart_is_kept_under_its_key(
    catalog_cart_and_order: Shop,
) -> None:
    first = await check_out(catalog_cart_and_order, idempotency_key="one")
    await add(catalog_cart_and_order, await catalog_cart_and_order.product())
    again = await check_out(catalog_cart_and_order, idempotency_key="one")
    assert again.body == first.body


async def test_a_key_is_looked_up_before_the_cart_is_read(catalog_cart_and_order: Shop) -> None:
    await add(catalog_cart_and_order, await catalog_cart_and_order.product())
    first = await check_out(catalog_cart_and_order, idempotency_key="one")
    await catalog_cart_and_order.stop("cart")
    again = await check_out(catalog_cart_and_order, idempotency_key="one")
    assert (again.status, again.body) == (201, first.body)


async def test_while_the_cart_is_away_a_checkout_is_503_and_nothing_is_done(shop: Shop) -> None:
    await shop.start("order", peer_deadline=0.05)
    reply = await check_out(shop)
    assert (reply.status, reply.code) == (503, "cart_unavailable")
    assert "Retry-After" in reply.headers
    assert (await shop.call("order", "GET", "/orders")).json == []


async def test_a_cart_version_that_has_become_an_order_is_that_order_again(
    catalog_cart_and_order: Shop,
) -> None:
    await add(catalog_cart_and_order, await catalog_cart_and_order.product())
    stale = (await catalog_cart_and_order.call("cart", "GET", "/cart/ada/lines")).body
    first = await check_out(catalog_cart_and_order)
    await catalog_cart_and_order.stop("cart")
    await catalog_cart_and_order.stand_in("cart", Peer(lambda _: web.Response(body=stale)).serve)
    await catalog_cart_and_order.restart("order")
    again = await check_out(catalog_cart_and_order)
    assert (first.status, again.status) == (201, 200)
    assert again.json["order_id"] == first.json["order_id"]


async def test_two_checkouts_of_one_version_at_once_are_one_order(
    slow_catalog: tuple[Shop, Proxy],
) -> None:
    shop, proxy = slow_catalog
    product = await shop.product(stock=10)
    await add(shop, product, 4)
    proxy.open.clear()
    both = [asyncio.create_task(check_out(shop, idempotency_key=key)) for key in ("one", "two")]
    replies = await asyncio.gather(*both)
    assert [reply.status for reply in replies] == [202, 202]
    assert len({reply.json["order_id"] for reply in replies}) == 1
    proxy.open.set()
    await order_is(shop, replies[0].json["order_id"], "CREATED", "HELD")
    finals = [await check_out(shop, idempotency_key=key) for key in ("one", "two")]
    assert sorted(reply.status for reply in finals) == [200, 201]
    assert await shop.stock(product) == 6


async def test_another_version_while_the_first_ones_cart_is_not_closed_is_order_pending(
    slow_catalog: tuple[Shop, Proxy],
) -> None:
    shop, proxy = slow_catalog
    product = await shop.product()
    await add(shop, product)
    proxy.open.clear()
    first = await check_out(shop)
    await add(shop, product)
    reply = await check_out(shop)
    assert (reply.status, reply.code) == (409, "order_pending")
    assert reply.json["order_id"] == first.json["order_id"]


async def test_units_added_during_the_checkout_stay_in_the_cart(
    slow_catalog: tuple[Shop, Proxy],
) -> None:
    shop, proxy = slow_catalog
    product = await shop.product()
    await add(shop, product, 2)
    proxy.open.clear()
    order = (await check_out(shop)).json
    await add(shop, product, 3)
    proxy.open.set()
    held = await order_is(shop, order["order_id"], "CREATED", "HELD")
    await cart_holds(shop, {product: 3})
    assert [item["quantity"] for item in held["items"]] == [2]


async def test_units_that_stayed_can_be_ordered_once_the_first_cart_is_closed(
    catalog_cart_and_order: Shop,
) -> None:
    product = await catalog_cart_and_order.product()
    await add(catalog_cart_and_order, product, 2)
    first = await check_out(catalog_cart_and_order)
    await add(catalog_cart_and_order, product, 3)
    second = await check_out(catalog_cart_and_order)
    assert (first.status, second.status) == (201, 201)
    assert [item["quantity"] for item in second.json["items"]] == [3]


async def test_a_cart_version_that_was_rejected_is_free_again(catalog_cart_and_order: Shop) -> None:
    product = await catalog_cart_and_order.product(stock=1)
    await add(catalog_cart_and_order, product, 2)
    refused = await check_out(catalog_cart_and_order)
    assert (refused.status, refused.code) == (409, "insufficient_stock")
    assert await lines(catalog_cart_and_order) == {product: 2}
    await catalog_cart_and_order.call(
        "catalog", "POST", f"/products/{product}/stock", json={"delta": 5, "reason": "delivery"}
    )
    reply = await check_out(catalog_cart_and_order)
    assert reply.status == 201
    assert reply.json["order_id"] != refused.json["order_id"]


async def test_a_cart_version_cancelled_before_it_was_held_is_free_again(
    slow_catalog: tuple[Shop, Proxy],
) -> None:
    shop, proxy = slow_catalog
    product = await shop.product(stock=10)
    await add(shop, product, 4)
    proxy.open.clear()
    first = (await check_out(shop)).json
    await shop.call("order", "POST", f"/orders/{first['order_id']}/cancel")
    proxy.open.set()
    await order_is(shop, first["order_id"], "CANCELLED", "RELEASED")
    second = (await check_out(shop)).json
    await order_is(shop, second["order_id"], "CREATED", "HELD")
    assert second["order_id"] != first["order_id"]
    assert await shop.stock(product) == 6
    await cart_holds(shop, {})


async def test_a_cart_read_before_a_close_is_read_again(shop: Shop) -> None:
    await shop.start("catalog", "cart")
    product = await shop.product()
    await add(shop, product, 2)
    before = (await shop.call("cart", "GET", "/cart/ada/lines")).body
    await add(shop, product, 1)
    await shop.start("order")
    order = (await check_out(shop)).json
    await closed(shop, order["order_id"])
    await add(shop, product, 5)
    now = (await shop.call("cart", "GET", "/cart/ada/lines")).body
    await shop.stop("cart")
    answers = iter([before, now])
    cart = Peer(lambda _: web.Response(body=next(answers, now)))
    await shop.stand_in("cart", cart.serve)
    await shop.restart("order")
    reply = await check_out(shop)
    assert reply.status == 201
    assert [item["quantity"] for item in reply.json["items"]] == [5]
    assert [call for call, _ in cart.calls[:2]] == ["GET /cart/ada/lines"] * 2
