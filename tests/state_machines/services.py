"""Services as they are, from route to row, in one thread, between a network, disks and a clock of a
test's own.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import aiohttp
import aiosqlite
import pytest
from aiohttp import web
from aiohttp.http import HttpVersion11, RawRequestMessage
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

import services.common.core.clock
import services.common.durable.recovery
import services.common.process.app
import services.order.steps
from client.backoff import Backoff
from client.transport import Transport
from services.common.core.logs import logger
from services.common.web.keys import DISCOVERY
from services.common.web.lifecycle import LIFECYCLE
from services.common.web.request import Request, WholeBody
from services.common.web.serving import answer
from tests.shop import MAKERS

from .clock import VirtualLoop, wall_clock
from .disk import Disk, PlannedKill, copy_as_killed
from .network import Directory, Message, Network, Reply

SECONDS_TO_PAY = 30.0
SETTINGS: Mapping[str, Mapping[str, Any]] = {"order": {"seconds_to_pay": SECONDS_TO_PAY}}

_MEMORY = Path("/dev/shm")
_CONNECTION: Any = SimpleNamespace(transport=None, ssl_context=None, peername=None, sockname=None)


class _Writer:
    """Takes what an answer has that is written bit by bit."""

    output_size = 0
    length: int | None = None

    def __init__(self) -> None:
        self.written = b""

    def enable_chunking(self) -> None:
        pass

    async def write_headers(self, _status: str, _headers: Mapping[str, str]) -> None:
        pass

    async def write(self, data: bytes) -> None:
        self.written += data

    async def write_eof(self, data: bytes = b"") -> None:
        self.written += data

    async def drain(self) -> None:
        pass


CURRENT: ContextVar[Service] = ContextVar("service")
"""The service that a task belongs to."""


class Service:
    """One service that runs, until it is killed."""

    def __init__(self, name: str, folder: Path, network: Network, loop: VirtualLoop) -> None:
        self.name = name
        self.dead = False
        self.disks: list[Disk] = []
        """The one that writes and the one that reads, once they are open."""
        self._network = network
        self._loop = loop
        self._tasks: dict[asyncio.Task[None], tuple[Message, _Writer]] = {}
        kind, create_app = MAKERS[name]
        more = SETTINGS.get(name, {})
        self._runner = web.AppRunner(create_app(kind(service=name, data_dir=folder, **more)))

    @property
    def app(self) -> web.Application:
        """The application."""
        assert isinstance(self._runner.app, web.Application)
        return self._runner.app

    async def start(self) -> None:
        """Open the database and begin the work that nobody asks for."""
        CURRENT.set(self)
        await self._runner.setup()
        # A kill loses nothing that was written; a power cut would, and is tried elsewhere.
        self.disks[0].conn.execute("PRAGMA synchronous = OFF")

    def serve(self, message: Message) -> None:
        """Begin to answer a request."""
        writer = _Writer()
        task = self._loop.create_task(self._answer(message, writer))
        self._tasks[task] = message, writer
        task.add_done_callback(self._tasks.pop)

    def die(self) -> None:
        """End as kill -9 ends it: whoever waits for its answer sees the connection end, after what
        was written.
        """
        self.dead = True
        self._network.forget(self)
        for task, (message, writer) in self._tasks.items():
            if message.answer is None:
                message.come_back(_cut(writer) or aiohttp.ServerDisconnectedError())
                self._network.served.append(message)
            task.cancel()

    async def clean_up(self) -> None:
        """Let go of what the dead one still has open."""
        await self._runner.cleanup()

    async def _answer(self, message: Message, writer: Any) -> None:
        CURRENT.set(self)
        headers = CIMultiDictProxy(CIMultiDict(message.headers))
        url = URL(message.target, encoded=True)
        head = RawRequestMessage(
            *(message.method, message.target, HttpVersion11, headers, ()),
            *(False, None, False, False, url),
        )
        body: Any = WholeBody(message.body)
        task: Any = asyncio.current_task()
        response = await answer(Request(self.app, head, body, _CONNECTION, writer, task))
        body_sent = response.body if isinstance(response, web.Response) else writer.written
        assert isinstance(body_sent, bytes)
        if not self.dead:
            reply = Reply(response.status, CIMultiDictProxy(response.headers), body_sent)
            self._network.answered(message, reply)


def _cut(writer: _Writer) -> Reply | None:
    """As much of an answer as was written, if any was."""
    if not writer.written:
        return None
    return Reply(200, CIMultiDictProxy(CIMultiDict()), writer.written, is_cut=True)


class _Failures(logging.Handler):
    """Keeps what a service logs as an error while it lives: nothing that happens here is one."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if CURRENT.get().dead:
            return
        error = record.exc_info[1] if record.exc_info else None
        self.records.append(f"{record.getMessage()}: {error!r} {vars(record).get('entity', '')}")


