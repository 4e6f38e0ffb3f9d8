"""What a service's data belongs to: which shop, and in which currency its money is."""

from __future__ import annotations

import sqlite3

from ..core.arguments import SettingsError
from ..core.currency import CURRENCIES, Currency

_DECIMALS_BEFORE = 2
"""How many decimals the amounts of any currency had in a release that did not store it."""


def load_shop(conn: sqlite3.Connection) -> str | None:
    """The id of the shop that this database belongs to; None if it is not known yet."""
    row = conn.execute("SELECT id FROM shop").fetchone()
    return row["id"] if row else None


def store_shop(conn: sqlite3.Connection, shop: str) -> None:
    """Remember the shop that this database belongs to."""
    conn.execute("DELETE FROM shop")
    conn.execute("INSERT INTO shop (id) VALUES (?)", (shop,))


def opened_currency(conn: sqlite3.Connection) -> Currency | None:
    """The currency that this database was opened in, also by an older release; None before the
    first start. Raises SettingsError for one that this release cannot keep its amounts in.
    """
    columns = {row[1] for row in conn.execute("PRAGMA table_info (opened_in)")}
    decimals = "decimals" if "decimals" in columns else str(_DECIMALS_BEFORE)
    query = f"SELECT currency, {decimals} FROM opened_in"  # noqa: S608  our own name
    row = conn.execute(query).fetchone() if columns else None
    if row is None:
        return None
    code, kept_with = row
    currency = CURRENCIES.get(code)
    if currency is None:
        wrong = "in which no shop can sell now"
    elif currency.decimals != kept_with:
        wrong = f"whose amounts were kept with {kept_with} decimals, and ISO 4217 gives it"
        wrong += f" {currency.decimals}"
    else:
        return currency
    raise SettingsError(
        f"This shop was opened in {code}, {wrong}: go on with the release that opened it, or give"
        " another --data-dir."
    )


def require_currency(conn: sqlite3.Connection, currency: Currency) -> Currency | None:
    """The currency that a database was opened in; None before the first start. Raises SettingsError
    if it is another one: amounts of the one would become amounts of the other.
    """
    opened = opened_currency(conn)
    if opened not in (None, currency):
        raise SettingsError(
            f"This shop was opened in {opened.code}, and CURRENCY is {currency.code}; set it back,"
            " or give another --data-dir."
        )
    return opened


def remember_currency(conn: sqlite3.Connection, currency: Currency) -> None:
    """Remember the currency at the first start."""
    conn.execute(
        "INSERT INTO opened_in (currency, decimals)"
        " SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM opened_in)",
        (currency.code, currency.decimals),
    )
