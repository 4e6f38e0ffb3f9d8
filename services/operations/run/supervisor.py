"""Keeps a set of processes running: starts them, restarts those that die, and stops them in order.

Every child's standard input is a pipe to which nothing is ever written. When this process ends, in
whatever way, the pipe closes, and the child ends as well.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from .. import ROOT, OperationError
from .loglines import LogLine, read_line
from .processes import ask_to_end, end_now, how_it_ended, lines, spawn, was_killed
from .readiness import NOT_LISTENING, why_not_ready

LISTENING = "listening"
"""What a service logs once it has its port."""
TRIES = 3
"""How often a child may end by itself before it was ever ready, until the whole start is given up:
its file is corrupt, or its port is taken. One that is killed is not to blame, and is started again
as often as it takes, at the pace of `Backoff`.
"""


@dataclass(frozen=True)
class Child:
    """A process to keep running. It is ready when the answer to `GET /readyz` on its port is 200
    and it has logged `listening`, which shows that the port is its own.
    """

    name: str
    command: tuple[str, ...]
    host: str
    port: int
    stops_last: bool = False


@dataclass(frozen=True)
class Timing:
    """In seconds. `grace` is how long a child may take to end by itself after it was asked to."""

    grace: float = 15.0
    first_pause: float = 0.2
    longest_pause: float = 5.0
    healthy_after: float = 30.0
    poll_every: float = 0.05
    mention_after: float = 10.0


class Backoff:
    """How long to wait before a child is started again: first not at all, then ever longer."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._next = 0.0

    def after(self, ready_for: float) -> float:
        """The pause in seconds, after a run in which the child was ready for that many seconds."""
        if ready_for >= self._timing.healthy_after:
            self._next = 0.0
        pause = self._next
        doubled = max(self._timing.first_pause, 2 * pause)
        self._next = min(doubled, self._timing.longest_pause)
        return pause


class End(NamedTuple):
    """The end of one run of a child: for how many seconds it was ready, how it ended in words, and
    whether somebody killed it.
    """

    ready_for: float
    how: str
    was_killed: bool = False


