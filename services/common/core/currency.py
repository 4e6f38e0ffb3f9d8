"""Currencies and their number of decimals, from ISO 4217.

`iso4217.json` has the codes by that number, without funds and without what has none (metals,
what is for tests, no currency). It is from the list of 2026-01-01 at
https://www.six-group.com/en/products-services/financial-information/data-standards.html. The pages
read the same file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import overload

from .arguments import SettingsError


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency. Amounts of it are integers of its smallest unit, its minor unit."""

    code: str
    decimals: int

    @property
    def minor_per_major(self) -> int:
        """How many of the smallest unit are one: 100 cents are a dollar, and a yen is a yen."""
        return int(10**self.decimals)

    def text(self, minor: int) -> str:
        """`1999` as `19.99` in dollars, `1.999` in dinars, `1999` in yen."""
        major, rest = divmod(abs(minor), self.minor_per_major)
        decimals = f".{rest:0{self.decimals}d}" if self.decimals else ""
        return f"{'-' if minor < 0 else ''}{major}{decimals}"

    @overload
    def major(self, minor: int) -> Decimal: ...
    @overload
    def major(self, minor: None) -> None: ...
    def major(self, minor: int | None) -> Decimal | None:
        """An amount in major units, as it is sent to a peer; None stays None."""
        return None if minor is None else Decimal(minor).scaleb(-self.decimals)


CURRENCIES: Mapping[str, Currency] = {
    code: Currency(code, int(decimals))
    for decimals, codes in json.loads(Path(__file__).with_name("iso4217.json").read_text()).items()
    for code in codes.split()
}
"""Every currency that a shop can sell in, by its code."""

USD = CURRENCIES["USD"]


def currency_of(code: str) -> Currency:
    """The currency with an ISO 4217 code. Raises SettingsError if no shop can sell in it."""
    if code not in CURRENCIES:
        raise SettingsError(
            f"CURRENCY {code!r} is none that a shop can sell in; set it to a currency of ISO 4217"
            " such as USD, and to no fund, no metal and no code for tests."
        )
    return CURRENCIES[code]
