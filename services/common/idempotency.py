"""`Idempotency-Key`: the same key and request have one effect and one final answer.

The answer is kept in the service's own database, in the transaction of the effect itself. What is
being worked on is known from memory alone, so that it cannot outlive the process.

A request of one step runs through `once`. A request that begins something longer runs its first
step through `attempt` and stores its key there with `begin`, pointing to its entity; whatever
settles the entity calls `settle`.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar

import msgspec
from aiohttp import web

from . import wire
from .clock import hours_before, utc_now
from .errors import Conflict, Invalid, Problem
from .keys import DATABASE, PRINCIPAL
from .tracing import current_request_id

T = TypeVar("T")
P = ParamSpec("P")

LIFETIME_HOURS = 48

SCHEMA = """
CREATE TABLE idempotency_keys (
    principal   TEXT NOT NULL,
    method      TEXT NOT NULL,
    path        TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    entity      TEXT,             -- what the request began, when it takes more than one step
    success     INTEGER,          -- the status that its success is answered with
    status      INTEGER,          -- NULL until there is a final answer
    headers     TEXT,
    body        BLOB,
    created_at  TEXT NOT NULL,
    PRIMARY KEY (principal, method, path, key),
    CHECK ((status IS NULL) = (body IS NULL) AND (status IS NULL) = (headers IS NULL)),
    CHECK (status IS NOT NULL OR (entity IS NOT NULL AND success IS NOT NULL))
) STRICT;
CREATE INDEX idempotency_keys_unsettled ON idempotency_keys (entity) WHERE status IS NULL;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
"""


@dataclass(frozen=True, slots=True)
class Key:
    """One principal's key for one method and path, and what the request asked for."""

    principal: str
    method: str
    path: str
    key: str
    fingerprint: str

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """Which key this is, whatever was asked."""
        return (self.principal, self.method, self.path, self.key)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response that can be kept: status, JSON body as bytes, and headers of its own."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
        """The JSON of `value`."""
        return cls(status, wire.encode(value), headers or {})

    @classmethod
    def refusal(cls, problem: Problem, request_id: str) -> Answer:
        """The problem document of a refusal."""
        return cls(problem.status, wire.encode(problem.body(request_id)), problem.headers)

    def response(self, *, replayed: bool = False) -> web.Response:
        """As it goes out."""
        media = "application/json" if self.status < 400 else "application/problem+json"
        headers = {**self.headers, "Content-Type": media}
        if replayed:
            headers["Idempotent-Replayed"] = "true"
        return web.Response(status=self.status, body=self.body, headers=headers)


@dataclass(frozen=True, slots=True)
class Stored:
    """What is known of a key: its entity while it is under way, its answer once it is final."""

    fingerprint: str
    entity: str | None
    answer: Answer | None


KEY: web.RequestKey[Key] = web.RequestKey("idempotency_key", Key)
BEGUN: web.RequestKey[str] = web.RequestKey("begun_entity", str)
"""The entity that an earlier request with this key began, and that is not settled yet."""
LIVE_KEYS: web.AppKey[set[tuple[str, str, str, str]]] = web.AppKey("live_keys", set)


class RequestInProgress(Conflict):
    """The first request with this key is still being worked on."""

    code = "request_in_progress"

    def __init__(self) -> None:
        super().__init__(
            "A request with this Idempotency-Key is being worked on",
            headers={"Retry-After": "1"},
            passing=True,
        )


async def with_key(
    request: web.Request,
    parameters: msgspec.Struct,
    handler: Callable[[web.Request, Any], Awaitable[web.StreamResponse]],
) -> web.StreamResponse:
    """Serve a request under its `Idempotency-Key`, if it has one.

    Raises Invalid (`idempotency_key_reused`) for another request under the same key, and
    RequestInProgress.
    """
    key = _read_key(request, parameters)
    if key is None:
        return await handler(request, parameters)
    live = request.app[LIVE_KEYS]
    if key.identity in live:
        raise RequestInProgress
    live.add(key.identity)
    try:
        stored = await request.app[DATABASE].read(find, key)
        if stored is not None:
            if stored.fingerprint != key.fingerprint:
                raise Invalid(
                    "This Idempotency-Key was used for another request",
                    code="idempotency_key_reused",
                )
            if stored.answer is not None:
                return stored.answer.response(replayed=True)
            if stored.entity is not None:
                request[BEGUN] = stored.entity
        request[KEY] = key
        return await handler(request, parameters)
    finally:
        live.discard(key.identity)


