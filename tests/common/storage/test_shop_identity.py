"""What a service's data belongs to."""

import pytest

from services.common.core.arguments import SettingsError
from tests.shop import Shop


async def test_a_shop_is_not_opened_in_another_currency_than_before(shop: Shop) -> None:
    await shop.start("payment", currency="USD")
    await shop.stop("payment")
    with pytest.raises(SettingsError, match="opened in USD, and CURRENCY is EUR"):
        await shop.start("payment", currency="EUR")


async def test_a_shop_is_opened_in_its_own_currency_again(shop: Shop) -> None:
    await shop.start("payment", currency="EUR")
    await shop.stop("payment")
    await shop.start("payment", currency="EUR")
    assert (await shop.call("payment", "GET", "/readyz")).status == 200