class World:
    """Some services, their disks, the network between them, and the time that passes for them.

    `direct` are pairs of sender and addressee that the network does nothing to.
    """

    def __init__(self, *names: str, direct: frozenset[tuple[str, str]] = frozenset()) -> None:
        self.loop = VirtualLoop()
        self.running: dict[str, Service] = {}
        self.network = Network(self.running, direct)
        self.failures = _Failures()
        self._root = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None))
        self._folders = {name: self._root / name for name in names}
        self._deaths = 0
        self._patches = pytest.MonkeyPatch()
        self._replace_what_is_outside()
        for name in names:
            self.start(name)

    def start(self, name: str) -> None:
        """Start a service on what is left of its data."""
        service = Service(name, self._folders[name], self.network, self.loop)
        self.loop.run_until_complete(service.start())
        self.running[name] = service
        for each in self.running.values():
            directory: Any = each.app[DISCOVERY]
            directory.change()
        self.settle()

    def kill(self, name: str) -> None:
        """End a service as kill -9 does, and keep of its data what that leaves."""
        service = self.running.pop(name)
        self._deaths += 1
        folder = self._folders[name]
        self._folders[name] = self._root / f"{name}, {self._deaths} deaths on"
        copy_as_killed(folder, self._folders[name])
        service.die()
        self.loop.create_task(service.clean_up())

    def plan_kill(self, name: str, commits: int, *, after_commit: bool) -> None:
        """Have a service killed before or after the COMMIT that so many others go before."""
        kill = partial(self.kill, name)
        self.running[name].disks[0].planned_kill = PlannedKill(commits, after_commit, kill)

    def settle(self) -> None:
        """Run all that can run before time passes or the network delivers anything."""
        self.loop.pass_time()

    def rows(self, name: str, query: str, *values: object) -> list[Any]:
        """The rows of a query on the database of a running service."""
        return self.running[name].disks[0].conn.execute(query, values).fetchall()

    def close(self) -> None:
        """End everything, and leave nothing behind."""
        for service in self.running.values():
            service.die()
            self.loop.create_task(service.clean_up())
        self.settle()
        self.loop.close()
        self._patches.undo()
        logger.removeHandler(self.failures)
        shutil.rmtree(self._root)

    def _replace_what_is_outside(self) -> None:
        def connect(path: Path | str, **how: Any) -> Disk:
            CURRENT.get().disks.append(disk := Disk(path, **how))
            return disk

        async def registration(app: web.Application) -> AsyncIterator[None]:
            app[LIFECYCLE].registered = True
            yield

        paced = partial(Transport, backoff=Backoff(0.05, 1.0, Random(0)))
        monotonic = SimpleNamespace(monotonic=self.loop.time)
        kit = services.common.process.app
        for where, name, what in (
            (aiosqlite, "connect", connect),
            (kit, "open_session", lambda: self.network.session(CURRENT.get())),
            (kit, "Discovery", Directory),
            (kit, "Transport", paced),
            (kit, "registration", registration),
            (services.common.durable.recovery, "time", monotonic),
            (services.common.durable.recovery, "BACKOFF", Backoff(0.2, 5.0, Random(0))),
            (services.order.steps, "time", monotonic),
            (services.common.core.clock, "datetime", wall_clock(self.loop)),
        ):
            self._patches.setattr(where, name, what)
        logger.addHandler(self.failures)