async def attempt(
    request: web.Request,
    unit: Callable[Concatenate[sqlite3.Connection, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T | Answer:
    """Run one unit of work; under a key, a refusal of the thing itself is kept, with the unit's
    own changes undone, and returned as the answer. Without a key it is raised.
    """
    key = request.get(KEY)
    request_id = current_request_id()

    def run(conn: sqlite3.Connection) -> T | Answer:
        if key is None:
            return unit(conn, *args, **kwargs)
        if find(conn, key) is not None:
            # The first request ran into its deadline, and has been through since this one looked.
            raise RequestInProgress
        conn.execute("SAVEPOINT attempt")
        try:
            result: T | Answer = unit(conn, *args, **kwargs)
        except Problem as problem:
            if not problem.final:
                raise
            conn.execute("ROLLBACK TO attempt")
            result = Answer.refusal(problem, request_id)
            keep(conn, key, result)
        conn.execute("RELEASE attempt")
        return result

    return await request.app[DATABASE].write(run)


async def once(
    request: web.Request,
    render: Callable[[T], Answer],
    unit: Callable[Concatenate[sqlite3.Connection, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> web.Response:
    """Run one unit of work, and keep its answer under the request's key in the same transaction."""
    key = request.get(KEY)

    def rendered(conn: sqlite3.Connection) -> Answer:
        answer = render(unit(conn, *args, **kwargs))
        keep(conn, key, answer)
        return answer

    answer = await attempt(request, rendered)
    return answer.response()


def find(conn: sqlite3.Connection, key: Key) -> Stored | None:
    """What is stored under a key."""
    row = conn.execute(
        "SELECT fingerprint, entity, status, headers, body FROM idempotency_keys"
        " WHERE principal = ? AND method = ? AND path = ? AND key = ?",
        key.identity,
    ).fetchone()
    if row is None:
        return None
    answer = None
    if row["status"] is not None:
        answer = Answer(row["status"], row["body"], msgspec.json.decode(row["headers"]))
    return Stored(row["fingerprint"], row["entity"], answer)


def keep(conn: sqlite3.Connection, key: Key | None, answer: Answer) -> None:
    """Store the final answer of a request of one step."""
    if key is None:
        return
    conn.execute(
        "INSERT INTO idempotency_keys"
        " (principal, method, path, key, fingerprint, status, headers, body, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*key.identity, key.fingerprint, answer.status, _headers(answer), answer.body, utc_now()),
    )


def begin(conn: sqlite3.Connection, key: Key | None, entity: str, *, success: int) -> None:
    """Point a key to the entity that its request began; `success` is the status it hopes for."""
    if key is None:
        return
    conn.execute(
        "INSERT INTO idempotency_keys"
        " (principal, method, path, key, fingerprint, entity, success, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*key.identity, key.fingerprint, entity, success, utc_now()),
    )


def settle(conn: sqlite3.Connection, entity: str, answer: Callable[[int], Answer]) -> None:
    """Store the final answer under every key that waits for `entity`.

    `answer` is given the status that a success has for that key.
    """
    hopes = conn.execute(
        "SELECT DISTINCT success FROM idempotency_keys WHERE entity = ? AND status IS NULL",
        (entity,),
    ).fetchall()
    for (success,) in hopes:
        final = answer(success)
        conn.execute(
            "UPDATE idempotency_keys SET status = ?, headers = ?, body = ?"
            " WHERE entity = ? AND success = ? AND status IS NULL",
            (final.status, _headers(final), final.body, entity, success),
        )


def forget_old_keys(conn: sqlite3.Connection, now: str) -> int:
    """Delete final answers older than their lifetime; returns how many went."""
    return conn.execute(
        "DELETE FROM idempotency_keys WHERE created_at < ? AND status IS NOT NULL",
        (hours_before(now, LIFETIME_HOURS),),
    ).rowcount


def _read_key(request: web.Request, parameters: msgspec.Struct) -> Key | None:
    text = request.headers.get("Idempotency-Key")
    if text is None:
        return None
    if not 1 <= len(text) <= 255 or not text.isascii() or not text.isprintable():
        raise Invalid("Idempotency-Key: 1 to 255 printable ASCII characters")
    fingerprint = hashlib.sha256(wire.fingerprint_of(parameters)).hexdigest()
    return Key(request[PRINCIPAL].name, request.method, request.path, text, fingerprint)


def _headers(answer: Answer) -> str:
    return msgspec.json.encode(answer.headers).decode()
