"""Money: whole cents inside, a JSON number in major units (`19.99`) at the edge, never a float."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Self

import msgspec

MAX_TOTAL = 100 * 1000 * 100_000_000
"""Cents: 100 lines of 1000 units at the highest price."""


class Money(int):
    """An amount in cents, from 0 to the largest total an order can have."""

    least: ClassVar[int] = 0
    most: ClassVar[int] = MAX_TOTAL

    @classmethod
    def parse(cls, number: object) -> Self:
        """Read a JSON number in major units.

        Raises ValueError for anything else: a string, a third decimal, a value out of bounds.
        """
        if isinstance(number, bool) or not isinstance(number, int | Decimal):
            raise ValueError("Expected a number")  # noqa: TRY004  msgspec wants a ValueError
        amount = Decimal(number)
        if amount.as_tuple().exponent < -2:  # type: ignore[operator]  # JSON has no NaN
            raise ValueError("Expected at most two decimals")
        if amount.adjusted() > 15:
            raise ValueError(f"Expected a number <= {decimal_text(cls.most)}")
        cents = int(amount.scaleb(2))
        if cents < cls.least:
            raise ValueError(f"Expected a number >= {decimal_text(cls.least)}")
        if cents > cls.most:
            raise ValueError(f"Expected a number <= {decimal_text(cls.most)}")
        return cls(cents)


class Price(Money):
    """What one unit costs, in cents: 0 to 1,000,000.00."""

    most = 100_000_000


class Amount(Money):
    """What is paid, in cents: at least 1."""

    least = 1


def decimal_text(cents: int) -> str:
    """`1999` as `19.99`."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def as_decimal(cents: int | None) -> Decimal | None:
    """Cents as they are sent to a peer: `1999` as `Decimal("19.99")`."""
    return None if cents is None else Decimal(cents).scaleb(-2)


def money_schema(kind: type[Money]) -> dict[str, Any]:
    """The JSON Schema of a money type (bounds in major units)."""
    return {
        "type": "number",
        "multipleOf": 0.01,
        "minimum": msgspec.Raw(decimal_text(kind.least).encode()),
        "maximum": msgspec.Raw(decimal_text(kind.most).encode()),
        "description": "Major units, at most two decimals.",
    }
