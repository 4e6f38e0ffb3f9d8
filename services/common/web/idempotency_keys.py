"""Idempotency keys in SQL: what a key is, and what is stored under it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from ..core.clock import hours_before, utc_now
from ..core.errors import Conflict
from .responses import StoredResponse

LIFETIME_HOURS = 48
CREATED, FOUND = 201, 200


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A principal's key for one method and path, with a fingerprint of the parameters."""

    principal: str
    method: str
    path: str
    key: str
    fingerprint: str
    older_fingerprint: Callable[[], str] = str
    """Makes it as release 0.1.0 did, whose keys may still be stored."""

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """Which key this is, without what the request asked for."""
        return (self.principal, self.method, self.path, self.key)

    def asks_the_same(self, stored: StoredKey) -> bool:
        """Whether this request is the one that was stored under the key."""
        return stored.fingerprint == self.fingerprint or (
            stored.fingerprint == self.older_fingerprint()
        )


@dataclass(frozen=True, slots=True)
class StoredKey:
    """What is stored under a key: its entity while it is in flight, then its final response."""

    fingerprint: str
    entity: str | None
    response: StoredResponse | None


class RequestInProgress(Conflict):
    """The first request with this key is still being worked on."""

    code = "request_in_progress"

    def __init__(self) -> None:
        super().__init__(
            "A request with this Idempotency-Key is being worked on",
            headers={"Retry-After": "1"},
            transient=True,
        )


def find(conn: sqlite3.Connection, key: IdempotencyKey) -> StoredKey | None:
    """What is stored under a key; None if it is new."""
    row = conn.execute(
        "SELECT fingerprint, entity, status, headers, body FROM idempotency_keys"
        " WHERE principal = ? AND method = ? AND path = ? AND key = ?",
        key.identity,
    ).fetchone()
    if row is None:
        return None
    response = None
    if row["status"] is not None:
        response = StoredResponse(row["status"], row["body"], msgspec.json.decode(row["headers"]))
    return StoredKey(row["fingerprint"], row["entity"], response)


def require_unused(conn: sqlite3.Connection, key: IdempotencyKey) -> None:
    """Raise RequestInProgress if the key is stored by now. An earlier request with it, which was
    cut off by its deadline, may be committed after the current one has looked.
    """
    if find(conn, key) is not None:
        raise RequestInProgress


def keep(conn: sqlite3.Connection, key: IdempotencyKey | None, response: StoredResponse) -> None:
    """Store the final response of a request of one step."""
    if key is None:
        return
    conn.execute(
        "INSERT INTO idempotency_keys"
        " (principal, method, path, key, fingerprint, status, headers, body, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *key.identity,
            key.fingerprint,
            response.status,
            _headers(response),
            response.body,
            utc_now(),
        ),
    )


def begin(
    conn: sqlite3.Connection, key: IdempotencyKey | None, entity: str, *, created: bool = False
) -> None:
    """Point a key to the entity that its request began.

    The success will be 201 if the request `created` the entity, else 200.
    """
    if key is None:
        return
    conn.execute(
        "INSERT INTO idempotency_keys"
        " (principal, method, path, key, fingerprint, entity, success, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*key.identity, key.fingerprint, entity, CREATED if created else FOUND, utc_now()),
    )


def settle(conn: sqlite3.Connection, entity: str, response: StoredResponse) -> None:
    """Store the final response under every key that waits for `entity`; a success gets the status
    that `begin` chose for the key.
    """
    conn.execute(
        "UPDATE idempotency_keys SET status = CASE WHEN ? THEN success ELSE ? END,"
        " headers = ?, body = ? WHERE entity = ? AND status IS NULL",
        (response.is_success, response.status, _headers(response), response.body, entity),
    )


def forget_old_keys(conn: sqlite3.Connection, now: str, limit: int) -> int:
    """Delete final responses older than LIFETIME_HOURS, up to `limit`; returns how many."""
    return conn.execute(
        "DELETE FROM idempotency_keys WHERE rowid IN (SELECT rowid FROM idempotency_keys"
        " INDEXED BY idempotency_keys_by_age"
        " WHERE created_at < ? AND status IS NOT NULL ORDER BY created_at LIMIT ?)",
        (hours_before(now, LIFETIME_HOURS), limit),
    ).rowcount


def _headers(response: StoredResponse) -> str:
    return msgspec.json.encode(response.headers).decode()
