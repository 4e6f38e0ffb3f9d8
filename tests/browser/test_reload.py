"""A page that is loaded anew in the midst of something goes on with it, and does nothing twice."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.shopper import Shopper
from tests.browser.visit import Visit
from tests.shop import Shop


@pytest.mark.parametrize("path", ["/api/orders", "/api/pay"])
async def test_a_reload_in_the_midst_of_a_purchase_buys_once(
    shop: Shop, visit: Visit, page: Page, path: str
) -> None:
    await shop.product(name="Pear Drops", stock=9)
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await shopper.add("Pear Drops")
    await shopper.go_to_the_till()
    was_done = await visit.withhold_answer_to(path)
    await shopper.pay()
    await was_done.wait()
    await page.reload()
    await shopper.expect_thanks()
    orders = await shop.call("order", "GET", "/orders")
    payments = await shop.call("payment", "GET", "/payments")
    assert [order["status"] for order in orders.json] == ["PAID"]
    assert len(payments.json) == 1
    assert await shop.stock(1) == 8


async def test_a_reload_loses_neither_the_cart_nor_the_filters(
    shop: Shop, visit: Visit, page: Page
) -> None:
    await shop.product(name="Pear Drops", category="sweets")
    await shop.product(name="Ginger Beer", category="drinks")
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await page.get_by_role("link", name=re.compile("^sweets")).click()
    await page.get_by_role("textbox", name="Lowest price").fill("1")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("min=1"))
    await shopper.add("Pear Drops")
    await page.reload()
    await expect(shopper.heading("Sweets")).to_be_visible()
    await expect(page.get_by_role("textbox", name="Lowest price")).to_have_value("1")
    await expect(shopper.card("Ginger Beer")).to_have_count(0)
    await shopper.expect_in_cart(1)


async def test_a_reload_of_a_long_shelf_shows_as_much_of_it_at_the_same_place(
    shop: Shop, visit: Visit, page: Page
) -> None:
    for number in range(30):
        await shop.product(name=f"Jar {number}")
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await shopper.card("Jar 23").scroll_into_view_if_needed()
    await shopper.card("Jar 29").scroll_into_view_if_needed()
    before = await page.evaluate("scrollY")
    assert before > 0
    await page.reload()
    await expect(shopper.card("Jar 29")).to_be_in_viewport()
    assert abs(await page.evaluate("scrollY") - before) <= 1
