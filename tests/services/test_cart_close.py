"""The cart of a held order is closed once, late if need be, and whatever becomes of the order."""

import pytest

from tests.shop import Shop

from .cart_requests import add, cart_holds, check_out, closed, lines
from .peers import Proxy, order_is, put_proxy_before


@pytest.fixture
async def slow_cart(shop: Shop) -> tuple[Shop, Proxy]:
    """A shop in which the close of a cart can be kept waiting, or its answer lost."""
    await shop.start("catalog", "cart")
    proxy = await put_proxy_before(shop, "cart")
    proxy.delays = "/close$"
    await shop.start("order", peer_deadline=1.0)
    return shop, proxy


async def test_a_cart_version_is_used_up_once_held_although_the_order_is_cancelled(
    slow_cart: tuple[Shop, Proxy],
) -> None:
    shop, proxy = slow_cart
    product = await shop.product()
    await add(shop, product)
    proxy.open.clear()
    order = (await check_out(shop)).json
    assert (order["stock_state"], await lines(shop)) == ("HELD", {product: 1})
    await shop.call("order", "POST", f"/orders/{order['order_id']}/cancel")
    proxy.open.set()
    await order_is(shop, order["order_id"], "CANCELLED", "RELEASED")
    await cart_holds(shop, {})


async def test_the_answer_does_not_wait_for_a_close_that_is_late(
    slow_cart: tuple[Shop, Proxy],
) -> None:
    shop, proxy = slow_cart
    await add(shop, await shop.product())
    proxy.open.clear()
    assert (await check_out(shop)).status == 201
    proxy.open.set()
    await cart_holds(shop, {})


async def test_a_close_whose_answer_was_lost_takes_nothing_out_twice(
    slow_cart: tuple[Shop, Proxy],
) -> None:
    shop, proxy = slow_cart
    product = await shop.product()
    await add(shop, product, 2)
    proxy.loses_answers = True
    order = (await check_out(shop)).json
    await cart_holds(shop, {})
    await add(shop, product, 3)
    proxy.loses_answers = False
    await closed(shop, order["order_id"])
    assert await lines(shop) == {product: 3}
