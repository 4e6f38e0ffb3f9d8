"""What the storefront's tests start from."""

import pytest

from tests.shop import Shop
from tests.storefront.peer import Peer


@pytest.fixture
async def front(open_for_business: Shop) -> Shop:
    """A whole shop with its storefront."""
    await open_for_business.start("storefront")
    return open_for_business


@pytest.fixture
async def alone(shop: Shop) -> Shop:
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
