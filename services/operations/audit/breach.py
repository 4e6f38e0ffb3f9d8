"""What an audit finds: one row that breaks a promise of services/README.md."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from services.common.core.currency import CURRENCIES, Currency


@dataclass(frozen=True, slots=True)
class Breach:
    """A row of a service's database: `what` of it is wrong, its value, and the right value."""

    service: str
    row: str
    what: str
    found: str
    expected: str

    @property
    def place(self) -> tuple[str, str, str]:
        """Identifies the same breach at a later look, when its numbers may have changed."""
        return (self.service, self.row, self.what)

    def __str__(self) -> str:
        return f"{self.row}: {self.what} is {self.found}, and should be {self.expected}"


def order_breach(row: sqlite3.Row, what: str, found: str, expected: str) -> Breach:
    """A breach of the order whose `order_id` is in `row`."""
    return Breach("order", f"order {row['order_id']}", what, found, expected)


def amount_text(minor: int, code: str) -> str:
    """An amount as `19.99`. In a row whose currency is wrong, it is taken to have no decimals."""
    return CURRENCIES.get(code, Currency(code, 0)).text(minor)
