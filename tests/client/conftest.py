"""A fake registry, fake services and clients of them, with delays too short to notice."""

import random
from collections.abc import AsyncIterator

import aiohttp
import pytest

from client.backoff import Backoff
from client.shop import ShopClient
from client.transport import open_session
from tests.client.fake_carts import FakeCarts
from tests.client.fakes import FakeRegistry, FakeService, reply


@pytest.fixture
def backoff() -> Backoff:
    return Backoff(0.001, 0.01, random.Random(7))


@pytest.fixture
async def registry() -> AsyncIterator[FakeRegistry]:
    async with FakeRegistry() as registry:
        yield registry


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as session:
        yield session


@pytest.fixture
async def carts(
    registry: FakeRegistry, session: aiohttp.ClientSession, backoff: Backoff
) -> AsyncIterator[FakeCarts]:
    carts = FakeCarts(registry, session, backoff)
    yield carts
    await carts.close()


@pytest.fixture
async def service(registry: FakeRegistry) -> AsyncIterator[FakeService]:
    """One server that stands for all four services."""
    async with FakeService(reply({})) as service:
        for name in ("catalog", "cart", "order", "payment"):
            await registry.put(name, service.at(f"{name}-1"))
        yield service


@pytest.fixture
async def shop(registry: FakeRegistry, service: FakeService) -> AsyncIterator[ShopClient]:
    """A client of the fake registry; `service` answers its calls."""
    async with ShopClient(registry.url, api_key="key-1", timeout=5.0) as shop:
        yield shop
