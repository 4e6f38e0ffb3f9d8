"""Reads and writes the registry's data in SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple

from services.common.core import wire
from services.common.core.token_keys import TokenKeys, new_key, new_kid
from services.common.storage.shop_identity import load_shop, store_shop
from services.common.storage.token_keys import merge_token_keys
from services.common.web.paging import fill_page

from .model import Event, InstanceRecord, Name, Registration

MAX_EVENTS = 10_000
"""How many events are kept: the newest ones."""


def open_shop(conn: sqlite3.Connection, new_id: str) -> str:
    """The id of the shop; a new shop gets `new_id`."""
    shop = load_shop(conn)
    if shop is None:
        store_shop(conn, new_id)
    return shop or new_id


def open_token_keys(conn: sqlite3.Connection, now: str) -> TokenKeys:
    """The keys that tokens are signed with; the first is made `now` if there is none yet."""
    keys = merge_token_keys(conn, TokenKeys(), now)
    if not keys.keys:
        keys = merge_token_keys(conn, TokenKeys(keys=(new_key(new_kid(), now=now),)), now)
    return keys


def save(
    conn: sqlite3.Connection, records: Iterable[InstanceRecord], events: Iterable[Event]
) -> None:
    """Store the state of instances, and events."""
    records = list(records)
    conn.executemany(
        "DELETE FROM registrations WHERE service = ? AND instance_id = ?",
        [record.name for record in records],
    )
    conn.executemany(
        "INSERT INTO registrations (service, instance_id, url, lease, version, meta, ttl, draining,"
        " registered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [_row(record.registration) for record in records if record.registration],
    )
    for record in records:
        if record.drained:
            conn.execute("INSERT INTO drained VALUES (?, ?) ON CONFLICT DO NOTHING", record.name)
        else:
            conn.execute("DELETE FROM drained WHERE service = ? AND instance_id = ?", record.name)
    conn.executemany(
        "INSERT INTO history (what, service, instance_id, at, detail) VALUES (?, ?, ?, ?, ?)",
        [astuple(event) for event in events],
    )
    conn.execute("DELETE FROM history WHERE id <= (SELECT max(id) FROM history) - ?", (MAX_EVENTS,))


def load(conn: sqlite3.Connection) -> tuple[list[Registration], set[Name]]:
    """Every registration, and the names of the instances that the operator has drained."""
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
    """One page of events, newest first, and the `after` of the next page if there is one."""
    rows = conn.execute(
        "SELECT id, what, service, instance_id, at, detail FROM history WHERE id < ?"
        " ORDER BY id DESC LIMIT ?",
        (2**63 - 1 if after is None else after, limit + 1),
    )
    events, last = fill_page(rows, limit, lambda row: Event(*tuple(row)[1:]))
    return events, None if last is None else last["id"]


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
