"""Every view of both pages under axe-core's rules, light and dark."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.browser.accessibility import expect_accessible
from tests.browser.shopper import Shopper
from tests.browser.stock_changes import reprice, sell
from tests.browser.visit import Visit
from tests.shop import OPERATOR, Shop


async def test_the_shelves_and_a_product_have_no_violation(
    shop: Shop, visit: Visit, page: Page
) -> None:
    await shop.product(name="Pear Drops", category="sweets")
    await shop.product(name="Honeycomb", category="sweets", stock=2)
    gone = await shop.product(name="Croissant", category="bakery", stock=0)
    shopper = Shopper(page, visit.origin)
    await shopper.go("/?min=x")
    await expect(shopper.card("Croissant")).to_be_visible()
    await expect_accessible(page, "the shelves")
    await shopper.go("/?q=marbles&min=2&stock=1")
    await expect(page.get_by_text("Nothing like that")).to_be_visible()
    await expect_accessible(page, "a shelf with nothing on it")
    for product_id in (1, gone):
        await shopper.go(f"/products/{product_id}")
        await expect(shopper.button("Copy the link")).to_be_visible()
        await expect_accessible(page, "a product")


async def test_the_cart_and_the_till_have_no_violation(
    shop: Shop, visit: Visit, page: Page
) -> None:
    for name in ("Pear Drops", "Honeycomb"):
        await shop.product(name=name, stock=4)
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await shopper.open_cart()
    await expect_accessible(page, "an empty cart")
    await page.keyboard.press("Escape")
    await shopper.add("Pear Drops")
    await shopper.add("Honeycomb")
    await sell(shop, 1, 4)
    await reprice(shop, 2, "3.00")
    await shopper.open_cart()
    await expect(shopper.line("Pear Drops")).to_contain_text("Sold out")
    await expect(shopper.line("Honeycomb")).to_contain_text("The price has changed")
    await expect_accessible(page, "a cart with warnings")
    await shopper.button("Take it out").click()
    await shopper.drawer.get_by_role("link", name="Go to the till").click()
    await expect(shopper.button("Order and pay $3.00")).to_be_visible()
    await expect_accessible(page, "the till")
    await reprice(shop, 2, "4.00")
    visit.expect_failures(409)
    await shopper.pay()
    await expect(shopper.note).to_contain_text("A price has changed")
    await expect_accessible(page, "the till after a rejection")
    await shopper.pay()
    await shopper.expect_thanks()
    await expect(page.get_by_role("list", name="What happened")).to_be_visible()
    await expect(page.get_by_role("link", name="a link of its own")).to_be_visible()
    await expect_accessible(page, "the confirmation")
    await page.get_by_role("link", name="a link of its own").click()
    await expect(shopper.heading("Receipt")).to_be_visible()
    await expect_accessible(page, "a receipt by its link")
    visit.expect_failures(404)
    await shopper.go("/receipt/none")
    await expect(shopper.heading("No such receipt")).to_be_visible()
    await expect_accessible(page, "no such receipt")
    await shopper.go("/checkout")
    await expect(page.get_by_text("Your cart is empty")).to_be_visible()
    await expect_accessible(page, "the till with nothing to pay")


async def test_the_orders_have_no_violation(shop: Shop, visit: Visit, page: Page) -> None:
    shopper = Shopper(page, visit.origin)
    await shopper.go("/orders")
    await expect(page.get_by_text("No orders yet")).to_be_visible()
    await expect_accessible(page, "no orders")
    order = await shop.order(await shop.product(), user_id=await shopper.user_id())
    await page.reload()
    await expect(page.get_by_text("left to pay")).to_be_visible()
    await expect_accessible(page, "the orders")
    await shopper.go(f"/orders/{order['order_id']}")
    await shopper.button("Cancel the order").click()
    await expect_accessible(page, "an order to be cancelled")
    visit.expect_failures(404)
    await shopper.go("/orders/none")
    await expect(shopper.heading("No such order")).to_be_visible()
    await expect_accessible(page, "no such order")
    await shopper.go("/nowhere")
    await expect(shopper.heading("No such page")).to_be_visible()
    await expect_accessible(page, "no such page")


async def test_a_service_that_is_away_is_told_without_a_violation(
    shop: Shop, visit: Visit, page: Page
) -> None:
    await shop.stop("catalog")
    visit.expect_failures(503)
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await expect(shopper.strip).to_contain_text("Trying again")
    await expect_accessible(page, "the catalog away")


async def test_the_registry_s_page_has_no_violation(shop: Shop, dashboard: Visit) -> None:
    page = await dashboard.tab()
    await expect(page.get_by_label("Operator key")).to_be_focused()
    dashboard.expect_failures(401)
    await page.keyboard.type("not the key")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("not the operator key")
    await expect_accessible(page, "signing in")
    await page.get_by_label("Operator key").fill(OPERATOR)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=re.compile("^All"))).to_be_visible()
    await expect_accessible(page, "the dashboard")
    await page.get_by_role("button", name="Drain order-1").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await expect_accessible(page, "the question before the last is drained")
    await page.get_by_role("button", name="Drain it").click()
    await expect(page.get_by_role("button", name="Take back order-1")).to_be_visible()
    await expect_accessible(page, "one that is drained")
