"""The client as a whole: opened, closed, and rejected."""

import pytest

import client
from client import AuthenticationError, ShopClient, Unavailable
from tests.client.bodies import CART
from tests.client.fakes import FakeRegistry, FakeService, problem, reply


async def test_a_wrong_key_is_an_authentication_error(registry: FakeRegistry) -> None:
    registry.answers = [problem(401, "invalid_api_key", "Invalid API Key")] * 100
    async with ShopClient(registry.url, api_key="wrong") as shop:
        with pytest.raises(AuthenticationError, match="Invalid API Key"):
            await shop.cart.get("ada")


async def test_a_shop_without_instances_is_unavailable(registry: FakeRegistry) -> None:
    async with ShopClient(registry.url, api_key="key-1", timeout=0.05) as shop:
        with pytest.raises(Unavailable):
            await shop.cart.get("ada")


async def test_a_client_works_only_inside_its_block_and_can_be_entered_again(
    registry: FakeRegistry, service: FakeService
) -> None:
    service.answers = [reply(CART)]
    shop = ShopClient(registry.url, api_key="key-1")
    for _ in range(2):
        async with shop:
            await shop.cart.get("ada")
        with pytest.raises(RuntimeError, match="async with"):
            await shop.cart.get("ada")


async def test_a_bad_registry_url_leaves_no_session_open() -> None:
    with pytest.raises(ValueError, match="looks like"):
        async with ShopClient("127.0.0.1:8000", api_key="key-1"):
            pass


def test_the_key_is_not_shown() -> None:
    shop = ShopClient("http://127.0.0.1:8000", api_key="key-1")
    assert repr(shop) == "ShopClient('http://127.0.0.1:8000')"


def test_every_public_name_is_there() -> None:
    assert all(hasattr(client, name) for name in client.__all__)
    assert client.__all__ == sorted(client.__all__)
