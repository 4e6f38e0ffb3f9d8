"""Searching the shelves, and what the page says of the categories meanwhile."""

from __future__ import annotations

import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.browser.shopper import Shopper
from tests.browser.visit import Visit
from tests.shop import Shop


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
