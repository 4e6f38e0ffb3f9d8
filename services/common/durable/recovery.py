"""The recovery worker: it takes the steps that are due, of every entity, for as long as it runs.

An entity's row is its to-do list. One function looks at the row and takes the next step; request
handlers and the worker both call it through this module, one at a time for each entity.
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from aiohttp import web

from client.backoff import Backoff

from ..core.background import running
from ..core.errors import OutcomeUnknown
from ..core.logs import logger
from ..storage.database import Database, DatabaseError
from ..storage.transition import StaleState
from ..web.idempotency import KeyedRequest
from ..web.idempotency_keys import find
from ..web.keys import DATABASE, DISCOVERY, SETTINGS, Resource
from ..web.responses import StoredResponse

EVERY_SECONDS = 1.0
BACKOFF = Backoff(0.2, 5.0)
"""Seconds before the next try for an entity whose peer gave no definite answer."""
GATHER_SECONDS = 0.03
"""How long the worker waits after a wake-up: what comes due meanwhile is found by the same look,
and its writes share a COMMIT.
"""
AT_ONCE = 16


class Inconclusive(Exception):
    """A peer gave no definite answer: nothing is settled, and the step is tried again later."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken: the entity's `row` as the step left it, and the final response, if the
    step has settled the entity and kept one for the keys that wait for it.
    """

    row: Any
    response: StoredResponse | None = None


Step = Callable[[str, Any], Awaitable[Taken | None]]
"""Takes the next step of an entity whose row was last seen so; None if it is to be read. Whatever
the step writes depends on the row's state, so a row that was seen too early does no harm. Returns
None if nothing is due. Raises Inconclusive, StaleState.
"""

Due = Callable[[sqlite3.Connection], Sequence[str]]
"""The entities with something due, those that have waited longest first."""


@dataclass(slots=True)
class _Progress:
    """How far an entity has come: its row as last seen, and the final response once it is kept."""

    row: Any = None
    response: StoredResponse | None = None


class Recovery:
    """Takes the steps of one kind of entity."""

    def __init__(self, database: Database, due: Due, step: Step) -> None:
        self._database = database
        self._due = due
        self._step = step
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._not_before: dict[str, tuple[float, int]] = {}  # entity: (monotonic time, failures)
        self._nudged = asyncio.Event()
        self._next_look = 0.0  # monotonic time

    def nudge(self) -> None:
        """Look for due steps soon, without any backoff: a peer may be there again."""
        self._not_before.clear()
        self._nudged.set()

    def wake(self) -> None:
        """Look for due steps within GATHER_SECONDS."""
        self._nudged.set()

    async def advance(
        self, entity: str, *, within: float, begun: Any = None
    ) -> StoredResponse | None:
        """Take an entity's steps until nothing is due, a peer gives no definite answer, or `within`
        seconds are over. The row says how far it came; the worker takes the other steps.

        `begun` is the row as the caller's own unit of work left it. Returns the final response, if
        it was one of these steps that settled the entity.
        """
        progress = _Progress(begun)
        try:
            async with asyncio.timeout(within):
                await self._advance(entity, progress)
        except (Inconclusive, TimeoutError, DatabaseError) as reason:
            logger.info(
                "left to the recovery worker", extra={"entity": entity, "reason": str(reason)}
            )
            self.wake()
        except Exception:  # what was begun is stored: the response comes from its row
            logger.exception("a step failed", extra={"entity": entity})
            self.wake()
        return progress.response

    async def run(self) -> None:
        """Take the due steps, every second and at each nudge, until cancelled."""
        busy: dict[str, asyncio.Task[None]] = {}
        room = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            while True:
                self._nudged.clear()
                for entity in await self._ready(busy):
                    busy[entity] = group.create_task(self._recover(entity, room))
                    busy[entity].add_done_callback(partial(_forget, busy, entity))
                pause = self._pause(busy)
                self._next_look = time.monotonic() + pause
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._nudged.wait()
                        await asyncio.sleep(GATHER_SECONDS)

    async def _ready(self, busy: dict[str, asyncio.Task[None]]) -> list[str]:
        try:
            due = await self._database.read(self._due)
        except DatabaseError as error:
            logger.error("cannot read which steps are due", extra={"reason": str(error)})
            return []
        now = time.monotonic()
        for entity in self._not_before.keys() - set(due):
            del self._not_before[entity]
        return [
            entity
            for entity in due
            if entity not in busy and self._not_before.get(entity, (0.0, 0))[0] <= now
        ]

    def _pause(self, busy: Collection[str]) -> float:
        """Seconds until the next look: EVERY_SECONDS, or less if a backoff ends earlier."""
        ready_at = (until for entity, (until, _) in self._not_before.items() if entity not in busy)
        return min(EVERY_SECONDS, max(min(ready_at, default=math.inf) - time.monotonic(), 0.01))

    async def _recover(self, entity: str, room: asyncio.Semaphore) -> None:
        async with room:
            try:
                await self._advance(entity, _Progress())
            except (Inconclusive, DatabaseError) as reason:
                self._back_off(entity, str(reason))
            except Exception:  # one entity's failure must not stop the others
                logger.exception("a step failed", extra={"entity": entity})
                self._back_off(entity, "unexpected failure")

    async def _advance(self, entity: str, progress: _Progress) -> None:
        lock = self._locks.setdefault(entity, asyncio.Lock())
        if lock.locked():  # whoever has it changes the row
            progress.row = None
        async with lock:
            while await self._take_step(entity, progress):
                self._not_before.pop(entity, None)

    async def _take_step(self, entity: str, progress: _Progress) -> bool:
        try:
            taken = await self._step(entity, progress.row)
        except StaleState:  # the answer came late: go on from the row's new state
            progress.row = None
            return True
        if taken is None:
            return False
        progress.row = taken.row
        progress.response = taken.response or progress.response
        return True

    def _back_off(self, entity: str, reason: str) -> None:
        failures = self._not_before.get(entity, (0.0, 0))[1] + 1
        until = time.monotonic() + BACKOFF.delay(failures)
        self._not_before[entity] = (until, failures)
        if until < self._next_look:
            self.wake()
        logger.info("not settled yet", extra={"entity": entity, "reason": reason})


def _forget(busy: dict[str, asyncio.Task[None]], entity: str, _task: asyncio.Task[None]) -> None:
    del busy[entity]


RECOVERY: web.AppKey[Recovery] = web.AppKey("recovery", Recovery)


async def advance_and_respond(
    request: web.Request,
    keyed: KeyedRequest,
    entity: str,
    current: Callable[[sqlite3.Connection], StoredResponse],
    *,
    begun: Any = None,
) -> web.Response:
    """Take the steps of what a request has begun, and respond: with the final response that is
    kept under its key, or else with the `current` one, which is made from the entity's row.

    `begun` is the row of an entity that this very request has begun. If its own steps settle it,
    the response that they have kept is the one, and nothing is read.

    Raises OutcomeUnknown if neither can be read: "nothing was done" would be wrong by now.
    """
    within = request.app[SETTINGS].advance_deadline
    settled = await request.app[RECOVERY].advance(entity, within=within, begun=begun)
    if begun is not None and settled is not None:
        return settled.to_web()

    def read(conn: sqlite3.Connection) -> StoredResponse:
        stored = find(conn, keyed.key) if keyed.key else None
        return current(conn) if stored is None or stored.response is None else stored.response

    try:
        return (await request.app[DATABASE].lookup(read)).to_web()
    except DatabaseError as error:
        raise OutcomeUnknown(f"Begun, and how it stands cannot be read now: {error}") from error


async def advance(request: web.Request, entity: str, *, within: float | None = None) -> None:
    """Take an entity's steps, for `within` seconds at most; for `advance_deadline` unless given."""
    await request.app[RECOVERY].advance(
        entity, within=within or request.app[SETTINGS].advance_deadline
    )


def recovery(
    make_due: Callable[[web.Application], Due], make_step: Callable[[web.Application], Step]
) -> Resource:
    """A cleanup context that keeps the worker running."""

    async def context(app: web.Application) -> AsyncIterator[None]:
        app[RECOVERY] = worker = Recovery(app[DATABASE], make_due(app), make_step(app))
        app[DISCOVERY].on_change(worker.nudge)
        async with running(worker.run, "recovery"):
            yield

    return context
