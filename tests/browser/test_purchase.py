"""Buying at the shop's page, from the search to the receipt."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.shopper import Shopper
from tests.browser.stock_changes import reprice
from tests.browser.visit import Visit, visiting
from tests.shop import Shop, open_shop


async def stocked(shop: Shop) -> None:
    await shop.product(name="Pear Drops", price="1.20", stock=40, category="sweets")
    await shop.product(name="Sherbet Lemons", price="1.35", stock=3, category="sweets")
    await shop.product(name="Pear Cordial", price="5.20", stock=12, category="drinks")


async def test_a_purchase_from_the_search_to_the_timeline(
    shop: Shop, visit: Visit, page: Page
) -> None:
    await stocked(shop)
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await page.get_by_role("searchbox").fill("pear")
    await expect(shopper.heading("“pear”")).to_be_visible()
    await expect(shopper.card("Sherbet Lemons")).to_have_count(0)
    await page.get_by_role("link", name="sweets").click()
    await expect(shopper.card("Pear Cordial")).to_have_count(0)
    await page.get_by_role("link", name="Pear Drops").click()
    await expect(shopper.heading("Pear Drops")).to_be_focused()
    await shopper.button("One more Pear Drops").click()
    await shopper.button("Add to cart").click()
    await shopper.expect_in_cart(2)
    await shopper.open_cart()
    await shopper.drawer.get_by_role("textbox", name="Quantity of Pear Drops").fill("5")
    await page.keyboard.press("Enter")
    await expect(shopper.line("Pear Drops")).to_contain_text("$6.00")
    await shopper.drawer.get_by_role("button", name="One fewer Pear Drops").click()
    await expect(shopper.drawer).to_contain_text("Total$4.80")
    await shopper.drawer.get_by_role("link", name="Go to the till").click()
    await expect(shopper.button("Order and pay $4.80")).to_be_visible()
    await shopper.pay()
    order_id = await shopper.expect_thanks()
    await page.get_by_role("main").get_by_role("link", name="My orders").click()
    entry = page.get_by_role("listitem").filter(has_text="Pear Drops")
    await expect(entry).to_contain_text("Paid")
    await expect(entry).to_contain_text("$4.80")
    await entry.get_by_role("link").click()
    await expect(page).to_have_url(f"{visit.origin}/orders/{order_id}")
    history = page.get_by_role("list", name="What happened").get_by_role("listitem")
    await expect(history).to_have_text([re.compile(f"^{word}") for word in HISTORY])
    assert await shop.stock(1) == 36


HISTORY = ("Placed", "Put aside for you", "Paid", "Wrapped up")


IN_OTHER_CURRENCIES = {
    "JPY": ("1500", "¥1,500", "¥3,000", "1501", "¥3,002"),
    "KWD": ("59.970", "KWD\u00a059.970", "KWD\u00a0119.940", "59.971", "KWD\u00a0119.942"),
}
"""A price, how it is shown, and how that of two is; and another price, and how that of two is."""


@pytest.mark.parametrize("currency", IN_OTHER_CURRENCIES)
async def test_a_purchase_in_a_currency_without_two_decimals(
    browser: Browser, tmp_path: Path, currency: str
) -> None:
    price, one, two, _, _ = IN_OTHER_CURRENCIES[currency]
    async with open_shop(tmp_path) as shop:
        await shop.start_all(currency=currency)
        await shop.product(name="Pear Drops", price=price, stock=40)
        async with visiting(browser, shop.urls["storefront"]) as visit:
            shopper = Shopper(await visit.context.new_page(), visit.origin)
            await shopper.go()
            await expect(shopper.card("Pear Drops")).to_contain_text(one)
            await shopper.page.get_by_role("link", name="Pear Drops").click()
            await expect(shopper.page.get_by_role("main")).to_contain_text(one)
            await shopper.button("One more Pear Drops").click()
            await shopper.button("Add to cart").click()
            await shopper.expect_in_cart(2)
            await shopper.open_cart()
            await expect(shopper.line("Pear Drops")).to_contain_text(f"{one} each")
            await expect(shopper.drawer).to_contain_text(f"Total{two}")
            await shopper.drawer.get_by_role("link", name="Go to the till").click()
            await expect(shopper.button(f"Order and pay {two}")).to_be_visible()
            await shopper.pay()
            await shopper.expect_thanks()
            await expect(shopper.page.get_by_role("main")).to_contain_text(two)
            await shopper.page.get_by_role("main").get_by_role("link", name="My orders").click()
            entry = shopper.page.get_by_role("listitem").filter(has_text="Pear Drops")
            await expect(entry).to_contain_text(two)


@pytest.mark.parametrize("currency", IN_OTHER_CURRENCIES)
async def test_a_price_that_changes_in_a_currency_without_two_decimals(
    browser: Browser, tmp_path: Path, currency: str
) -> None:
    price, _, two, new_price, now_two = IN_OTHER_CURRENCIES[currency]
    async with open_shop(tmp_path) as shop:
        await shop.start_all(currency=currency)
        await shop.product(name="Pear Drops", price=price)
        async with visiting(browser, shop.urls["storefront"]) as visit:
            shopper = Shopper(await visit.context.new_page(), visit.origin)
            await shopper.go()
            await shopper.add("Pear Drops")
            await shopper.add("Pear Drops")
            await shopper.go_to_the_till()
            await shopper.page.reload()
            await expect(shopper.button(f"Order and pay {two}")).to_be_visible()
            await shopper.page.wait_for_load_state("networkidle")  # no cart is on its way any more
            await reprice(shop, 1, new_price)
            visit.expect_failures(409)
            await shopper.pay()
            await expect(shopper.note).to_contain_text(f"The total is {now_two} now.")
            await shopper.button(f"Order and pay {now_two}").click()
            await shopper.expect_thanks()
            await shopper.page.reload()
            await expect(shopper.page.get_by_role("main")).to_contain_text(now_two)
