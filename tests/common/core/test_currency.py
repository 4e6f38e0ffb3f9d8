"""Which currencies there are, and how many decimals each has: as in ISO 4217, not as in CLDR."""

import pytest

from services.common.core.arguments import SettingsError
from services.common.core.currency import CURRENCIES, currency_of


@pytest.mark.parametrize(
    ("decimals", "codes"),
    [
        (0, "JPY KRW CLP VND ISK XAF XPF UGX"),
        (2, "USD EUR RSD IDR HUF LBP AFN TWD CZK XCG MRU MGA"),
        (3, "KWD BHD IQD JOD LYD OMR TND"),
        (4, "UYW"),
    ],
)
def test_a_currency_has_the_decimals_of_iso_4217(decimals: int, codes: str) -> None:
    assert {CURRENCIES[code].decimals for code in codes.split()} == {decimals}


@pytest.mark.parametrize(
    "code",
    [
        *("XXX", "XTS", "ZZZ"),
        *("XAU", "XAG", "XPT", "XDR", "XBA"),  # metals, and units of account
        *("CLF", "UYI", "USN", "CHE", "MXV", "COU", "BOV"),  # funds
        *("DEM", "HRK", "ANG", "BTC", "usd", "US", "USDT", "", " USD", "\u0421AD"),
    ],
)
def test_what_no_shop_can_sell_in_is_refused_in_a_sentence(code: str) -> None:
    with pytest.raises(SettingsError, match=r"^CURRENCY .* is none that a shop can sell in;.*\.$"):
        currency_of(code)
