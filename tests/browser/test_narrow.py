"""On the narrowest of telephones, 320 px wide: no word is broken, and no price is cut."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.shopper import Shopper
from tests.browser.stock_changes import take_off_the_shelf
from tests.browser.visit import visiting
from tests.shop import Shop, open_shop

NARROW = 320
GOODS = [
    ("Butterscotch Marshmallow Extravaganza", "Confectionery", "100000000.00"),
    ("Condensed Wholewheat Breadcrumbs", "Groceries", "1234.50"),
    ("\u0634\u0648\u0643\u0648\u0644\u0627\u062a\u0629", "Groceries", "12.00"),
]
BROKEN_OR_CUT = r"""() => {
    const found = [];
    const sheet = document.querySelector("dialog[open]") ?? document.body;
    const texts = document.createTreeWalker(sheet, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const { data, parentElement: parent } = texts.currentNode;
        const unseen = parent.closest(".unseen, .cart-word, script, noscript, svg");
        if (unseen || !parent.checkVisibility()) continue;
        for (const word of data.matchAll(/[\p{L}\p{M}\p{N}$.,]+/gu)) {
            const range = document.createRange();
            range.setStart(texts.currentNode, word.index);
            range.setEnd(texts.currentNode, word.index + word[0].length);
            const tops = [...range.getClientRects()].map((each) => Math.round(each.top));
            if (new Set(tops).size > 1) found.push(`broken: ${word[0]}`);
        }
    }
    for (const price of sheet.querySelectorAll(".money, .price-tag, .button")) {
        const { left, right } = price.getBoundingClientRect();
        const cut = price.scrollWidth > price.clientWidth + 1 && price.clientWidth > 0;
        const edge = price.closest(".shelf") ? innerWidth - 16 : innerWidth;  // it clips
        if (left < 0 || right > edge || cut) found.push(`cut: ${price.textContent}`);
    }
    if (document.documentElement.scrollWidth > innerWidth) found.push("the page is too wide");
    return found;
}"""


async def expect_whole(page: Page) -> None:
    """Every word that can be seen is on one line, and every price within the screen."""
    assert await page.evaluate(BROKEN_OR_CUT) == []


@pytest_asyncio.fixture(loop_scope="session")
async def stocked(shop: Shop) -> Shop:
    """A shop with long names and long prices."""
    for name, category, price in GOODS:
        await shop.product(name=name, category=category, price=price, stock=500)
    return shop


async def test_a_purchase_breaks_no_word_and_cuts_no_price(stocked: Shop, browser: Browser) -> None:
    async with visiting(browser, stocked.urls["storefront"], width=NARROW) as visit:
        shopper = Shopper(await visit.context.new_page(), visit.origin)
        page = shopper.page
        await shopper.go()
        for name, _, _ in GOODS:
            await shopper.add(name)
        await expect_whole(page)
        path = f"/cart/{await shopper.user_id()}/items"
        for product_id in (1, 2):
            await stocked.call("cart", "PUT", f"{path}/{product_id}", json={"quantity": 400})
        await shopper.go("/products/1")
        await expect(page.get_by_text("400 in your cart").first).to_be_visible()
        await expect_whole(page)
        await shopper.open_cart()
        await expect(shopper.line("Butterscotch")).to_contain_text("$40,000,000,000.00")
        await expect_whole(page)
        await shopper.drawer.get_by_role("link", name="Go to the till").click()
        await expect(shopper.button("Order and pay $40,000,493,812.00")).to_be_visible()
        await expect_whole(page)
        await shopper.pay()
        await shopper.expect_thanks()
        await expect(page.get_by_role("list", name="What happened")).to_be_visible()
        await expect_whole(page)
        await shopper.go("/orders")
        await expect(page.get_by_text("$40,000,493,812.00")).to_be_visible()
        await expect_whole(page)


async def test_the_highest_prices_are_whole_in_every_column(
    browser: Browser, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    for currency, price in {"JPY": "10000000000", "KWD": "10000000.000"}.items():
        folder = tmp_path / currency
        folder.mkdir()
        async with open_shop(folder) as shop:
            await shop.start_all(currency=currency)
            for name in ("Tea", "Cake"):
                await shop.product(name=name, price=price, stock=5)
            async with visiting(browser, shop.urls["storefront"], width=NARROW) as visit:
                shopper = Shopper(await visit.context.new_page(), visit.origin)
                await shopper.go()
                await shopper.add("Tea")
                await shopper.add("Cake")
                with subtests.test(f"{currency}, shelf"):
                    await expect_whole(shopper.page)
                await shopper.open_cart()
                with subtests.test(f"{currency}, cart"):
                    await expect_whole(shopper.page)
                await shopper.drawer.get_by_role("link", name="Go to the till").click()
                await shopper.pay()
                await shopper.expect_thanks()
                with subtests.test(f"{currency}, receipt"):
                    await expect_whole(shopper.page)


async def test_a_line_that_is_gone_breaks_no_word(stocked: Shop, browser: Browser) -> None:
    async with visiting(browser, stocked.urls["storefront"], width=NARROW) as visit:
        shopper = Shopper(await visit.context.new_page(), visit.origin)
        await shopper.go()
        await shopper.add(GOODS[0][0])
        await take_off_the_shelf(stocked, 1)
        await shopper.open_cart()
        await expect(shopper.line("Butterscotch")).to_contain_text("no longer sold")
        await expect_whole(shopper.page)
        await shopper.go("/checkout")
        await expect(shopper.page.get_by_text("cannot be ordered")).to_be_visible()
        await expect_whole(shopper.page)


async def test_a_name_has_the_direction_of_its_own_script(stocked: Shop, browser: Browser) -> None:
    name = GOODS[2][0]
    async with visiting(browser, stocked.urls["storefront"], width=NARROW) as visit:
        shopper = Shopper(await visit.context.new_page(), visit.origin)
        page = shopper.page
        await shopper.go()
        await shopper.add(name)
        await expect(page.get_by_role("link", name=name)).to_have_css("direction", "rtl")
        await expect(page.get_by_role("link", name=GOODS[1][0])).to_have_css("direction", "ltr")
        await shopper.go("/products/3")
        await expect(shopper.heading(name)).to_have_css("direction", "rtl")
        await shopper.open_cart()
        in_cart = shopper.drawer.get_by_role("link", name=name)
        await expect(in_cart).to_have_css("direction", "rtl")
        await shopper.drawer.get_by_role("link", name="Go to the till").click()
        await expect(shopper.button(re.compile("^Order and pay"))).to_be_visible()
        on_receipt = page.get_by_role("row").get_by_role("link", name=name)
        await expect(on_receipt).to_have_css("direction", "rtl")
