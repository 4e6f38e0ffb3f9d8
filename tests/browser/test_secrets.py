"""The operator key is nowhere in what the shop's page is, sends or is told."""

from __future__ import annotations

import asyncio

from playwright.async_api import Page, Response

from tests.browser.shopper import Shopper
from tests.browser.visit import Visit
from tests.shop import OPERATOR, Shop


async def test_no_answer_and_nothing_kept_holds_the_operator_key(
    shop: Shop, visit: Visit, page: Page
) -> None:
    bodies: list[asyncio.Task[bytes]] = []

    def read(response: Response) -> None:
        bodies.append(asyncio.ensure_future(response.body()))

    visit.context.on("response", read)
    await shop.product(name="Pear Drops")
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await shopper.buy("Pear Drops")
    await page.get_by_role("main").get_by_role("link", name="My orders").click()
    await page.get_by_role("listitem").filter(has_text="Pear Drops").wait_for()
    read_whole = await asyncio.gather(*bodies)
    assert len(read_whole) >= 10
    kept = await page.evaluate("JSON.stringify([localStorage, sessionStorage, history.state])")
    for text in (*read_whole, (await page.content()).encode(), kept.encode()):
        assert OPERATOR.encode() not in text
    assert not await visit.context.cookies()