class Running:
    """The state of one child."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.process: Process | None = None
        self.listens = False
        self.was_ready = asyncio.Event()
        """Set when the child is ready for the first time, and never cleared."""
        self.ready_in = 0.0
        """Seconds from its latest start until it was ready."""
        self.ready_since: float | None = None
        self.last_error = ""

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None


class Supervisor:
    """Runs children until `interrupt` is called. It can be used once.

    `emit` gets the log lines of the children, and the supervisor's own about them.
    """

    def __init__(
        self,
        children: Iterable[Child],
        emit: Callable[[LogLine], None],
        timing: Timing | None = None,
    ) -> None:
        self.running = [Running(child) for child in children]
        self._emit = emit
        self._timing = timing or Timing()
        self._stop = asyncio.Event()
        self._kill = False

    def interrupt(self) -> None:
        """Stop: the first call asks every child to end by itself, the second kills them."""
        if not self._stop.is_set():
            self._say("info", "stopping; once more ends everything now")
            self._stop.set()
            return
        self._kill = True
        for one in self.running:
            if one.process:
                end_now(one.process)

    async def run(self, when_ready: Callable[[Sequence[Running]], None]) -> bool:
        """Keep the children running until `interrupt`; call `when_ready` once all are ready.

        Returns whether all of them then ended by themselves. Raises OperationError if one cannot be
        started. In both cases none is left running.
        """
        keepers = {asyncio.create_task(self._keep(one)): one for one in self.running}
        announced = asyncio.create_task(self._announce(when_ready))
        stop = asyncio.create_task(self._stop.wait())
        going: set[asyncio.Task[object]] = {*keepers, announced, stop}
        try:
            while not stop.done():
                done, going = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            self._stop.set()
            announced.cancel()
            clean = await self._stop_all(keepers)
            await asyncio.gather(stop, announced, *keepers, return_exceptions=True)
        return clean

    async def _announce(self, when_ready: Callable[[Sequence[Running]], None]) -> None:
        for one in self.running:
            await one.was_ready.wait()
        when_ready(self.running)

    async def _keep(self, one: Running) -> None:
        backoff = Backoff(self._timing)
        tries = 0
        while True:
            end = await self._run_once(one)
            if self._stop.is_set():
                return
            tries += not end.was_killed
            if tries >= TRIES and not one.was_ready.is_set():
                reason = one.last_error or f"it {end.how}."
                raise OperationError(f"{one.child.name} could not start: {reason}")
            pause = backoff.after(end.ready_for)
            when = f"in {pause:g} s" if pause else "now"
            self._say("warning", f"{one.child.name} {end.how} and is started again {when}")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), pause)
                return

    async def _run_once(self, one: Running) -> End:
        """From a child's start to its end."""
        one.last_error, one.listens = "", False
        try:
            process = one.process = await spawn(one.child.command, ROOT)
        except OSError as error:
            if one.was_ready.is_set():  # It may be able to soon: no memory is left, for one.
                return End(0.0, f"could not be started ({error})")
            raise OperationError(f"{one.child.name} could not be started: {error}.") from error
        if self._kill:
            end_now(process)
        elif self._stop.is_set():
            ask_to_end(process)
        watch = asyncio.create_task(self._watch_readiness(one))
        readers = [
            asyncio.create_task(self._read(one, process.stdout, plain_level="info")),
            asyncio.create_task(self._read(one, process.stderr, plain_level="error")),
        ]
        code = await process.wait()
        ready_for = 0.0 if one.ready_since is None else _now() - one.ready_since
        one.process = one.ready_since = None
        watch.cancel()
        # Its last lines are still in the pipes, which a child of its own may hold open.
        await asyncio.wait(readers, timeout=1.0)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(watch, *readers, return_exceptions=True)
        return End(ready_for, how_it_ended(code), was_killed(code))

    async def _read(
        self, one: Running, stream: asyncio.StreamReader | None, *, plain_level: str
    ) -> None:
        assert stream is not None  # noqa: S101
        async for raw in lines(stream):
            now = datetime.now(UTC)
            line = read_line(one.child.name, raw, now=now, plain_level=plain_level)
            if line.is_error and line.message.strip():
                one.last_error = line.message
            one.listens |= line.message == LISTENING
            self._emit(line)

    async def _watch_readiness(self, one: Running) -> None:
        started = _now()
        mention_at = started + self._timing.mention_after
        while (reason := await _why_not_ready(one)) is not None:
            if _now() >= mention_at:
                self._say("warning", f"{one.child.name} is not ready yet: {reason}")
                mention_at += self._timing.mention_after
            await asyncio.sleep(self._timing.poll_every)
        one.ready_since = _now()
        one.ready_in = one.ready_since - started
        if one.was_ready.is_set():
            self._say("info", f"{one.child.name} is ready again after {one.ready_in:.1f} s")
        one.was_ready.set()

    async def _stop_all(self, keepers: dict[asyncio.Task[None], Running]) -> bool:
        """End all children, the `stops_last` ones last; returns whether none was killed."""
        clean = True
        for last in (False, True):
            wave = {task: one for task, one in keepers.items() if one.child.stops_last is last}
            for one in wave.values():
                if one.process and not self._kill:
                    ask_to_end(one.process)
            if wave:
                await asyncio.wait(wave, timeout=self._timing.grace)
            for task, one in wave.items():
                if not task.done() and one.process:
                    clean = False
                    self._say(
                        "error",
                        f"{one.child.name} did not end in {self._timing.grace:g} s and is killed",
                    )
                    end_now(one.process)
                    await asyncio.wait([task])
        return clean and not self._kill

    def _say(self, level: str, message: str) -> None:
        self._emit(LogLine(service="run", level=level, message=message, time=datetime.now(UTC)))


async def _why_not_ready(one: Running) -> str | None:
    # Before that, an answer on the port comes from another program, perhaps another shop.
    return await why_not_ready(one.child.host, one.child.port) if one.listens else NOT_LISTENING


def _now() -> float:
    return asyncio.get_running_loop().time()
