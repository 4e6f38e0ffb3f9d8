"""Text that is markup, and text without an end, do no harm to either page."""

from __future__ import annotations

import re

from playwright.async_api import Browser, Page, expect

from tests.browser.shopper import Shopper
from tests.browser.visit import Visit, visiting
from tests.shop import OPERATOR, Shop

PHONE = 360
MARKUP = "<script>alert('sweets')</script><img src=x onerror=alert(1)>"
ENDLESS = "W" * 200
OVERFLOWING = """() => {
    const all = [...document.querySelectorAll("html, main, dialog, dialog > *")];
    const wide = all.filter((sheet) => sheet.scrollWidth > sheet.clientWidth + 1);
    return wide
        .flatMap((sheet) => [sheet, ...sheet.querySelectorAll("*")])
        .filter((each) => wide.includes(each) || each.getBoundingClientRect().right > innerWidth)
        .map((element) => element.outerHTML.slice(0, 120));
}"""


async def expect_harmless(page: Page) -> None:
    """Nothing came of the markup, and nothing stands out of a telephone's screen."""
    assert await page.locator("main script, main img[src=x], dialog script").count() == 0
    assert await page.evaluate(OVERFLOWING) == []


async def test_a_product_s_text_does_no_harm_anywhere_in_the_shop(
    shop: Shop, browser: Browser
) -> None:
    await shop.product(name=MARKUP, description=MARKUP, category=MARKUP)
    await shop.product(name=ENDLESS, description=ENDLESS * 10, category=ENDLESS, price="999999.99")
    async with visiting(browser, shop.urls["storefront"], width=PHONE) as visit:
        shopper = Shopper(await visit.context.new_page(), visit.origin)
        await shopper.go()
        for name in (MARKUP, ENDLESS):
            await shopper.add(name)
        await expect_harmless(shopper.page)
        for product_id, name in ((1, MARKUP), (2, ENDLESS)):
            await shopper.go(f"/products/{product_id}")
            await expect(shopper.heading(name)).to_be_visible()
            await expect_harmless(shopper.page)
        await shopper.open_cart()
        await expect(shopper.line(MARKUP)).to_be_visible()
        await expect_harmless(shopper.page)
        await shopper.drawer.get_by_role("link", name="Go to the till").click()
        await expect(shopper.button(re.compile("^Order and pay"))).to_be_visible()
        await expect_harmless(shopper.page)
        await shopper.pay()
        await shopper.expect_thanks()
        await expect(shopper.page.get_by_role("link", name=MARKUP)).to_be_visible()
        await expect_harmless(shopper.page)
        await shopper.go("/orders")
        await expect(shopper.page.get_by_text(ENDLESS)).to_be_visible()
        await expect_harmless(shopper.page)


async def test_a_search_for_markup_shows_it_as_it_is(shop: Shop, visit: Visit, page: Page) -> None:
    shopper = Shopper(page, visit.origin)
    await page.set_viewport_size({"width": PHONE, "height": 700})
    await shopper.go()
    for words in (MARKUP, ENDLESS):
        await page.get_by_role("searchbox").fill(words)
        await expect(shopper.heading(f"“{words}”")).to_be_visible()
        await expect_harmless(page)


async def test_an_instance_s_text_does_no_harm_to_the_registry_s_page(
    shop: Shop, browser: Browser
) -> None:
    words = {"url": "http://127.0.0.1:9", "version": MARKUP}
    for path in ("cart/" + "w" * 128, f"{'w' * 64}/cart-1"):
        reply = await shop.call("registry", "PUT", f"/services/{path}", json=words)
        assert reply.status == 201, reply.body
    async with visiting(browser, shop.urls["registry"], holds_key=True, width=PHONE) as visit:
        page = await visit.tab(f"/#key={OPERATOR}")
        await expect(page.get_by_text(MARKUP).first).to_be_visible()
        await expect_harmless(page)
