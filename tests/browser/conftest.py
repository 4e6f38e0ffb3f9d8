"""What the tests with a real browser start from: one Chromium, and a visit of its own for each.

They run with `pytest -m browser`, all on one event loop, because the browser lives on it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
import pytest_asyncio

from tests.shop import Shop, open_shop

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from tests.browser.visit import Visit

HERE = Path(__file__).parent
HAS_PLAYWRIGHT = importlib.util.find_spec("playwright") is not None
HOW_TO_GET_PLAYWRIGHT = (
    "There is no playwright here: install what the tests need with"
    " `pip install -r requirements-dev.txt`."
)
PATIENCE = 3.0
"""Seconds that a service waits for another: a busy machine is none that is down."""
QUICK = 1.0
"""Seconds that the storefront waits for a service to be there, before it says that none is."""
SERVICES = ("registry", "catalog", "cart", "order", "payment")


class SkippedModule(pytest.Module):
    """A module of tests that cannot be imported."""

    def collect(self) -> NoReturn:
        pytest.skip(HOW_TO_GET_PLAYWRIGHT)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    if HAS_PLAYWRIGHT:
        return None
    module: SkippedModule = SkippedModule.from_parent(parent, path=module_path)
    return module


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The one Chromium."""
    from playwright.async_api import expect

    from tests.browser import visit
    from tests.browser.chromium import HOW_TO_GET_ONE, chromium, find_chromium

    path = find_chromium()
    if path is None:
        pytest.skip(HOW_TO_GET_ONE)
    expect.set_options(timeout=visit.PATIENCE)
    async with chromium(path) as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def shop(browser: Browser, tmp_path: Path) -> AsyncIterator[Shop]:
    """A whole shop whose shelves are empty."""
    async with open_shop(tmp_path) as shop:
        await shop.start(*SERVICES, peer_deadline=PATIENCE)
        await shop.start("storefront", peer_deadline=QUICK)
        yield shop


@pytest_asyncio.fixture(loop_scope="session")
async def registry(tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop of which only the registry runs."""
    async with open_shop(tmp_path) as shop:
        await shop.start("registry")
        yield shop


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, shop: Shop) -> AsyncIterator[Visit]:
    """A customer's visit to the shop."""
    from tests.browser.visit import visiting

    async with visiting(browser, shop.urls["storefront"]) as visit:
        yield visit


@pytest_asyncio.fixture(loop_scope="session")
async def dashboard(browser: Browser, shop: Shop) -> AsyncIterator[Visit]:
    """The operator's visit to the registry's page."""
    from tests.browser.visit import visiting

    async with visiting(browser, shop.urls["registry"], holds_key=True) as visit:
        yield visit


@pytest_asyncio.fixture(loop_scope="session")
async def page(visit: Visit) -> Page:
    """A tab of the customer's, of which nothing is open yet."""
    return await visit.context.new_page()
