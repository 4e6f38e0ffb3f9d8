"""What a service's data belongs to: which shop, and in which currency its money is."""

from __future__ import annotations

import sqlite3

from ..core.arguments import SettingsError


def load_shop(conn: sqlite3.Connection) -> str | None:
    """The id of the shop that this database belongs to; None if it is not known yet."""
    row = conn.execute("SELECT id FROM shop").fetchone()
    return row["id"] if row else None


def store_shop(conn: sqlite3.Connection, shop: str) -> None:
    """Remember the shop that this database belongs to."""
    conn.execute("DELETE FROM shop")
    conn.execute("INSERT INTO shop (id) VALUES (?)", (shop,))


def keep_to_currency(conn: sqlite3.Connection, currency: str) -> None:
    """Remember the currency at the first start. Raises SettingsError for another one later: cents
    of the one would become cents of the other.
    """
    row = conn.execute("SELECT currency FROM opened_in").fetchone()
    if row is None:
        conn.execute("INSERT INTO opened_in (currency) VALUES (?)", (currency,))
    elif row["currency"] != currency:
        raise SettingsError(
            f"This shop was opened in {row['currency']}, and CURRENCY is {currency}; set it back,"
            " or give another --data-dir."
        )
