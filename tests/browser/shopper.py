"""What a customer does on the shop's page, by what they see of it."""

from __future__ import annotations

import re
from decimal import Decimal

from playwright.async_api import Locator, Page, expect

USER_ID = """async () => {
    let kept = null;
    while ((kept = localStorage.getItem("tuckshop.session")) === null)
        await new Promise(requestAnimationFrame);
    return JSON.parse(kept).user_id;
}"""


class Shopper:
    """A customer at one tab."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin

    async def go(self, path: str = "/") -> None:
        """Type an address."""
        await self.page.goto(self.origin + path)

    async def turn_to(self) -> None:
        """Look at this tab, and at no other: a browser takes its time over those behind it."""
        await self.page.bring_to_front()

    def heading(self, text: str | re.Pattern[str]) -> Locator:
        """The page's own heading, saying this."""
        return self.page.get_by_role("heading", name=text, level=1)

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name)

    def card(self, name: str) -> Locator:
        """A product on the shelf."""
        named = self.page.get_by_role("heading", name=name, exact=True, level=2)
        return self.page.get_by_role("listitem").filter(has=named)

    def line(self, name: str) -> Locator:
        """A line of the open cart."""
        return self.drawer.get_by_role("listitem").filter(has_text=name)

    @property
    def drawer(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def note(self) -> Locator:
        """What the page says has come between."""
        return self.page.get_by_role("alert")

    @property
    def strip(self) -> Locator:
        """What it says about a way that is cut."""
        return self.page.locator(".strip")

    async def add(self, name: str) -> None:
        """Put one of a product on the shelf into the cart."""
        await self.card(name).get_by_role("button").click()
        await expect(self.card(name)).to_contain_text("in your cart")

    async def expect_in_cart(self, units: int) -> None:
        await expect(self.button(re.compile(rf"^Cart {units} thing"))).to_be_visible()

    async def open_cart(self) -> None:
        await self.button(re.compile("^Cart")).click()
        await expect(self.drawer).to_be_visible()

    async def go_to_the_till(self) -> None:
        """From the shelf to the receipt, ready to be paid."""
        await self.open_cart()
        await self.drawer.get_by_role("link", name="Go to the till").click()
        await expect(self.heading("The till")).to_be_visible()
        await expect(self.button(re.compile("^Order and pay"))).to_be_visible()

    async def pay(self) -> None:
        """The one press that orders and pays."""
        await self.button(re.compile("^Order and pay")).click()

    async def user_id(self) -> str:
        """Who the shop takes this browser for."""
        return str(await self.page.evaluate(USER_ID))

    async def expect_thanks(self) -> str:
        """Wait for the confirmation; returns the order's id."""
        await expect(self.heading("Thank you. It is paid.")).to_be_visible()
        return self.page.url.split("/")[-2]

    async def buy(self, name: str) -> str:
        """Buy one of a product on the shelf; returns the order's id."""
        await self.add(name)
        await self.go_to_the_till()
        await self.pay()
        return await self.expect_thanks()


def dollars(amount: str | Decimal) -> str:
    return f"${Decimal(amount):,.2f}"
