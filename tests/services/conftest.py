"""Fixtures for tests of single services."""

import pytest

from tests.shop import Shop


@pytest.fixture
async def catalog(shop: Shop) -> Shop:
    """A shop in which only the catalog runs."""
    await shop.start("catalog")
    return shop


@pytest.fixture
async def counter(catalog: Shop) -> Shop:
    """A shop in which only the catalog and the cart run."""
    await catalog.start("cart")
    return catalog
