"""The running registry: the lease table, its database, and everybody who watches it.

When the disk fails, the registry goes on from memory: discovery does not need the database.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import aiohttp
from aiohttp import web

from client.transport import open_session
from services.common.core.clock import utc_now
from services.common.core.logs import logger
from services.common.core.token_keys import MAX_KEYS, TokenKeys
from services.common.storage.database import Database, DatabaseError, open_database
from services.common.storage.migrations import Schema
from services.common.storage.token_keys import merge_token_keys
from services.common.web.auth import Keyring
from services.common.web.serving import as_problem

from . import store
from .leases import LeaseTable
from .model import Changes, Event, Instance, Name, TooManyTokenKeys, UnknownInstance

PROBE_SECONDS = 1.0
LONGEST_PAUSE = 1.0
"""Seconds; bounded, because a registration meanwhile can bring an earlier deadline."""
STREAM_BACKLOG = 1000
"""Events that may wait for one slow reader; with more, its stream ends."""
MAX_UNSAVED = 1000
"""How many events, the newest ones, wait for a disk that cannot store them now."""

Stream = asyncio.Queue[Event | None]
"""Events as they happen; None ends the stream."""


class Hub:
    """Publishes and stores what happens in the lease table."""

    def __init__(
        self,
        table: LeaseTable,
        database: Database,
        shop: str,
        keyring: Keyring,
        session: aiohttp.ClientSession,
    ) -> None:
        self.table = table
        self.shop = shop
        self._keyring = keyring
        self._database = database
        self._session = session
        self._changed = asyncio.Event()
        self._streams: set[Stream] = set()
        self._probing: set[Name] = set()
        # What could not be stored is stored together with the next events.
        self._unsaved_events: list[Event] = []
        self._unsaved_names: set[Name] = set()
        self._unsaved_keys: TokenKeys | None = None
        self._from_memory = False
        self._ended = False

    async def record(self, events: list[Event], *, must_last: bool = False) -> None:
        """Publish events to everybody who watches, and store them with the new state.

        Raises a Problem only if they `must_last` and cannot be stored.
        """
        if events:
            self._changed.set()
            self._changed = asyncio.Event()
        for event in events:
            self._publish(event)
        try:
            await self._save(events)
        except DatabaseError as error:
            if must_last:
                problem = as_problem(error)
                problem.detail = "This holds now, but until it can be stored a restart undoes it"
                raise problem from error

    async def _save(self, events: list[Event]) -> None:
        events = [*self._unsaved_events, *events]
        names = self._unsaved_names | {event.name for event in events}
        keys = self._unsaved_keys
        if not names and keys is None:
            return
        self._unsaved_events, self._unsaved_names, self._unsaved_keys = [], set(), None
        records, now = self.table.records(names), utc_now()

        def save(conn: sqlite3.Connection) -> None:
            store.save(conn, records, events)
            if keys is not None:
                merge_token_keys(conn, keys, now)

        try:
            await self._database.write(save)
        except (DatabaseError, asyncio.CancelledError) as error:
            self._unsaved_events = [*events, *self._unsaved_events][-MAX_UNSAVED:]
            self._unsaved_names |= names
            self._unsaved_keys = self._unsaved_keys or keys  # a later set has all of an earlier
            if isinstance(error, DatabaseError) and not self._from_memory:
                self._from_memory = True
                logger.error("going on from memory", extra={"reason": str(error)})
            raise
        self._from_memory = False

    def token_keys(self) -> TokenKeys:
        """The keys of tokens, without those that have ended."""
        self._take(self._keyring.token_keys.without_ended(utc_now()))
        return self._keyring.token_keys

    def adopt(self, keys: TokenKeys) -> None:
        """Take in the keys that an instance has kept; they are stored with the next record."""
        self._take(self._keyring.token_keys.merged(keys).without_ended(utc_now()))

    async def add_token_key(self, kid: str, *, end_older: bool) -> None:
        """Have a key of that name, a new one unless it is there, and store it before anybody hears
        of it. Raises TooManyTokenKeys, DatabaseError.
        """
        keys, now = self.token_keys(), utc_now()
        if not end_older and keys.find(kid) is None and len(keys.keys) >= MAX_KEYS:
            raise TooManyTokenKeys(f"There are {MAX_KEYS} keys; end the older ones, or wait")
        keys = keys.with_key(kid, now=now, end_older=end_older)
        self.adopt(await self._database.write(merge_token_keys, keys, now))
        logger.info("token key", extra={"kid": kid, "older_ended": end_older})

    def _take(self, keys: TokenKeys) -> None:
        if keys != self._keyring.token_keys:
            self._keyring.token_keys = self._unsaved_keys = keys

    async def changes(self, epoch: str | None, index: int, wait: float) -> Changes:
        """What changed after `index`: as soon as there is a change, or after `wait` seconds."""
        changes = self.table.changed_since(epoch, index, now=time.monotonic())
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                while not (changes.services or changes.reset or self._ended):
                    await self._changed.wait()
                    changes = self.table.changed_since(epoch, index, now=time.monotonic())
        return changes

    async def expire(self) -> None:
        """Apply the deadlines of the lease table when they come, until cancelled."""
        while True:
            began, deadline = time.monotonic(), self.table.next_deadline()
            pause = LONGEST_PAUSE if deadline is None else deadline - began
            pause = min(max(pause, 0.01), LONGEST_PAUSE)
            await asyncio.sleep(pause)
            now = time.monotonic()
            self.table.excuse(max(0.0, now - began - pause), now=now)
            await self.record(self.table.expire(now=now))

    async def look(self, instance: Instance, report: str) -> None:
        """Check whether a reported instance answers, and make it suspect if it does not."""
        name = (instance.service, instance.instance_id)
        if name in self._probing:
            return
        self._probing.add(name)
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
            self._probing.discard(name)
        if not alive:
            await self._suspect(instance, f"does not answer; reported: {report}")

    async def _suspect(self, instance: Instance, why: str) -> None:
        name = (instance.service, instance.instance_id)
        with suppress(UnknownInstance):
            now = time.monotonic()
            if self.table.instance(*name, now=now).registered_at == instance.registered_at:
                await self.record(self.table.suspect(*name, why, now=now))

    @contextmanager
    def stream(self) -> Iterator[Stream]:
        """A stream of the events from now on."""
        stream: Stream = asyncio.Queue(STREAM_BACKLOG + 1)
        if self._ended:
            stream.put_nowait(None)
        self._streams.add(stream)
        try:
            yield stream
        finally:
            self._streams.discard(stream)

    def end(self) -> None:
        """End all streams and long polls, because the registry is stopping."""
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


@asynccontextmanager
async def open_hub(
    path: Path, schema: Schema, keyring: Keyring
) -> AsyncIterator[tuple[Hub, Database]]:
    """The registry on its file at `path`, which is opened, and brought to `schema`, first."""
    async with (
        open_database(path, schema, end_process=_go_on_from_memory) as database,
        open_session() as session,
    ):
        shop = await database.write(store.open_shop, str(uuid.uuid4()))
        keyring.token_keys = await database.write(store.open_token_keys, utc_now())
        # A new epoch at each start: what memory had and the disk had not cannot be told again.
        table = LeaseTable(epoch=secrets.token_hex(8))
        table.restore(*await database.read(store.load), now=time.monotonic())
        yield Hub(table, database, shop, keyring, session), database


def _go_on_from_memory(reason: str) -> None:
    logger.error("going on from memory", extra={"reason": reason})


HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)
