"""Every view has an address: it can be shared, and back and forward return to it."""

from __future__ import annotations

import re

from playwright.async_api import Browser, Page, expect

from tests.browser.shopper import Shopper
from tests.browser.visit import Visit, visiting
from tests.shop import Shop


async def test_back_and_forward_go_where_one_was(shop: Shop, visit: Visit, page: Page) -> None:
    await shop.product(name="Pear Drops", category="sweets")
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await page.get_by_role("link", name=re.compile("^sweets")).click()
    await expect(shopper.heading("Sweets")).to_be_visible()
    await page.get_by_role("link", name="Pear Drops").click()
    await expect(shopper.heading("Pear Drops")).to_be_visible()
    await page.get_by_role("link", name="My orders").click()
    await expect(shopper.heading("My orders")).to_be_visible()
    for heading in ("Pear Drops", "Sweets", "What is on the shelves"):
        await page.go_back()
        await expect(shopper.heading(heading)).to_be_visible()
    for heading in ("Sweets", "Pear Drops", "My orders"):
        await page.go_forward()
        await expect(shopper.heading(heading)).to_be_visible()


async def test_back_closes_the_cart_and_stays_at_the_shelf(
    shop: Shop, visit: Visit, page: Page
) -> None:
    await shop.product(name="Pear Drops")
    shopper = Shopper(page, visit.origin)
    await shopper.go("/products/1")
    await shopper.open_cart()
    await page.go_back()
    await expect(shopper.drawer).to_have_count(0)
    await expect(shopper.heading("Pear Drops")).to_be_visible()
    await expect(shopper.button(re.compile("^Cart"))).to_be_focused()


async def test_back_after_a_purchase_does_not_lead_to_the_till_again(
    shop: Shop, visit: Visit, page: Page
) -> None:
    await shop.product(name="Pear Drops", stock=9)
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await shopper.buy("Pear Drops")
    await page.go_back()
    await expect(shopper.heading("What is on the shelves")).to_be_visible()
    await shopper.expect_in_cart(0)
    assert await shop.stock(1) == 8


async def test_a_product_s_link_shows_it_to_somebody_else(
    shop: Shop, visit: Visit, page: Page, browser: Browser
) -> None:
    await shop.product(name="Pear Drops")
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await page.get_by_role("link", name="Pear Drops").click()
    await expect(shopper.heading("Pear Drops")).to_be_visible()
    async with visiting(browser, visit.origin) as other:
        friend = Shopper(await other.tab(page.url.removeprefix(visit.origin)), visit.origin)
        await expect(friend.heading("Pear Drops")).to_be_visible()
        await expect(friend.page).to_have_title("Pear Drops · Tuckshop")


async def test_the_shelf_is_sorted_and_narrowed_by_price(
    shop: Shop, visit: Visit, page: Page
) -> None:
    for name, price in (("Fudge", "4.50"), ("Laces", "0.90"), ("Creams", "6.90")):
        await shop.product(name=name, price=price)
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await page.get_by_role("combobox", name="Sort by").select_option("Highest price")
    names = page.get_by_role("main").get_by_role("heading", level=2)
    await expect(names).to_have_text(["Creams", "Fudge", "Laces"])
    await page.get_by_role("textbox", name="Highest price").fill("4,50")
    await page.keyboard.press("Enter")
    await expect(names).to_have_text(["Fudge", "Laces"])
    await shopper.button("Clear").click()
    await expect(names).to_have_text(["Creams", "Fudge", "Laces"])
