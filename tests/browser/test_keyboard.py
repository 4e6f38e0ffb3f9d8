"""The shop by keyboard alone, in the order in which things stand on the page."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect

from tests.browser.shopper import Shopper
from tests.browser.visit import Visit
from tests.shop import Shop

FAR = 40
"""Presses of Tab after which nobody looks on."""
IS_OUTLINED = """element => {
    while (element && getComputedStyle(element).outlineStyle === "none")
        element = element.parentElement;
    return element !== null;
}"""
"""A ring around the thing itself, or around the card that it stands for."""


async def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until the focus is on something, each time on something that can be seen."""
    await expect(wanted).to_be_visible()
    for _ in range(FAR):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("element => element === document.activeElement"):
            assert await wanted.evaluate(IS_OUTLINED), "The focus cannot be seen"
            return
    raise AssertionError(f"Not reached by Tab: {wanted}")


async def test_a_purchase_by_keyboard_alone(shop: Shop, visit: Visit, page: Page) -> None:
    await shop.product(name="Pear Drops", price="2.00", stock=9)
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await expect(shopper.card("Pear Drops")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="To what is on this page")).to_be_focused()
    await tab_to(page, page.get_by_role("searchbox"))
    await page.keyboard.type("pear")
    await page.keyboard.press("Enter")
    await expect(shopper.heading("“pear”")).to_be_visible()
    await tab_to(page, page.get_by_role("link", name="Pear Drops"))
    await page.keyboard.press("Enter")
    await expect(shopper.heading("Pear Drops")).to_be_focused()
    await tab_to(page, shopper.button("One more Pear Drops"))
    await page.keyboard.press("Space")
    await tab_to(page, shopper.button("Add to cart"))
    await page.keyboard.press("Space")
    await shopper.expect_in_cart(2)
    await expect(page.get_by_role("status").first).to_contain_text("Pear Drops is in your cart")
    await tab_to(page, shopper.button(re.compile("^Cart")))
    await page.keyboard.press("Enter")
    await expect(shopper.drawer).to_be_visible()
    await tab_to(page, shopper.drawer.get_by_role("link", name="Go to the till"))
    await page.keyboard.press("Enter")
    await expect(shopper.heading("The till")).to_be_focused()
    await tab_to(page, shopper.button("Order and pay $4.00"))
    await page.keyboard.press("Enter")
    await shopper.expect_thanks()
    await expect(shopper.heading("Thank you. It is paid.")).to_be_focused()


async def test_escape_closes_the_cart_and_gives_the_focus_back(
    shop: Shop, visit: Visit, page: Page
) -> None:
    await shop.product(name="Pear Drops")
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await shopper.open_cart()
    await page.keyboard.press("Escape")
    await expect(shopper.drawer).to_have_count(0)
    await expect(shopper.button(re.compile("^Cart"))).to_be_focused()
    assert not await page.evaluate("history.state?.cartOpen ?? false")
