"""What comes between a customer and a purchase: each is told in words, and there is a way on."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.browser.shopper import Shopper
from tests.browser.stock_changes import reprice, sell
from tests.browser.visit import Visit
from tests.shop import Shop


async def test_a_sold_out_product_cannot_be_added_and_says_so(
    shop: Shop, visit: Visit, page: Page
) -> None:
    await shop.product(name="Pear Drops", stock=0)
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await expect(shopper.card("Pear Drops").get_by_role("button")).to_be_disabled()
    await expect(shopper.card("Pear Drops")).to_contain_text("Sold out")
    await page.get_by_role("checkbox", name="In stock only").check()
    await expect(page.get_by_text("Nothing like that on the shelves").first).to_be_visible()


async def test_a_product_that_runs_out_before_the_checkout_is_marked_and_the_rest_is_bought(
    shop: Shop, visit: Visit, page: Page
) -> None:
    drops = await shop.product(name="Pear Drops", price="2.00", stock=1)
    await shop.product(name="Honeycomb", price="3.00")
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await shopper.add("Pear Drops")
    await shopper.add("Honeycomb")
    await shopper.go_to_the_till()
    await visit.before_call_of("/api/orders", lambda: sell(shop, drops, 1))
    visit.expect_failures(409)
    await shopper.pay()
    await expect(shopper.note).to_contain_text("Somebody was quicker")
    await expect(page.get_by_role("row", name="Pear Drops")).to_contain_text("Sold out")
    await shopper.button("Take it out").click()
    await expect(shopper.button("Order and pay $3.00")).to_be_visible()
    await shopper.pay()
    await shopper.expect_thanks()


async def test_a_price_that_changes_before_the_checkout_is_paid_only_once_seen(
    shop: Shop, visit: Visit, page: Page
) -> None:
    drops = await shop.product(name="Pear Drops", price="2.00")
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await shopper.add("Pear Drops")
    await shopper.go_to_the_till()
    await visit.before_call_of("/api/orders", lambda: reprice(shop, drops, "2.50"))
    visit.expect_failures(409)
    await shopper.pay()
    await expect(shopper.note).to_contain_text("Nothing was ordered and nothing paid")
    await expect(shopper.note).to_contain_text("$2.50")
    await expect(shopper.button("Order and pay $2.50")).to_be_visible()
    await shopper.pay()
    await shopper.expect_thanks()
    await expect(page.get_by_role("row", name="Total")).to_contain_text("$2.50")


async def test_a_purchase_waits_for_a_payment_service_that_is_down(
    shop: Shop, visit: Visit, page: Page
) -> None:
    await shop.product(name="Pear Drops")
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await shopper.add("Pear Drops")
    await shopper.go_to_the_till()
    await shop.stop("payment")
    visit.expect_failures(503)
    await shopper.pay()
    await expect(shopper.strip).to_contain_text("The till is restarting. Your order is safe")
    await shop.start("payment")
    await shopper.expect_thanks()
    await expect(shopper.strip).to_have_count(0)
    orders = await shop.call("order", "GET", "/orders")
    assert [order["status"] for order in orders.json] == ["PAID"]


async def test_shelves_that_are_down_fill_when_they_are_back(
    shop: Shop, visit: Visit, page: Page
) -> None:
    await shop.product(name="Pear Drops")
    await shop.stop("catalog")
    visit.expect_failures(503)
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await expect(shopper.strip).to_contain_text("The shelves cannot be reached just now")
    await shop.start("catalog")
    # Pressed if it is still there: the page tries by itself as well.
    await shopper.button("Try now").evaluate_all("those => those.forEach(one => one.click())")
    await expect(shopper.card("Pear Drops")).to_be_visible()
    await expect(shopper.strip).to_have_count(0)


async def test_a_lost_connection_is_told_and_what_was_wanted_is_done_after_it(
    shop: Shop, visit: Visit, page: Page
) -> None:
    await shop.product(name="Pear Drops", stock=9)
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await shopper.add("Pear Drops")
    await shopper.open_cart()
    visit.expect_failures("ERR_INTERNET_DISCONNECTED")
    await visit.context.set_offline(True)
    await shopper.drawer.get_by_role("button", name="One more").click()
    await expect(shopper.strip).to_contain_text("The connection is lost")
    await expect(shopper.strip).to_contain_text(re.compile(r"Trying again (in \d+ s|now)\."))
    await visit.context.set_offline(False)
    await expect(shopper.strip).to_have_count(0)
    cart = await shop.call("cart", "GET", f"/cart/{await shopper.user_id()}")
    assert [item["quantity"] for item in cart.json["items"]] == [2]


async def test_a_connection_lost_in_the_midst_of_a_purchase_buys_once(
    shop: Shop, visit: Visit, page: Page
) -> None:
    await shop.product(name="Pear Drops", stock=9)
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await shopper.add("Pear Drops")
    await shopper.go_to_the_till()
    visit.expect_failures("ERR_INTERNET_DISCONNECTED", "ERR_FAILED")
    await visit.lose_answer_to("/api/orders")
    await shopper.pay()
    await expect(shopper.strip).to_contain_text("The connection is lost")
    await shopper.expect_thanks()
    assert await shop.stock(1) == 8
