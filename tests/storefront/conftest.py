"""What the storefront's tests start from."""

import pytest

from tests.shop import Shop
from tests.storefront.peer import Peer


@pytest.fixture
async def whole_shop(four_services: Shop) -> Shop:
    """A whole shop with its storefront."""
    await four_services.start("storefront")
    return four_services


@pytest.fixture
async def storefront_alone(shop: Shop) -> Shop:
    """A storefront with a registry, and nobody else."""
    await shop.start("storefront")
    return shop


@pytest.fixture
async def catalog(shop: Shop) -> Peer:
    """A stand-in for the catalog."""
    peer = Peer()
    await shop.stand_in("catalog", peer.answer)
    return peer


@pytest.fixture
async def cart(shop: Shop) -> Peer:
    """A stand-in for the cart."""
    peer = Peer()
    await shop.stand_in("cart", peer.answer)
    return peer
