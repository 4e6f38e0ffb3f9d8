"""What is written and looked for: rows whose content follows from their number and version."""

from __future__ import annotations

import random
import sqlite3
from functools import cache

SCHEMA = """
CREATE TABLE rows (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE changes (id INTEGER, version INTEGER, PRIMARY KEY (id, version)) STRICT, WITHOUT ROWID;
"""

Versions = dict[int, int]
"""The newest version of each row, one that was deleted included."""


class AlreadyDone(Exception):
    """A rejection: somebody else has made this change. What it rests on is to be durable, too."""


@cache
def content(row: int, version: int) -> bytes | None:
    """What the row holds in that version, from a few bytes to some pages; None if it is gone."""
    rng = random.Random(f"{row}/{version}")
    if version > 1 and rng.random() < 0.25:
        return None
    return rng.randbytes(rng.choice((20, 100, 100, 500, 2000, 9000)))


def change(conn: sqlite3.Connection, row: int, version: int) -> None:
    """A unit of work that brings the row to that version, in two tables. Raises AlreadyDone."""
    made = conn.execute(
        "INSERT INTO changes (id, version) VALUES (?, ?) ON CONFLICT DO NOTHING", (row, version)
    )
    if not made.rowcount:
        raise AlreadyDone
    body = content(row, version)
    if body is None:
        conn.execute("DELETE FROM rows WHERE id = ?", (row,))
    else:
        conn.execute(
            "INSERT OR REPLACE INTO rows (id, version, body) VALUES (?, ?, ?)", (row, version, body)
        )


def newest(conn: sqlite3.Connection) -> Versions:
    """A query for what anybody can read now."""
    return dict(conn.execute("SELECT id, max(version) FROM changes GROUP BY id").fetchall())


def lost(found: Versions, heard: Versions) -> list[str]:
    """Those that somebody has heard of, and that are not there, or only in an older version."""
    return [
        f"row {row} is version {found.get(row, 0)}, {version} was acknowledged"
        for row, version in heard.items()
        if found.get(row, 0) < version
    ]


def damage(conn: sqlite3.Connection) -> list[str]:
    """A query for what is not whole: the file, or a change of which only a part is there."""
    findings = [row[0] for row in conn.execute("PRAGMA integrity_check") if row[0] != "ok"]
    stored = {row: (version, body) for row, version, body in conn.execute("SELECT * FROM rows")}
    counts = conn.execute("SELECT id, max(version), count(*) FROM changes GROUP BY id").fetchall()
    for row, version, count in counts:
        body = content(row, version)
        if count != version:
            findings.append(f"row {row} has {count} changes at version {version}")
        if stored.pop(row, None) != (None if body is None else (version, body)):
            findings.append(f"row {row} is not what version {version} made of it")
    findings += [f"row {row} is there without a change" for row in stored]
    return findings
