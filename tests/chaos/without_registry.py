"""Promise 8 of services/README.md: what runs works on while there is no registry, while it is
restarted, and emptied.
"""

from __future__ import annotations

import asyncio
import signal
import time

import aiohttp
import msgspec

from client.view import Snapshot
from services.common.core.settings import DEVELOPMENT_KEY

from .history import History, Record
from .nemesis import Attack
from .processes import TARGETS, Processes
from .report import NOT_RUN
from .stand_in import StandIn

ALL_KNOWN_WITHIN = 30.0
"""Seconds in which a registry that is there again knows every service."""


class WithoutRegistry:
    """Takes the registry away and gives it back, with no other fault in force, and sums up what the
    clients' requests came to meanwhile. `empty` has it die and start on nothing.
    """

    def __init__(
        self, processes: Processes, stand_in: StandIn, empty: Attack, history: History
    ) -> None:
        self.breaches: list[str] = []
        self._seconds = 0.0
        self._asked = 0
        self._processes = processes
        self._stand_in = stand_in
        self._empty = empty
        self._history = history

    async def work_on(self, session: aiohttp.ClientSession, seconds: float) -> None:
        """Keep the registry away for so long; then have it come back, be restarted and emptied."""
        await self._knows_all(session)
        await asyncio.sleep(1.0)  # and what it knows is told to all
        first, began = len(self._history.records), time.monotonic()
        self._stand_in.keep_away()
        self._processes.signal("registry", signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._processes.signal("registry", signal.SIGCONT)
            self._stand_in.away = False
        self._seconds += time.monotonic() - began
        await self._knows_all(session)
        self._processes.signal("registry", signal.SIGKILL)
        await self._knows_all(session)
        await self._empty()
        await self._knows_all(session)
        ended = [record for record in self._history.records[first:] if record.outcome != "begun"]
        self._asked += len(ended)
        self.breaches += (
            f"promise 8: without the registry, {record.began - began:.1f} s after it went: {record}"
            for record in ended
            if _lacked_a_peer(record)
        )
        if not ended:
            self.breaches.append("promise 8: no request ended without the registry")

    def text(self) -> str:
        """What it came to, in words."""
        if not self._asked:
            return NOT_RUN
        return (
            f"away for {self._seconds:.0f} s, then restarted, then emptied: {self._asked:,}"
            f" requests meanwhile, {len(self.breaches)} of them for want of a service not done"
        )

    async def _knows_all(self, session: aiohttp.ClientSession) -> None:
        give_up_at = time.monotonic() + ALL_KNOWN_WITHIN
        while not (await self._up(session)).issuperset(TARGETS):
            if time.monotonic() > give_up_at:
                self.breaches.append("promise 8: the registry is back and does not know all")
                return
            await asyncio.sleep(0.05)

    async def _up(self, session: aiohttp.ClientSession) -> set[str]:
        try:
            async with session.get(
                f"{self._processes.registry_url}/services",
                headers={"X-API-Key": DEVELOPMENT_KEY},
                timeout=aiohttp.ClientTimeout(total=1.0),
            ) as answer:
                told = msgspec.json.decode(await answer.read(), type=Snapshot)
        except (aiohttp.ClientError, TimeoutError, OSError, msgspec.MsgspecError):
            return set()
        return {
            service
            for service, instances in told.services.items()
            if any(each.state == "up" for each in instances)
        }


def _lacked_a_peer(record: Record) -> bool:
    """Whether there was no answer, or one that a service gives when it does not reach another."""
    if record.code == "client_gone":
        return False
    if record.status == 202:  # its reservation may be held up on purpose
        return record.op != "buy"
    return record.status is None or record.status in (421, 429) or record.status >= 500
