"""The README's pictures of both pages: `python -m tests.browser.pictures` takes them anew.

They are of the demo shop, which runs in this process on the ports of a first start.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, Page, expect

from services.operations.run.deployment import SERVICES
from tests.browser.chromium import HOW_TO_GET_ONE, chromium, find_chromium
from tests.browser.instance import Instance
from tests.browser.shopper import Shopper
from tests.browser.visit import visiting
from tests.shop import OPERATOR, Shop, open_shop, until

HERE = Path(__file__).parent
FIRST_PORT = 8000
MAX_BYTES = 250_000


async def main() -> None:
    """Take every picture."""
    path = find_chromium()
    if path is None:
        sys.exit(HOW_TO_GET_ONE)
    with tempfile.TemporaryDirectory() as folder:
        async with chromium(path) as browser, open_shop(Path(folder)) as shop:
            for one in SERVICES:
                told = {"demo": True} if one.name == "catalog" else {}
                await shop.start(one.name, port=FIRST_PORT + one.offset, **told)
            await take_of_the_shop(browser, shop)
            await take_of_the_registry(browser, shop)


async def take_of_the_shop(browser: Browser, shop: Shop) -> None:
    """The shelves, a full cart, and a paid order."""
    async with visiting(browser, shop.urls["storefront"]) as visit:
        page = await visit.context.new_page()
        shopper = Shopper(page, visit.origin)
        await shopper.go()
        await expect(shopper.card("Pear Drops")).to_be_visible()
        await take(page, "shop")
        await take(page, "shop-dark", colours="dark")
        for name in ("Pear Drops", "Honeycomb Bar", "Ginger Biscuits", "Pear Drops"):
            await shopper.add(name)
        await page.evaluate("scrollTo(0, 0)")
        await shopper.expect_in_cart(4)
        await shopper.open_cart()
        await expect(shopper.drawer).to_contain_text("Total")
        await take(page, "cart")
        await shopper.drawer.get_by_role("link", name="Go to the till").click()
        await shopper.pay()
        await shopper.expect_thanks()
        await expect(page.get_by_role("list", name="What happened")).to_contain_text("Wrapped up")
        await take(page, "order")


async def take_of_the_registry(browser: Browser, shop: Shop) -> None:
    """Every service up, and a second cart that is being drained."""
    port, folder = FIRST_PORT + 11, shop.folder / "cart-2"
    async with (
        Instance("cart", "cart-2", shop.urls["registry"], folder, port=port),
        visiting(browser, shop.urls["registry"], holds_key=True) as visit,
    ):
        await until(lambda: drained(shop, "cart/cart-2"))
        page = await visit.tab(f"/#key={OPERATOR}")
        await expect(page.get_by_role("heading", name="cart-2 is draining.")).to_be_visible()
        await take(page, "registry")
        await take(page, "registry-dark", colours="dark")


async def drained(shop: Shop, name: str) -> bool:
    """Drain an instance; whether it was there to be drained."""
    path = f"/services/{name}/state"
    return (await shop.call("registry", "PUT", path, json={"state": "draining"})).status == 200


async def take(page: Page, name: str, *, colours: Literal["light", "dark"] = "light") -> None:
    """Keep what the tab shows."""
    await page.emulate_media(color_scheme=colours, reduced_motion="reduce")
    picture = await page.screenshot(caret="hide", animations="disabled", scale="css")
    if len(picture) > MAX_BYTES:
        sys.exit(f"{name}.png has {len(picture):,} bytes; a README's has {MAX_BYTES:,} at most.")
    (HERE / f"{name}.png").write_bytes(picture)
    print(f"{name}.png  {len(picture):,} bytes")


asyncio.run(main())
