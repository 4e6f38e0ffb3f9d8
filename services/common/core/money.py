"""Money: integers of a currency's smallest unit inside, a JSON number in major units (`19.99`) at
the edge, never a float.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any, ClassVar, Self

import msgspec

from .currency import Currency


class Money(int):
    """An amount in the smallest unit of its currency, from 0 to the largest total: 10^15, which is
    100 lines of 1000 units at the highest price.
    """

    least: ClassVar[int] = 0
    most: ClassVar[int] = 10**15
    currency: Currency

    def __new__(cls, minor: int, currency: Currency) -> Self:
        """So many of the smallest unit of a currency."""
        money = super().__new__(cls, minor)
        money.currency = currency
        return money

    @classmethod
    def parse(cls, number: object, currency: Currency) -> Self:
        """Read a JSON number in major units.

        Raises ValueError for anything else: a string, a part of the smallest unit, a value out of
        bounds.
        """
        if isinstance(number, bool) or not isinstance(number, int | Decimal):
            raise ValueError("Expected a number")  # noqa: TRY004  msgspec wants a ValueError
        amount = Decimal(number)
        least, most = _bounds(cls.least, cls.most, currency.decimals)
        if amount < least:
            raise ValueError(f"Expected a number >= {currency.text(cls.least)}")
        if amount > most:
            raise ValueError(f"Expected a number <= {currency.text(cls.most)}")
        minor = int(amount.scaleb(currency.decimals))
        if currency.major(minor) != amount:
            raise ValueError(f"Expected {_decimals(currency)}")
        return cls(minor, currency)

    @property
    def text(self) -> str:
        """In major units, with all decimals: `19.99`."""
        return self.currency.text(self)


class Price(Money):
    """What one unit costs: up to 10^10 of the smallest unit."""

    most = 10**10


class Amount(Money):
    """What is paid: at least 1 of the smallest unit."""

    least = 1


class OwnCurrency(str):
    """The code of the shop's own currency, in a peer's answer. Amounts beside another one would be
    read as if they were of this.
    """

    @classmethod
    def parse(cls, code: object, currency: Currency) -> Self:
        """Read a code. Raises ValueError for any other than that of `currency`."""
        if code != currency.code:
            raise ValueError(
                f"Expected {currency.code}, the currency of this shop, got {code!r:.20}"
            )
        return cls(code)


@cache
def _bounds(least: int, most: int, decimals: int) -> tuple[Decimal, Decimal]:
    """The bounds of a money type in major units of a currency with so many decimals."""
    return Decimal(least).scaleb(-decimals), Decimal(most).scaleb(-decimals)


def money_schema(kind: type[Money], currency: Currency) -> dict[str, Any]:
    """The JSON Schema of a money type in a currency (bounds in major units)."""
    least, smallest, most = (
        msgspec.Raw(currency.text(minor).encode()) for minor in (kind.least, 1, kind.most)
    )
    return {
        "type": "number",
        "multipleOf": smallest,
        "minimum": least,
        "maximum": most,
        "description": f"Major units of {currency.code}, {_decimals(currency)}.",
    }


def _decimals(currency: Currency) -> str:
    many = ("no decimals", "one decimal", "two decimals", "three decimals", "four decimals")
    return f"{'at most ' if currency.decimals else ''}{many[currency.decimals]}"
