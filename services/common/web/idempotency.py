"""`Idempotency-Key`: the same key and request have one effect and one final response.

The response is kept in the service's own database, in the transaction of the effect itself. Which
requests are in flight is known only in memory, so that it cannot outlive the process.

The handler of an idempotent route gets a KeyedRequest. A request of one step runs its unit of work
with `run_once`, which keeps the response. A longer request runs its first step with `run`, in which
the unit of work calls `begin` to point the key to the entity; the step that settles the entity
calls `settle`, and a repeat of the request `resumes` the entity.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Concatenate, NoReturn, ParamSpec, TypeVar

import msgspec
from aiohttp import web

from ..core import wire
from ..core.errors import Invalid, Problem
from ..core.tracing import current_request_id
from ..storage.database import Database
from .idempotency_keys import IdempotencyKey, RequestInProgress, find, keep, require_unused
from .keys import DATABASE, PRINCIPAL
from .responses import StoredResponse

T = TypeVar("T")
P = ParamSpec("P")

LIVE_KEYS: web.AppKey[set[tuple[str, str, str, str]]] = web.AppKey("live_keys", set)


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request of an idempotent route: its key, if the caller gave one, and the entity that an
    earlier request with the key began and that is not settled yet.
    """

    key: IdempotencyKey | None
    resumes: str | None
    database: Database

    async def run(
        self,
        unit: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run one unit of work, and return what it returns.

        If it raises a final problem, its changes are undone, and the problem is kept under the key
        and raised here. Raises RequestInProgress.
        """
        key = self.key
        if key is None:
            return await self.database.write(unit, *args, **kwargs)
        request_id = current_request_id()

        def run_keyed(conn: sqlite3.Connection) -> T | Problem:
            require_unused(conn, key)
            conn.execute("SAVEPOINT keyed")
            try:
                result: T | Problem = unit(conn, *args, **kwargs)
            except Problem as problem:
                if not problem.is_final:
                    raise
                conn.execute("ROLLBACK TO keyed")
                keep(conn, key, StoredResponse.of_problem(problem, request_id))
                # Drop the frames: the open cursors in them would make the COMMIT fail.
                problem.__context__ = None
                result = problem.with_traceback(None)
            conn.execute("RELEASE keyed")
            return result

        result = await self.database.write(run_keyed)
        if isinstance(result, Problem):
            raise result
        return result

    async def run_once(
        self,
        render: Callable[[T], StoredResponse],
        unit: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> web.Response:
        """Run one unit of work, and keep its response in the same transaction. Raises as `run`."""

        def run_and_keep(conn: sqlite3.Connection) -> StoredResponse:
            response = render(unit(conn, *args, **kwargs))
            keep(conn, self.key, response)
            return response

        return (await self.run(run_and_keep)).to_web()

    async def reject(self, problem: Problem) -> NoReturn:
        """Raise a problem that came before any unit of work; keep a final one under the key."""
        key, response = self.key, StoredResponse.of_problem(problem, current_request_id())

        def keep_rejection(conn: sqlite3.Connection, key: IdempotencyKey) -> None:
            require_unused(conn, key)
            keep(conn, key, response)

        if key is not None and problem.is_final:
            await self.database.write(keep_rejection, key)
        raise problem


async def serve_keyed(
    request: web.Request,
    parameters: msgspec.Struct,
    handle: Callable[[KeyedRequest], Awaitable[web.StreamResponse]],
) -> web.StreamResponse:
    """Serve a request of an idempotent route: with what is kept under its key, or by its handler.

    Raises Invalid (`idempotency_key_reused`) for another request under the same key, and
    RequestInProgress.
    """
    database = request.app[DATABASE]
    key = _read_key(request, parameters)
    if key is None:
        return await handle(KeyedRequest(None, None, database))
    live = request.app[LIVE_KEYS]
    if key.identity in live:
        raise RequestInProgress
    live.add(key.identity)
    try:
        stored = await database.lookup(find, key)
        if stored is not None and not key.asks_the_same(stored):
            raise Invalid(
                "This Idempotency-Key was used for another request", code="idempotency_key_reused"
            )
        if stored is not None and stored.response is not None:
            return stored.response.to_web(replayed=True)
        resumes = stored.entity if stored else None
        return await handle(KeyedRequest(key, resumes, database))
    finally:
        live.discard(key.identity)


def _read_key(request: web.Request, parameters: msgspec.Struct) -> IdempotencyKey | None:
    text = request.headers.get("Idempotency-Key")
    if text is None:
        return None
    if not 1 <= len(text) <= 255 or not text.isascii() or not text.isprintable():
        raise Invalid("Idempotency-Key: 1 to 255 printable ASCII characters")
    return IdempotencyKey(
        request[PRINCIPAL].name,
        request.method,
        request.path,
        text,
        hashlib.sha256(wire.fingerprint_of(parameters)).hexdigest(),
        lambda: hashlib.sha256(wire.fingerprint_with_defaults(parameters)).hexdigest(),
    )
