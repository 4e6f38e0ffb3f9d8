"""The cart is no longer what the customer saw: something is gone, or it was changed elsewhere."""

from __future__ import annotations

import re

import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.shopper import Shopper
from tests.browser.stock_changes import add_on_another_device, reprice, take_off_the_shelf
from tests.browser.visit import Visit
from tests.shop import Shop

ORDER = re.compile("^Order and pay")


@pytest_asyncio.fixture(loop_scope="session")
async def shopper(shop: Shop, visit: Visit, page: Page) -> Shopper:
    """A customer with Pear Drops (product 1, 3.00) and Honeycomb (product 2, 4.00) in the cart."""
    await shop.product(name="Pear Drops", price="3.00")
    await shop.product(name="Honeycomb", price="4.00")
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await shopper.add("Pear Drops")
    await shopper.add("Honeycomb")
    return shopper


async def test_a_line_that_is_gone_says_so_and_the_total_leaves_it_out(
    shop: Shop, shopper: Shopper
) -> None:
    await take_off_the_shelf(shop, 1)
    await shopper.open_cart()
    await expect(shopper.line("Pear Drops")).to_contain_text("This is no longer sold.")
    await expect(shopper.line("Pear Drops")).not_to_contain_text("$")
    await expect(shopper.drawer).to_contain_text("Total$4.00")
    await expect(shopper.drawer.get_by_role("button", name="One more Pear Drops")).to_be_disabled()


async def test_the_till_says_in_words_what_is_gone_and_sells_the_rest(
    shop: Shop, shopper: Shopper
) -> None:
    await take_off_the_shelf(shop, 1)
    await shopper.go("/checkout")
    note = shopper.page.get_by_role("status").filter(has_text="Pear Drops is no longer sold.")
    await expect(note).to_be_visible()
    await expect(shopper.page.get_by_text("could not be asked")).to_have_count(0)
    await expect(shopper.button(ORDER)).to_have_count(0)
    await shopper.button("Take it out").click()
    await shopper.button("Order and pay $4.00").click()
    await shopper.expect_thanks()


async def test_what_goes_while_the_till_is_open_is_refused_in_words(
    shop: Shop, visit: Visit, shopper: Shopper
) -> None:
    await shopper.go_to_the_till()
    await take_off_the_shelf(shop, 1)
    visit.expect_failures(404)
    await shopper.pay()
    await expect(shopper.note).to_contain_text("Something in your cart is no longer sold")
    await expect(shopper.page.get_by_role("row", name=re.compile("^Total"))).to_contain_text(
        "$4.00"
    )
    await shopper.button("Take it out").click()
    await shopper.button("Order and pay $4.00").click()
    await shopper.expect_thanks()


async def test_a_cart_grown_on_another_device_is_no_changed_price(
    shop: Shop, visit: Visit, shopper: Shopper
) -> None:
    await shopper.go_to_the_till()
    await add_on_another_device(shop, await shopper.user_id(), 2)
    visit.expect_failures(409)
    await shopper.pay()
    await expect(shopper.note).to_contain_text("Your cart has changed")
    await expect(shopper.note).to_contain_text("The total is $11.00 now.")
    await expect(shopper.note).not_to_contain_text("price")
    await shopper.button("Order and pay $11.00").click()
    await shopper.expect_thanks()


async def test_a_price_that_has_changed_is_called_one(
    shop: Shop, visit: Visit, shopper: Shopper
) -> None:
    await shopper.go_to_the_till()
    await reprice(shop, 2, "4.50")
    visit.expect_failures(409)
    await shopper.pay()
    await expect(shopper.note).to_contain_text("A price has changed")
    await expect(shopper.note).to_contain_text("The total is $7.50 now.")


async def test_a_cart_that_costs_nothing_is_refused_in_words(
    shop: Shop, visit: Visit, page: Page
) -> None:
    await shop.product(name="Paper Bag", price="0")
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await shopper.add("Paper Bag")
    await shopper.go_to_the_till()
    visit.expect_failures(409, 422)
    await shopper.pay()
    await expect(shopper.note).to_contain_text("This order would cost nothing")
