"""What a service's data belongs to: which shop, and in which currency its money is."""

from __future__ import annotations

import sqlite3

from .settings import SettingsError

SCHEMA = """
CREATE TABLE shop (id TEXT NOT NULL) STRICT;            -- known before the registry is there
CREATE TABLE opened_in (currency TEXT NOT NULL) STRICT;
"""


def load_shop(conn: sqlite3.Connection) -> str | None:
    """The shop that this database belongs to, if it has been told."""
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
