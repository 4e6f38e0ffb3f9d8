"""The registry's file: what outlives its process, in SQL as functions on a connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple

from services.common import wire
from services.common.belonging import load_shop, store_shop

from .model import Event, Name, Registration, Standing

MOST_EVENTS = 10_000
"""Events that are kept: the newest."""


def open_shop(conn: sqlite3.Connection, new_id: str) -> str:
    """The id of the shop, which is `new_id` if it has none yet."""
    shop = load_shop(conn)
    if shop is None:
        store_shop(conn, new_id)
    return shop or new_id


def save(conn: sqlite3.Connection, standings: Iterable[Standing], events: Iterable[Event]) -> None:
    """Store how instances stand now, and what happened."""
    standings = list(standings)
    conn.executemany(
        "DELETE FROM registrations WHERE service = ? AND instance_id = ?",
        [standing.name for standing in standings],
    )
    conn.executemany(
        "INSERT INTO registrations (service, instance_id, url, lease, version, meta, ttl, draining,"
        " registered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(standing.registration) for standing in standings if standing.registration],
    )
    for standing in standings:
        if standing.drained:
            conn.execute("INSERT INTO drained VALUES (?, ?) ON CONFLICT DO NOTHING", standing.name)
        else:
            conn.execute("DELETE FROM drained WHERE service = ? AND instance_id = ?", standing.name)
    conn.executemany(
        "INSERT INTO history (what, service, instance_id, at, detail) VALUES (?, ?, ?, ?, ?)",
        [astuple(event) for event in events],
    )
    conn.execute(
        "DELETE FROM history WHERE id <= (SELECT max(id) FROM history) - ?", (MOST_EVENTS,)
    )


def load(conn: sqlite3.Connection) -> tuple[list[Registration], set[Name]]:
    """Every registration, and whom the operator drained."""
    rows = conn.execute("SELECT * FROM registrations ORDER BY service, instance_id")
    registrations = [
        Registration(
            service=row["service"],
            instance_id=row["instance_id"],
            url=row["url"],
            lease=row["lease"],
            registered_at=row["registered_at"],
            version=row["version"],
            meta=wire.parse_json(row["meta"]),
            ttl=row["ttl"],
            draining=bool(row["draining"]),
        )
        for row in rows
    ]
    drained = conn.execute("SELECT service, instance_id FROM drained")
    return registrations, {(service, instance_id) for service, instance_id in drained}


def list_history(
    conn: sqlite3.Connection, limit: int, after: int | None = None
) -> tuple[list[Event], int | None]:
    """One page of what happened, newest first, and the `after` of the next if there is one."""
    rows = conn.execute(
        "SELECT id, what, service, instance_id, at, detail FROM history WHERE id < ?"
        " ORDER BY id DESC LIMIT ?",
        (2**63 - 1 if after is None else after, limit + 1),
    ).fetchall()
    events = [Event(*tuple(row)[1:]) for row in rows[:limit]]
    return events, rows[limit - 1]["id"] if len(rows) > limit else None


def _row(registration: Registration) -> tuple[object, ...]:
    return (
        registration.service,
        registration.instance_id,
        registration.url,
        registration.lease,
        registration.version,
        wire.encode(registration.meta).decode(),
        registration.ttl,
        registration.draining,
        registration.registered_at,
    )
