"""Sends a service's calls to its peers together, as group commit does with writes.

Each instance has two lanes, one for reads and one for writes. A lane has one request on its way;
the calls that come meanwhile wait, and go together in the next, as the parts of a batch. One that
waits alone goes as a request of its own. The lane is free again when all has been answered, or
after a few milliseconds: then the next request goes beside the slow one.

Only the first attempt at a call goes this way. What a batch leaves open is repeated by itself.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from weakref import WeakValueDictionary

import aiohttp

from client.sending import Requests, Send, Sending
from client.wire import Answer

from .parts import METHODS, MOST_PARTS
from .request import BODY_LIMIT
from .together import FROM_BATCH, OF_EACH, Together, Waiting, fitting

SLOW_SECONDS = 0.005
"""For so long the calls that come wait for a request on its way."""
MOST_BESIDE = 64
"""Requests of a lane on their way at once: a quarter of all connections of the service."""
_CARRIED = frozenset({*FROM_BATCH, *OF_EACH})


class Lanes:
    """The lanes to all instances. `send` is what a Transport sends with."""

    def __init__(self, session: aiohttp.ClientSession, api_key: str) -> None:
        """Calls with another key than `api_key` go by themselves."""
        self._requests = Requests(session)
        self._api_key = api_key
        self._lanes: WeakValueDictionary[tuple[str | None, ...], _Lane] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, sending: Sending) -> Answer:
        """Bring an attempt to its instance, together with others where that may be.

        Raises NotSent, BrokenOff, TimeoutError.
        """
        if not self._may_be_part(sending):
            return await self._requests.send(sending)
        common = [sending.headers.get(name) for name in FROM_BATCH]
        place = (sending.url, "reads" if sending.method == "GET" else "writes", *common)
        lane = self._lanes.get(place)
        if lane is None:
            lane = self._lanes[place] = _Lane(self._requests, self._tasks)
        return await lane.send(sending)

    async def close(self) -> None:
        """End what is on its way still."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _may_be_part(self, sending: Sending) -> bool:
        body = sending.body
        return (
            not sending.is_repeat
            and sending.method in METHODS
            and sending.read_limit == math.inf
            and (body is None or (sending.is_json and len(body) <= BODY_LIMIT))
            and sending.headers.get("X-API-Key") == self._api_key
            and _CARRIED.issuperset(sending.headers)
        )


@asynccontextmanager
async def open_lanes(session: aiohttp.ClientSession, api_key: str) -> AsyncIterator[Send]:
    """What a Transport sends with, on these connections and with this key."""
    lanes = Lanes(session, api_key)
    try:
        yield lanes.send
    finally:
        await lanes.close()


class _Lane:
    """What goes to one instance, or waits to."""

    def __init__(self, requests: Requests, tasks: set[asyncio.Task[None]]) -> None:
        self._requests = requests
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Waiting] = deque()
        self._beside = 0
        """Requests on their way."""
        self._taken_by: _Turn | None = None

    async def send(self, sending: Sending) -> Answer:
        """Wait for a turn, and send. Raises as `Lanes.send`."""
        waiting = Waiting(sending, self._loop.time() + sending.seconds)
        timer = self._loop.call_at(waiting.ends_at, waiting.expire)
        self._waiting.append(waiting)
        if self._taken_by is None:
            # Not at once: what else is called for in this turn of the loop goes along.
            self._loop.call_soon(self._look)
        try:
            answer = await waiting.heard
            if answer is not None:
                return answer
            left = waiting.ends_at - self._loop.time()
            return await self._requests.send(replace(sending, seconds=left))
        finally:
            timer.cancel()
            waiting.give_back()

    def _look(self) -> None:
        """Have what waits sent, if the lane is free."""
        if self._taken_by is not None or self._beside >= MOST_BESIDE:
            return
        waiting = self._take()
        if not waiting:
            return
        turn = _Turn(self)
        if len(waiting) == 1:
            waiting[0].give_back = turn.end
            waiting[0].tell(None)
            return
        parts = fitting(waiting, self._loop.time())
        self._waiting.extendleft(reversed(waiting[len(parts) :]))
        task = Together(self._requests, waiting[: len(parts)]).start(parts)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(turn.end)

    def _take(self) -> list[Waiting]:
        """Those that have waited longest and still do, as many as may go together."""
        taken = list[Waiting]()
        while self._waiting and len(taken) < MOST_PARTS:
            waiting = self._waiting.popleft()
            if not waiting.heard.done():
                taken.append(waiting)
        return taken

    def begin(self, turn: _Turn) -> None:
        """Be taken by a request that goes now."""
        self._beside += 1
        self._taken_by = turn

    def let_go(self, turn: _Turn, *, ended: bool) -> None:
        """Be free for the next request: this one has ended, or is slow."""
        self._beside -= ended
        if self._taken_by is turn:
            self._taken_by = None
        self._look()


class _Turn:
    """The time of one request on its way: for the first of it the lane is taken."""

    def __init__(self, lane: _Lane) -> None:
        self._lane = lane
        self._timer = asyncio.get_running_loop().call_later(SLOW_SECONDS, self._slow)
        lane.begin(self)

    def _slow(self) -> None:
        self._lane.let_go(self, ended=False)

    def end(self, _task: object = None) -> None:
        """It has been answered, or nobody waits for it."""
        self._timer.cancel()
        self._lane.let_go(self, ended=True)
