"""What the first view of the shop costs somebody who comes for the first time."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Page, expect

from tests.browser.shopper import Shopper
from tests.browser.visit import Visit
from tests.shop import Shop

MAX_BYTES = 100 * 1024
MAX_REQUESTS = 6


async def test_the_first_view_takes_six_requests_and_a_hundred_kilobytes(
    shop: Shop, visit: Visit, page: Page
) -> None:
    for number in range(40):
        await shop.product(name=f"Jar {number}", description="A jar of sweets. " * 8)
    network = await visit.context.new_cdp_session(page)
    sizes: list[int] = []

    def loaded(event: dict[str, Any]) -> None:
        sizes.append(int(event["encodedDataLength"]))

    network.on("Network.loadingFinished", loaded)
    await network.send("Network.enable")
    shopper = Shopper(page, visit.origin)
    await shopper.go()
    await expect(shopper.card("Jar 23")).to_be_visible()
    await page.wait_for_load_state("networkidle")
    sent = [request.url for request in visit.requests if not request.url.startswith("data:")]
    assert len(sent) <= MAX_REQUESTS, sent
    assert 10_000 < sum(sizes) <= MAX_BYTES
