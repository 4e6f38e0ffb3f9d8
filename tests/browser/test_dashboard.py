"""The dashboard: every instance live, and the operator draining one or taking it back."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.async_api import Locator, Page, expect

from tests.browser.instance import Instance
from tests.browser.visit import Visit
from tests.shop import OPERATOR, Shop, token

ALL_UP = re.compile(r"^All \d instances are up\.$")
GONE = (
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
    "ERR_INCOMPLETE_CHUNKED_ENCODING",
)
"""How requests fail whose server goes away, by when it does."""


async def opened(dashboard: Visit) -> Page:
    """The dashboard of somebody with the key, marked so that a reload would show."""
    page = await dashboard.tab(f"/#key={OPERATOR}")
    await expect(page.get_by_role("heading", name=ALL_UP)).to_be_visible()
    await page.evaluate("window.neverReloaded = true")
    return page


def row(page: Page, instance_id: str) -> Locator:
    return page.get_by_role("row").filter(
        has=page.get_by_role("rowheader", name=re.compile(rf"\b{instance_id}$"))
    )


async def test_every_instance_is_shown_up_with_its_address(shop: Shop, dashboard: Visit) -> None:
    page = await opened(dashboard)
    for name in ("catalog", "cart", "order", "payment", "storefront"):
        await expect(row(page, f"{name}-1")).to_contain_text("Up")
        await expect(row(page, f"{name}-1")).to_contain_text(shop.urls[name])


async def test_an_instance_that_is_killed_and_comes_back_shows_without_a_reload(
    shop: Shop, dashboard: Visit
) -> None:
    page = await opened(dashboard)
    async with Instance("cart", "cart-2", shop.urls["registry"], shop.folder / "two") as second:
        await expect(row(page, "cart-2")).to_contain_text("Up")
        await second.kill()
        for _ in range(4):  # whoever calls it tells the registry
            await shop.call("storefront", "GET", "/api/cart/ada", key=token("ada"))
        await expect(row(page, "cart-2")).to_contain_text("In doubt")
        await expect(page.get_by_role("heading", name="cart-2 is in doubt.")).to_be_visible()
        await second.start()
        await expect(row(page, "cart-2")).to_contain_text("Up")
        await expect(page.get_by_role("heading", name=ALL_UP)).to_be_visible()
    assert await page.evaluate("window.neverReloaded")


async def test_an_instance_is_drained_and_taken_back(shop: Shop, dashboard: Visit) -> None:
    page = await opened(dashboard)
    await page.get_by_role("button", name="Drain cart-1").click()
    await page.get_by_role("dialog").get_by_role("button", name="Leave it up").click()
    await expect(row(page, "cart-1")).to_contain_text("Up")
    await page.get_by_role("button", name="Drain cart-1").click()
    await page.get_by_role("dialog").get_by_role("button", name="Drain it").click()
    await expect(row(page, "cart-1")).to_contain_text("Draining")
    await expect(page.get_by_role("status")).to_contain_text(["cart-1 is draining"])
    await page.get_by_role("button", name="Take back cart-1").click()
    await expect(page.get_by_role("button", name="Drain cart-1")).to_be_visible()
    await expect(page.get_by_role("heading", name=ALL_UP)).to_be_visible()
    happened = page.get_by_role("region", name="What happened")
    await expect(happened).to_contain_text("taken back by the operator")


async def test_the_link_s_key_is_taken_and_leaves_the_address_at_once(
    shop: Shop, dashboard: Visit
) -> None:
    page = await opened(dashboard)
    assert page.url == f"{dashboard.origin}/"
    await page.reload()
    await expect(page.get_by_role("heading", name=ALL_UP)).to_be_visible()


async def test_each_tab_is_asked_for_the_key_once(shop: Shop, dashboard: Visit) -> None:
    page = await dashboard.tab()
    await page.get_by_label("Operator key").fill(OPERATOR)
    await page.get_by_role("button", name="Come in").click()
    await expect(page.get_by_role("heading", name=ALL_UP)).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name=ALL_UP)).to_be_visible()
    other = await dashboard.tab()
    await expect(other.get_by_label("Operator key")).to_be_visible()
    await page.get_by_role("button", name="Forget the key").click()
    await page.reload()
    await expect(page.get_by_label("Operator key")).to_be_visible()


async def test_lost_contact_is_said_and_ends_by_itself(shop: Shop, dashboard: Visit) -> None:
    page = await opened(dashboard)
    dashboard.expect_failures(503, *GONE)
    await shop.stop("registry")
    await expect(page.get_by_text("No contact with the registry for")).to_be_visible()
    drain = page.get_by_role("button", name="Drain cart-1")
    await expect(drain).to_have_attribute("aria-disabled", "true")
    await shop.start("registry", port=urlsplit(dashboard.origin).port)
    await expect(page.get_by_text("No contact")).to_have_count(0)
    await expect(page.get_by_role("heading", name=ALL_UP)).to_be_visible()
    await expect(drain).to_have_attribute("aria-disabled", "false")
    assert await page.evaluate("window.neverReloaded")
