"""The running registry: the lease table, its file, and everybody who watches it.

It goes on from memory when its disk fails: who is where can be told without it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import aiohttp

from services.common.database import Database, DatabaseError
from services.common.logs import logger

from . import store
from .leases import LeaseTable
from .model import Changes, Event, Instance, Name, UnknownInstance

PROBE_SECONDS = 1.0
STREAM_BACKLOG = 1000
"""Events that may wait for one slow reader; past it the reader's stream ends."""

Stream = asyncio.Queue[Event | None]
"""Events as they happen; None is the end."""


class Board:
    """What the registry knows, kept and told."""

    def __init__(
        self, table: LeaseTable, database: Database, shop: str, session: aiohttp.ClientSession
    ) -> None:
        self.table = table
        self.shop = shop
        self._database = database
        self._session = session
        self._changed = asyncio.Event()
        self._streams: set[Stream] = set()
        self._looking: set[Name] = set()
        self._ended = False

    async def record(self, events: list[Event], *, must_last: bool = False) -> None:
        """Tell everybody who watches what happened, and store how it stands now.

        Raises DatabaseError only if it `must_last` and cannot be stored.
        """
        if not events:
            return
        self._changed.set()
        self._changed = asyncio.Event()
        for event in events:
            self._publish(event)
        try:
            await self._database.write(store.save, self.table.standings(events), events)
        except DatabaseError as error:
            if must_last:
                raise
            logger.error("going on from memory", extra={"reason": str(error)})

    async def changes(self, epoch: str | None, index: int, wait: float) -> Changes:
        """What changed after `index`, as soon as there is something, or after `wait` seconds."""
        changes = self.table.changed_since(epoch, index, now=time.monotonic())
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                while not (changes.services or changes.reset or self._ended):
                    await self._changed.wait()
                    changes = self.table.changed_since(epoch, index, now=time.monotonic())
        return changes

    async def expire(self) -> None:
        """Do what time brings about, when it does, for good."""
        while True:
            deadline = self.table.next_deadline()
            pause = 1.0 if deadline is None else deadline - time.monotonic()
            # At least now and then: a registration in the meantime can bring an earlier deadline.
            await asyncio.sleep(min(max(pause, 0.01), 1.0))
            await self.record(self.table.expire(now=time.monotonic()))

    async def look(self, instance: Instance, report: str) -> None:
        """Somebody could not reach an instance: see whether it answers, and doubt it if not."""
        name = (instance.service, instance.instance_id)
        if name in self._looking:
            return
        self._looking.add(name)
        try:
            async with self._session.get(
                f"{instance.url}/livez",
                timeout=aiohttp.ClientTimeout(total=PROBE_SECONDS),
                allow_redirects=False,
            ) as answer:
                alive = answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            alive = False
        finally:
            self._looking.discard(name)
        if not alive:
            why = f"does not answer; reported: {report}"
            with suppress(UnknownInstance):
                await self.record(self.table.suspect(*name, why, now=time.monotonic()))

    @contextmanager
    def stream(self) -> Iterator[Stream]:
        """Events from now on."""
        stream: Stream = asyncio.Queue(STREAM_BACKLOG + 1)
        if self._ended:
            stream.put_nowait(None)
        self._streams.add(stream)
        try:
            yield stream
        finally:
            self._streams.discard(stream)

    def end(self) -> None:
        """Let everybody who waits go: the registry is stopping."""
        self._ended = True
        self._changed.set()
        for stream in list(self._streams):
            self._end_stream(stream)

    def _publish(self, event: Event) -> None:
        for stream in list(self._streams):
            if stream.qsize() < STREAM_BACKLOG:
                stream.put_nowait(event)
            else:
                self._end_stream(stream)

    def _end_stream(self, stream: Stream) -> None:
        self._streams.discard(stream)
        with suppress(asyncio.QueueFull):
            stream.put_nowait(None)
