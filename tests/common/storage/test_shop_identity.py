"""What a service's data belongs to."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

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


def opened_before(path: Path, currency: str) -> None:
    """Make a database one that the release before this opened in `currency`."""
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(
            "ALTER TABLE opened_in DROP COLUMN decimals;"
            " DELETE FROM schema_migrations WHERE series = 'shop' AND number = 3;"
            f" UPDATE opened_in SET currency = '{currency}'"
        )


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ("JPY", "whose amounts were kept with 2 decimals, and ISO 4217 gives it 0"),
        ("KWD", "whose amounts were kept with 2 decimals, and ISO 4217 gives it 3"),
        ("ZZZ", "in which no shop can sell now"),
        ("XAU", "in which no shop can sell now"),
    ],
)
async def test_a_shop_whose_amounts_cannot_be_read_is_refused_and_left_as_it_was(
    shop: Shop, before: str, reason: str
) -> None:
    await shop.start("payment")
    await shop.stop("payment")
    path = shop.folder / "payments.db"
    opened_before(path, before)
    was = path.read_bytes()
    for currency in ("USD", "JPY", "KWD"):
        with pytest.raises(SettingsError, match=f"^This shop was opened in {before}, {reason}: "):
            await shop.start("payment", currency=currency)
    assert path.read_bytes() == was


@pytest.mark.parametrize("currency", ["USD", "EUR", "RSD"])
async def test_a_shop_of_before_goes_on_if_its_currency_has_two_decimals(
    shop: Shop, currency: str
) -> None:
    await shop.start("payment", currency=currency)
    await shop.stop("payment")
    opened_before(shop.folder / "payments.db", currency)
    await shop.start("payment", currency=currency)
    assert (await shop.call("payment", "GET", "/readyz")).status == 200


@pytest.mark.parametrize("currency", ["JPY", "KWD"])
async def test_a_shop_of_this_release_is_opened_again_whatever_its_decimals(
    shop: Shop, currency: str
) -> None:
    await shop.start("payment", currency=currency)
    await shop.stop("payment")
    await shop.start("payment", currency=currency)
    assert (await shop.call("payment", "GET", "/readyz")).status == 200
