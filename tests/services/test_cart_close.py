"""The cart of a held order is closed once, late if need be, and whatever becomes of the order."""

import pytest

from tests.shop import Shop

from .carts import add, cart_holds, check_out, closed, lines
from .peers import Front, order_is, put_in_front


@pytest.fixture
async def slow_cart(shop: Shop) -> tuple[Shop, Front]:
    """A shop in which the close of a cart can be kept waiting, or its answer lost."""
    await shop.start("catalog", "cart")
    front = await put_in_front(shop, "cart")
    front.meddles_with = "/close$"
    await shop.start("order", peer_deadline=1.0)
    return shop, front


async def test_once_held_a_version_is_used_up_even_if_the_order_is_cancelled(
    slow_cart: tuple[Shop, Front],
) -> None:
    shop, front = slow_cart
    product = await shop.product()
    await add(shop, product)
    front.open.clear()
    order = (await check_out(shop)).json
    assert (order["stock_state"], await lines(shop)) == ("HELD", {product: 1})
    await shop.call("order", "POST", f"/orders/{order['order_id']}/cancel")
    front.open.set()
    await order_is(shop, order["order_id"], "CANCELLED", "RELEASED")
    await cart_holds(shop, {})


async def test_the_answer_does_not_wait_for_a_close_that_is_late(
    slow_cart: tuple[Shop, Front],
) -> None:
    shop, front = slow_cart
    await add(shop, await shop.product())
    front.open.clear()
    assert (await check_out(shop)).status == 201
    front.open.set()
    await cart_holds(shop, {})


async def test_a_close_whose_answer_was_lost_takes_nothing_out_twice(
    slow_cart: tuple[Shop, Front],
) -> None:
    shop, front = slow_cart
    product = await shop.product()
    await add(shop, product, 2)
    front.loses_answers = True
    order = (await check_out(shop)).json
    await cart_holds(shop, {})
    await add(shop, product, 3)
    front.loses_answers = False
    await closed(shop, order["order_id"])
    assert await lines(shop) == {product: 3}
