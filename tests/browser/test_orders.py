"""What a customer does with orders afterwards, and what nobody else can."""

from __future__ import annotations

import re
import sqlite3
from datetime import timedelta

from playwright.async_api import Page, Route, expect

from services.common.web.keys import DATABASE
from tests.browser.shopper import Shopper
from tests.browser.visit import Visit
from tests.shop import Shop, token


async def test_an_order_is_cancelled_and_its_goods_are_back_on_the_shelf(
    shop: Shop, visit: Visit, page: Page
) -> None:
    drops = await shop.product(name="Pear Drops", stock=9)
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    order = await shop.order(drops, quantity=3, user_id=await shopper.user_id())
    await page.get_by_role("link", name="My orders").click()
    entry = page.get_by_role("listitem").filter(has_text="Pear Drops")
    await expect(entry).to_contain_text("Not paid yet")
    await entry.get_by_role("link").click()
    await shopper.button("Cancel the order").click()
    await shopper.button("Yes, cancel it").click()
    await expect(page.get_by_text("Everything is back on the shelf.").first).to_be_visible()
    history = page.get_by_role("list", name="What happened")
    await expect(history).to_contain_text("Cancelled by you")
    await expect(history).to_contain_text("Back on the shelf")
    await expect(shopper.button("Cancel the order")).to_have_count(0)
    reply = await shop.call("order", "GET", f"/orders/{order['order_id']}")
    assert reply.json["status"] == "CANCELLED"
    assert await shop.stock(drops) == 9


async def test_an_order_of_another_year_is_dated_with_it(
    shop: Shop, visit: Visit, page: Page
) -> None:
    drops = await shop.product(name="Pear Drops")
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    old, new = [await shop.order(drops, user_id=await shopper.user_id()) for _ in range(2)]

    def backdate(conn: sqlite3.Connection) -> None:
        then = "2024-12-24T12:30:00.000Z"
        conn.execute("UPDATE orders SET created_at = ? WHERE order_id = ?", (then, old["order_id"]))

    await shop.app("order")[DATABASE].write(backdate)
    await page.get_by_role("link", name="My orders").click()
    entries = page.get_by_role("main").get_by_role("listitem")
    await expect(entries.nth(1)).to_contain_text("December 24, 2024")
    await expect(entries.nth(0)).not_to_contain_text(new["created_at"][:4])
    await entries.nth(1).get_by_role("link").click()
    await expect(page.get_by_role("region", name="Receipt")).to_contain_text("December 24, 2024")


async def test_what_happened_to_an_order_on_another_day_is_dated(
    shop: Shop, visit: Visit, page: Page
) -> None:
    drops = await shop.product(name="Pear Drops")
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    order = await shop.order(drops, user_id=await shopper.user_id())

    async def began_earlier(route: Route) -> None:
        answer = await route.fetch()
        events = await answer.json()
        events[0]["at"] = "2024-12-24T12:30:00.000Z"
        await route.fulfill(response=answer, json=events)

    await page.route("**/events", began_earlier)
    await shopper.go(f"/orders/{order['order_id']}")
    history = page.get_by_role("list", name="What happened").get_by_role("listitem")
    await expect(history.nth(0)).to_have_text(re.compile(r"^Placed\s*\d\d:\d\d:\d\d$"))
    await expect(history.nth(1)).to_contain_text(re.compile("[A-Z][a-z]+ \\d+"))


async def test_an_order_that_was_left_unpaid_is_paid_later(
    shop: Shop, visit: Visit, page: Page
) -> None:
    drops = await shop.product(name="Pear Drops", price="2.00")
    shopper = Shopper(page, visit.origin)
    await shopper.go("/orders")
    order = await shop.order(drops, user_id=await shopper.user_id())
    await shopper.go(f"/orders/{order['order_id']}")
    await expect(page.get_by_text("left to pay")).to_be_visible()
    await shopper.button("Pay $2.00").click()
    assert await shopper.expect_thanks() == order["order_id"]


