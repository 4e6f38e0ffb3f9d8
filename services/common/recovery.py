"""The recovery worker: every entity with something due is taken to its next state, for good.

An entity's row is the to-do list. One function looks at the row and takes the next step; request
handlers and the worker both call it through here, one at a time for an entity.
"""

from __future__ import annotations

import asyncio
import math
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from weakref import WeakValueDictionary

from aiohttp import web

from .background import running
from .database import Database, DatabaseError
from .errors import OutcomeUnknown
from .idempotency import KEY, Answer, find
from .keys import DATABASE, DISCOVERY, SETTINGS
from .logs import logger

EVERY_SECONDS = 1.0
FIRST_BACKOFF = 0.2
LAST_BACKOFF = 5.0
AT_ONCE = 16


class NotKnown(Exception):
    """A peer gave no definite answer: nothing is settled, and the step is taken again later."""


Step = Callable[[str], Awaitable[bool]]
"""Takes an entity's next step. Returns whether it took one; raises NotKnown."""

Due = Callable[[sqlite3.Connection], Sequence[str]]
"""The entities with something due, the longest waiting first."""


class Recovery:
    """Takes the steps of one kind of entity."""

    def __init__(self, database: Database, due: Due, step: Step) -> None:
        self._database = database
        self._due = due
        self._step = step
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._not_before: dict[str, tuple[float, float]] = {}  # entity: (monotonic time, backoff)
        self._nudged = asyncio.Event()
        self._next_look = 0.0  # monotonic time

    def nudge(self) -> None:
        """Look for what is due now, also at what was backing off: a peer may be there again."""
        self._not_before.clear()
        self._nudged.set()

    def wake(self) -> None:
        """Look for what is due now."""
        self._nudged.set()

    async def advance(self, entity: str, *, within: float) -> None:
        """Take an entity's steps until nothing is due, a peer does not answer, or the time
        (seconds) is over. How far it came stands in the row; the worker does the rest.
        """
        try:
            async with asyncio.timeout(within):
                await self._advance(entity)
        except (NotKnown, TimeoutError, DatabaseError) as reason:
            logger.info("left to the worker", extra={"entity": entity, "reason": str(reason)})
            self.wake()
        except Exception:  # what was begun stands all the same, and its row has the answer
            logger.exception("a step failed", extra={"entity": entity})
            self.wake()

    async def run(self) -> None:
        """Take what is due, every second and at each nudge, for good."""
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

    async def _ready(self, busy: dict[str, asyncio.Task[None]]) -> list[str]:
        try:
            due = await self._database.read(self._due)
        except DatabaseError as error:
            logger.error("cannot look for what is due", extra={"reason": str(error)})
            return []
        now = time.monotonic()
        for entity in self._not_before.keys() - set(due):
            del self._not_before[entity]
        return [
            entity
            for entity in due
            if entity not in busy and self._not_before.get(entity, (0.0, 0.0))[0] <= now
        ]

    def _pause(self, busy: Collection[str]) -> float:
        """Seconds until the next look: a second, or until the first of those backing off."""
        ready_at = (until for entity, (until, _) in self._not_before.items() if entity not in busy)
        return min(EVERY_SECONDS, max(min(ready_at, default=math.inf) - time.monotonic(), 0.01))

    async def _recover(self, entity: str, room: asyncio.Semaphore) -> None:
        async with room:
            try:
                await self._advance(entity)
            except (NotKnown, DatabaseError) as reason:
                self._back_off(entity, str(reason))
            except Exception:  # one entity's failure must not end the work on the others
                logger.exception("a step failed", extra={"entity": entity})
                self._back_off(entity, "unexpected failure")

    async def _advance(self, entity: str) -> None:
        lock = self._locks.setdefault(entity, asyncio.Lock())
        async with lock:
            while await self._step(entity):
                self._not_before.pop(entity, None)

    def _back_off(self, entity: str, reason: str) -> None:
        _, last = self._not_before.get(entity, (0.0, 0.0))
        pause = min(last * 2, LAST_BACKOFF) or FIRST_BACKOFF
        until = time.monotonic() + pause * random.uniform(0.5, 1.0)  # noqa: S311  jitter
        self._not_before[entity] = (until, pause)
        if until < self._next_look:
            self.wake()
        logger.info("not settled yet", extra={"entity": entity, "reason": reason})


def _forget(busy: dict[str, asyncio.Task[None]], entity: str, _task: asyncio.Task[None]) -> None:
    del busy[entity]


RECOVERY: web.AppKey[Recovery] = web.AppKey("recovery", Recovery)


async def advance_and_answer(
    request: web.Request, entity: str, as_it_stands: Callable[[sqlite3.Connection], Answer]
) -> web.Response:
    """Take the steps of what a request has begun, and answer it: with the final answer that is
    kept under its key, or with what the entity's row says.

    Raises OutcomeUnknown where that cannot be read: by now it is not true that nothing was done.
    """
    within = request.app[SETTINGS].peer_deadline + 1.0
    await request.app[RECOVERY].advance(entity, within=within)
    key = request.get(KEY)

    def answer(conn: sqlite3.Connection) -> Answer:
        stored = find(conn, key) if key else None
        return as_it_stands(conn) if stored is None or stored.answer is None else stored.answer

    try:
        return (await request.app[DATABASE].read(answer)).response()
    except DatabaseError as error:
        raise OutcomeUnknown(f"Begun, and how it stands cannot be read now: {error}") from error


def recovery(
    make_due: Callable[[web.Application], Due], make_step: Callable[[web.Application], Step]
) -> Callable[[web.Application], AsyncIterator[None]]:
    """A cleanup context that keeps the worker running."""

    async def context(app: web.Application) -> AsyncIterator[None]:
        app[RECOVERY] = worker = Recovery(app[DATABASE], make_due(app), make_step(app))
        app[DISCOVERY].on_change(worker.nudge)
        async with running(worker.run, "recovery"):
            yield

    return context
