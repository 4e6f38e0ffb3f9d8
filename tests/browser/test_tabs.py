"""Two tabs of one browser are one customer, and show the same shop."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Page, expect

from tests.browser.shopper import Shopper
from tests.browser.visit import Visit
from tests.shop import Shop

ORDER = re.compile("^Order and pay")


async def two_tabs(shop: Shop, visit: Visit, page: Page) -> tuple[Shopper, Shopper]:
    """Two tabs, both at the shelf."""
    await shop.product(name="Pear Drops", price="2.00", stock=9)
    one = Shopper(page, visit.origin)
    await one.go()
    await one.user_id()
    other = Shopper(await visit.tab(), visit.origin)
    await expect(other.card("Pear Drops")).to_be_visible()
    return one, other


async def test_a_change_of_the_cart_in_one_tab_shows_in_the_other(
    shop: Shop, visit: Visit, page: Page
) -> None:
    one, other = await two_tabs(shop, visit, page)
    await one.turn_to()
    await one.add("Pear Drops")
    await other.expect_in_cart(1)
    await other.turn_to()
    await other.open_cart()
    await other.drawer.get_by_role("button", name="One more").click()
    await one.expect_in_cart(2)
    await other.drawer.get_by_role("button", name="Remove").click()
    await one.expect_in_cart(0)


async def test_an_order_of_one_tab_is_found_in_the_other(
    shop: Shop, visit: Visit, page: Page
) -> None:
    one, other = await two_tabs(shop, visit, page)
    await other.go("/orders")
    await expect(other.page.get_by_text("No orders yet")).to_be_visible()
    await one.turn_to()
    await one.buy("Pear Drops")
    await expect(other.page.get_by_role("listitem").filter(has_text="Pear Drops")).to_contain_text(
        "Paid"
    )
    await other.expect_in_cart(0)


async def test_two_tabs_that_pay_at_once_buy_once(shop: Shop, visit: Visit, page: Page) -> None:
    one, other = await two_tabs(shop, visit, page)
    await one.turn_to()
    await one.add("Pear Drops")
    await one.go_to_the_till()
    await other.turn_to()
    await other.go_to_the_till()
    visit.expect_failures(409)
    buttons = [await tab.button(ORDER).element_handle() for tab in (one, other)]
    await asyncio.gather(*(button.evaluate("button => button.click()") for button in buttons))
    assert await one.expect_thanks() == await other.expect_thanks()
    orders = await shop.call("order", "GET", "/orders")
    assert [order["status"] for order in orders.json] == ["PAID"]
    assert await shop.stock(1) == 8
