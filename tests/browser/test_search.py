"""Searching the shelves, and what the page says of the categories meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.shopper import Shopper
from tests.browser.visit import Visit, visiting
from tests.shop import Shop, open_shop


@pytest_asyncio.fixture(loop_scope="session")
async def shopper(shop: Shop, visit: Visit, page: Page) -> Shopper:
    """A customer at the shelves: two sweets, one of them sold out, a drink and a loaf."""
    await shop.product(name="Pear Drops", category="sweets", price="1.20")
    await shop.product(name="Sherbet Lemons", category="sweets", price="1.35", stock=0)
    await shop.product(name="Pear Cordial", category="drinks", price="5.20")
    await shop.product(name="Rye Loaf", category="bakery", price="3.50")
    return Shopper(page, visit.origin)


def shelves(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Shelves").get_by_role("listitem")


async def test_the_counts_beside_categories_are_those_of_the_search(
    shopper: Shopper, page: Page
) -> None:
    await shopper.go()
    await expect(shelves(page)).to_have_text(["Everything 4", "bakery 1", "drinks 1", "sweets 2"])
    await page.get_by_role("searchbox").fill("pear")
    await expect(shelves(page)).to_have_text(["Everything 2", "drinks 1", "sweets 1"])
    await page.get_by_role("searchbox").fill("")
    await expect(shelves(page)).to_have_text(["Everything 4", "bakery 1", "drinks 1", "sweets 2"])


async def test_the_counts_beside_categories_are_those_of_the_filters(
    shopper: Shopper, page: Page
) -> None:
    await shopper.go("/?max=2&stock=1")
    await expect(shelves(page)).to_have_text(["Everything 1", "sweets 1"])


async def test_the_category_that_one_is_in_stays_where_nothing_in_it_is_found(
    shopper: Shopper, page: Page
) -> None:
    await shopper.go("/?category=bakery&q=pear")
    tabs = ["Everything 2", "drinks 1", "sweets 1", "bakery 0"]
    await expect(shelves(page)).to_have_text(tabs)
    await expect(page.get_by_role("heading", name="Nothing like that")).to_be_visible()


PRICES = {
    "USD": ("1.25", "1.24", "1.255", "2 or 2.50"),
    "JPY": ("1500000", "1499999", "2.50", "250"),
    "KWD": ("1.255", "1.254", "1.2555", "2 or 2.500"),
}
"""The price of a thing, the next one below it, what is no price, and what is told then."""


@pytest.mark.parametrize("currency", PRICES)
async def test_prices_are_asked_for_as_the_currency_has_them(
    browser: Browser, tmp_path: Path, currency: str
) -> None:
    price, less, no_price, example = PRICES[currency]
    async with open_shop(tmp_path) as shop:
        await shop.start_all(currency=currency)
        await shop.product(name="Pear Drops", price=price)
        async with visiting(browser, shop.urls["storefront"]) as visit:
            # The browser is not told what the shop sells in before it sees a price.
            shopper = Shopper(await visit.tab(f"/?max={price}&min={no_price}"), visit.origin)
            page = shopper.page
            highest = page.get_by_role("textbox", name="Highest price")
            hint = page.get_by_text(f"A price such as {example}")
            await expect(shopper.card("Pear Drops")).to_be_visible()
            await expect(hint).to_be_visible()
            await shopper.go("/?stock=1")
            await highest.fill(less)
            await highest.press("Enter")
            await expect(page.get_by_role("heading", name="Nothing like that")).to_be_visible()
            await highest.fill(no_price)
            await highest.press("Enter")
            await expect(hint).to_be_visible()
            await highest.fill(price)
            await highest.press("Enter")
            await expect(shopper.card("Pear Drops")).to_be_visible()
            await expect(hint).not_to_be_visible()
