"""Fixtures for tests of single services."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.shop import Shop, open_shop


@pytest.fixture
async def catalog(shop: Shop) -> Shop:
    """A shop in which only the catalog runs."""
    await shop.start("catalog")
    return shop


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_catalog(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """The same for all tests of a module, each of which has products and orders of its own."""
    async with open_shop(tmp_path_factory.mktemp("catalog")) as shop:
        await shop.start("registry", "catalog")
        yield shop


@pytest.fixture
async def catalog_and_cart(catalog: Shop) -> Shop:
    """A shop in which only the catalog and the cart run."""
    await catalog.start("cart")
    return catalog
