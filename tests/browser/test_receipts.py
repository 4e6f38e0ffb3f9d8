"""A receipt's own link, in the browser that bought, and in one that knows nothing of that."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.shopper import Shopper
from tests.browser.visit import Visit, visiting
from tests.shop import Shop


def link_on(page: Page) -> Locator:
    return page.get_by_role("link", name="a link of its own")


async def path_on(page: Page) -> str:
    """The link that the page offers, as a path."""
    await expect(link_on(page)).to_be_visible()
    return str(await link_on(page).get_attribute("href"))


async def bought(shop: Shop, shopper: Shopper) -> str:
    """Pear drops, bought; returns the order's id."""
    await shop.product(name="Pear Drops")
    await shopper.go()
    return await shopper.buy("Pear Drops")


async def test_a_receipt_is_shown_on_another_device_and_nothing_else_is(
    shop: Shop, visit: Visit, page: Page, browser: Browser
) -> None:
    order_id = await bought(shop, Shopper(page, visit.origin))
    path = await path_on(page)
    async with visiting(browser, visit.origin) as elsewhere:
        other = await elsewhere.tab(path)
        stranger = Shopper(other, visit.origin)
        await expect(stranger.heading("Receipt")).to_be_visible()
        receipt = other.get_by_role("region", name="Receipt")
        await expect(receipt).to_contain_text("Pear Drops")
        await expect(receipt).to_contain_text("$2.50")
        await expect(receipt).to_contain_text("Paid")
        await stranger.go("/orders")
        await expect(other.get_by_text("No orders yet")).to_be_visible()
        elsewhere.expect_failures(404)
        await stranger.go(f"/orders/{order_id}")
        await expect(stranger.heading("No such order")).to_be_visible()


async def test_a_receipt_is_shown_where_no_session_can_be_begun(
    shop: Shop, visit: Visit, page: Page, browser: Browser
) -> None:
    await bought(shop, Shopper(page, visit.origin))
    path = await path_on(page)
    async with visiting(browser, visit.origin) as elsewhere:
        elsewhere.expect_failures("ERR_FAILED")
        await elsewhere.context.route("**/api/session", lambda route: route.abort())
        other = await elsewhere.tab(path)
        await expect(other.get_by_role("region", name="Receipt")).to_contain_text("Pear Drops")


async def test_the_link_stays_the_same_wherever_the_customer_looks_at_the_order(
    shop: Shop, visit: Visit, page: Page
) -> None:
    shopper = Shopper(page, visit.origin)
    order_id = await bought(shop, shopper)
    path = await path_on(page)
    await page.reload()
    assert await path_on(page) == path
    await shopper.go(f"/orders/{order_id}")
    assert await path_on(page) == path


async def test_a_link_that_was_replaced_elsewhere_is_made_anew(
    shop: Shop, visit: Visit, page: Page
) -> None:
    shopper = Shopper(page, visit.origin)
    order_id = await bought(shop, shopper)
    path = await path_on(page)
    assert (await shop.call("order", "POST", f"/orders/{order_id}/receipt")).status == 201
    visit.expect_failures(404)
    await shopper.go(f"/orders/{order_id}")
    assert await path_on(page) != path
    await link_on(page).click()
    await expect(page.get_by_role("region", name="Receipt")).to_contain_text("Pear Drops")


async def test_a_revoked_link_is_told_in_words(shop: Shop, visit: Visit, page: Page) -> None:
    shopper = Shopper(page, visit.origin)
    order_id = await bought(shop, shopper)
    path = await path_on(page)
    assert (await shop.call("order", "DELETE", f"/orders/{order_id}/receipt")).status == 204
    visit.expect_failures(404, 409)
    await shopper.go(path)
    await expect(shopper.heading("No such receipt")).to_be_visible()
    await shopper.go(f"/orders/{order_id}")
    await expect(page.get_by_text("The shop gives out no link to this receipt.")).to_be_visible()


async def test_a_receipt_that_is_left_open_tells_of_a_refund_when_one_comes_back_to_it(
    shop: Shop, visit: Visit, page: Page
) -> None:
    shopper = Shopper(page, visit.origin)
    order_id = await bought(shop, shopper)
    await shopper.go(await path_on(page))
    receipt = page.get_by_role("region", name="Receipt")
    await expect(receipt.locator(".receipt-stamp")).to_have_text("Paid")
    order = (await shop.call("order", "GET", f"/orders/{order_id}")).json
    path = f"/payments/{order['payment_id']}/refund"
    assert (await shop.call("payment", "POST", path)).status == 200
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(receipt.locator(".receipt-stamp")).to_have_text("Refunded")


@pytest.mark.parametrize(
    "script",
    [
        "Storage.prototype.setItem = () => { throw new Error('full'); }",
        "delete window.localStorage; delete window.sessionStorage;",
    ],
    ids=["full", "not allowed"],
)
async def test_a_browser_that_stores_nothing_buys_and_gives_out_one_link(
    shop: Shop, visit: Visit, page: Page, script: str
) -> None:
    await page.add_init_script(script)
    await bought(shop, Shopper(page, visit.origin))
    path = await path_on(page)
    main = page.get_by_role("main")
    await page.get_by_role("link", name="My orders").first.click()
    await main.get_by_role("link", name="Pear Drops").click()
    await expect(page.get_by_role("heading", name="Your order")).to_be_visible()
    assert await path_on(page) == path
