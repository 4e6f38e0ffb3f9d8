"""A visit fails when anything goes wrong in the browser meanwhile, and only then."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from tests.browser.visit import visiting
from tests.shop import OPERATOR, Shop

WRONGS = {
    "setTimeout(() => { throw new Error('lost'); })": "nobody caught: lost",
    "console.error('lost')": "error: lost",
    "fetch('/services')": "status of 401",
    "new Image().src = 'http://127.0.0.1:9/'": "127.0.0.1:9/",
    f"fetch('/?key={OPERATOR}')": "key is in the URL",
    f"fetch('/', {{ headers: {{ 'X-API-Key': '{OPERATOR}' }} }})": "key is in the headers",
    f"fetch('/', {{ method: 'POST', body: '{OPERATOR}' }})": "key is in the body",
    "alert('lost')": "A dialog: lost",
}


async def do(browser: Browser, origin: str, script: str) -> None:
    """A visit in which something is done and has come to its end."""
    async with visiting(browser, origin) as visit:
        page = await visit.tab()
        await page.evaluate(f"async () => {{ await ({script}); }}")
        await page.evaluate("() => new Promise((done) => setTimeout(done))")


@pytest.mark.parametrize(("wrong", "complaint"), WRONGS.items())
async def test_a_visit_in_which_something_goes_wrong_fails(
    registry: Shop, browser: Browser, wrong: str, complaint: str
) -> None:
    with pytest.raises(AssertionError, match=complaint):
        await do(browser, registry.urls["registry"], wrong)


async def test_a_visit_in_which_nothing_goes_wrong_passes(registry: Shop, browser: Browser) -> None:
    await do(browser, registry.urls["registry"], "fetch('/')")


async def test_a_failure_that_is_expected_is_no_complaint(registry: Shop, browser: Browser) -> None:
    async with visiting(browser, registry.urls["registry"]) as visit:
        visit.expect_failures(401)
        page = await visit.tab()
        await page.evaluate("fetch('/services')")
