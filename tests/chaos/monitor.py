"""Watches a running shop: how soon it settles what is due once all is up, and what never may be."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress

import aiohttp

from services.order.steps import NO_EXPIRY_SECONDS

from . import databases
from .processes import SECONDS_TO_PAY, Processes

WITHIN = 10.0
"""Seconds in which all is settled."""
_EVERY = 0.1


class Monitor:
    """Looks at a running shop again and again.

    `is_quiet` tells whether no fault is in force. From the moment that all services are ready, and
    while it is quiet, what was due at that moment is watched until it is settled.
    """

    def __init__(self, processes: Processes, is_quiet: Callable[[], bool]) -> None:
        self.recoveries: list[float] = []
        """Seconds, one for each time that all were up again and had the time to settle."""
        self.breaches: list[str] = []
        """What was not as promised while the shop ran."""
        self.looks = 0
        """How often the databases were looked at for that."""
        self.look_every = 1.0
        """Seconds between two such looks."""
        self._recovered = asyncio.Event()
        self._processes = processes
        self._is_quiet = is_quiet

    async def run(self) -> None:
        """Look, for good."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_recoveries())
            group.create_task(self._watch_promises())

    async def _watch_promises(self) -> None:
        while True:
            await asyncio.sleep(self.look_every)
            with suppress(sqlite3.Error):
                found = await asyncio.to_thread(databases.breaches_now, self._processes.data)
                self.looks += 1
                self.breaches += found

    async def _watch_recoveries(self) -> None:
        since: float | None = None
        watched: set[str] | None = None
        async with aiohttp.ClientSession() as session:
            while True:
                await asyncio.sleep(_EVERY)
                if not self._is_quiet() or not await self._processes.all_ready(session):
                    since, watched = None, None
                    self._recovered.clear()
                    continue
                if since is None:
                    since = time.monotonic()
                due = await self._due()
                if due is None or watched == set():
                    continue
                watched = due if watched is None else watched & due
                waited = time.monotonic() - since
                if not watched:
                    self.recoveries.append(waited)
                    self._recovered.set()
                elif waited > WITHIN:
                    self.breaches.append(f"promise 3, 5: not settled in {waited:.1f} s: {watched}")
                    watched = set()

    async def recovered(self) -> None:
        """Wait until all are up, and what was due at that moment is settled."""
        await asyncio.sleep(2 * _EVERY)
        await self._recovered.wait()

    async def settled(self) -> set[str]:
        """Wait until nothing is due, and nothing will be; returns what still is after all."""
        within = WITHIN
        if self._processes.seconds_to_pay <= SECONDS_TO_PAY:
            within += SECONDS_TO_PAY + NO_EXPIRY_SECONDS
        give_up_at = time.monotonic() + within
        while time.monotonic() < give_up_at:
            if (due := await self._due(with_unpaid=True)) == set():
                return due
            await asyncio.sleep(_EVERY)
        return due or {"a database that cannot be read"}

    async def _due(self, *, with_unpaid: bool = False) -> set[str] | None:
        try:
            return await asyncio.to_thread(
                databases.in_flight, self._processes.data, with_unpaid=with_unpaid
            )
        except sqlite3.Error:
            return None
