"""Keeps the keys of customers' tokens beside the shop's id, so that tokens are verified from the
start, also while the registry is away.
"""

from __future__ import annotations

import sqlite3

from ..core.token_keys import TokenKey, TokenKeys


def load_token_keys(conn: sqlite3.Connection) -> TokenKeys:
    """The keys that this database has; none before the first registration."""
    rows = conn.execute(
        "SELECT kid, secret, created_at FROM token_keys ORDER BY created_at, kid"
    ).fetchall()
    rules = conn.execute("SELECT longest_token, older_ended_at FROM token_rules").fetchone()
    return TokenKeys(
        keys=tuple(
            TokenKey(kid=row["kid"], secret=row["secret"], created_at=row["created_at"])
            for row in rows
        ),
        longest_token=rules["longest_token"] if rules else 0,
        older_ended_at=rules["older_ended_at"] if rules else None,
    )


def store_token_keys(conn: sqlite3.Connection, keys: TokenKeys) -> None:
    """Have these keys, and no others."""
    conn.execute("DELETE FROM token_keys")
    conn.executemany(
        "INSERT INTO token_keys (kid, secret, created_at) VALUES (?, ?, ?)",
        [(key.kid, key.secret, key.created_at) for key in keys.keys],
    )
    conn.execute("DELETE FROM token_rules")
    conn.execute(
        "INSERT INTO token_rules (longest_token, older_ended_at) VALUES (?, ?)",
        (keys.longest_token, keys.older_ended_at),
    )


def merge_token_keys(conn: sqlite3.Connection, keys: TokenKeys, now: str) -> TokenKeys:
    """Add these keys to those that are there, without the ones that have ended by `now`; returns
    what is there then.
    """
    kept = load_token_keys(conn)
    merged = kept.merged(keys).without_ended(now)
    if merged != kept:
        store_token_keys(conn, merged)
    return merged