async def test_a_customer_with_too_many_unpaid_orders_is_told_in_words_and_shown_them(
    shop: Shop, visit: Visit, page: Page
) -> None:
    await shop.stop("order")
    await shop.start("order", unpaid_orders=1)
    drops = await shop.product(name="Pear Drops", price="2.00")
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await shop.order(drops, user_id=await shopper.user_id())
    visit.expect_failures(409)
    await shopper.add("Pear Drops")
    await shopper.go_to_the_till()
    await shopper.pay()
    await expect(shopper.note).to_contain_text("Too many of your orders are not paid yet")
    await shopper.note.get_by_role("link", name="My orders").click()
    await expect(page.get_by_role("listitem").filter(has_text="Not paid yet")).to_be_visible()
    await shopper.expect_in_cart(1)


async def test_an_order_that_closed_in_between_is_told_in_words(
    shop: Shop, visit: Visit, page: Page
) -> None:
    drops = await shop.product(name="Pear Drops", price="2.00")
    shopper = Shopper(page, visit.origin)
    await shopper.go("/orders")
    order = await shop.order(drops, user_id=await shopper.user_id())
    await shopper.go(f"/orders/{order['order_id']}")
    await expect(shopper.button("Pay $2.00")).to_be_visible()
    await visit.before_call_of(
        "/api/pay",
        lambda: shop.call("order", "POST", f"/orders/{order['order_id']}/cancel"),
    )
    visit.expect_failures(409)
    await shopper.button("Pay $2.00").click()
    await expect(shopper.note).to_contain_text("This order is closed")
    await expect(page.get_by_role("main")).to_contain_text("Nothing was paid")


async def test_another_customer_s_things_are_not_found(
    shop: Shop, visit: Visit, page: Page
) -> None:
    drops = await shop.product(name="Pear Drops")
    order = await shop.order(drops, user_id="ada")
    assert (await shop.pay(order, key=token("ada"))).status == 200
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await shopper.user_id()
    visit.expect_failures(404)
    statuses = await page.evaluate(
        """async (order) => {
            const { token } = JSON.parse(localStorage.getItem("tuckshop.session"));
            const statusOf = async (path, method = "GET") =>
                (await fetch(`/api${path}`, { method, headers: { "X-API-Key": token } })).status;
            return Promise.all([
                statusOf(`/orders/${order}`),
                statusOf(`/orders/${order}/events`),
                statusOf(`/orders/${order}/cancel`, "POST"),
                statusOf("/cart/ada"),
                statusOf("/cart/ada/items/1", "DELETE"),
            ]);
        }""",
        order["order_id"],
    )
    assert statuses == [404] * 5
    await shopper.go(f"/orders/{order['order_id']}")
    await expect(shopper.heading("No such order")).to_be_visible()
    await expect(page.get_by_role("main")).not_to_contain_text("Pear Drops")
    await shopper.go("/orders")
    await expect(page.get_by_text("No orders yet")).to_be_visible()


async def test_who_comes_back_after_a_year_finds_their_orders(
    visit: Visit, page: Page, shop: Shop
) -> None:
    await shop.product(name="Pear Drops")
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    order_id = await shopper.buy("Pear Drops")
    guest = await shopper.user_id()
    await page.evaluate(
        """([token, expires_at]) => {
            const mine = JSON.parse(localStorage.getItem("tuckshop.session"));
            const old = { ...mine, token, expires_at, since: 0 };
            localStorage.setItem("tuckshop.session", JSON.stringify(old));
        }""",
        [token(guest, lifetime=-timedelta(days=365)), "2020-01-01T00:00:00.000Z"],
    )
    await shopper.go("/orders")
    await expect(page.locator(f"a[href='/orders/{order_id}']")).to_be_visible()
    assert await shopper.user_id() == guest
