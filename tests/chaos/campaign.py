"""One run: a shop is started, clients work, faults come, and then the promises of
services/README.md are checked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import aiohttp

from client.transport import open_session
from tests.end_to_end.real_shop import run

from . import checkers, databases, logs
from .clients import Clients
from .crash_points import CrashPoints
from .every_point import end_at_each_point
from .history import History
from .monitor import Monitor
from .nemesis import Nemesis, attack_name
from .processes import SECONDS_TO_PAY, SERVICES, Processes
from .proxy import BATCH_CUT, BATCH_LOST, LOST, Proxy
from .report import Report, kills
from .stand_in import StandIn
from .surroundings import Surroundings
from .without_registry import WithoutRegistry
from .workload import rng_of

CLIENTS = 16
PROXY_RATE = 0.05
LEFT_ALONE = 0.25
"""How often, after an attack, the next one waits until all have settled."""


class Campaign:
    """A shop under attack, in a folder of its own."""

    def __init__(
        self,
        folder: Path,
        base_port: int,
        seed: int,
        *,
        clients: int = CLIENTS,
        seconds_to_pay: float = SECONDS_TO_PAY,
    ) -> None:
        self.report = Report(seed)
        self.history = History(folder / "history.jsonl")
        self.processes = Processes(folder, base_port, seconds_to_pay)
        self.proxy = Proxy(rng_of(seed, "proxy"))
        self.stand_in = StandIn(self.processes.registry_url, self.proxy, rng_of(seed, "stand-in"))
        self.nemesis = Nemesis(self.processes, rng_of(seed, "nemesis"))
        self.surroundings = Surroundings(
            self.processes, self.stand_in, self.nemesis.kills, rng_of(seed, "surroundings")
        )
        self.nemesis.attacks += self.surroundings.attacks
        self.report.not_run = self.surroundings.not_run
        self.without_registry = WithoutRegistry(
            self.processes, self.stand_in, self.surroundings.empty_registry, self.history
        )
        self.points = CrashPoints(folder)
        self.monitor = Monitor(self.processes, lambda: not self.nemesis.in_force)
        self._seed = seed
        self._rounds = 0
        self._gaps = rng_of(seed, "gaps")
        self.clients = Clients(clients, self.history, seed)
        self._open = AsyncExitStack()
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Campaign:
        async with AsyncExitStack() as stack:
            stack.callback(self.history.close)
            for part in (self.proxy, self.stand_in):
                await part.open()
                stack.push_async_callback(part.close)
            # They end before those that they call: one that calls while a server closes leaves
            # a connection behind that nobody closes.
            stack.callback(self.processes.clean_up)
            self.processes.stand_in = self.stand_in.url
            self._session = await stack.enter_async_context(open_session())
            self.processes.start()
            await self.processes.ready(self._session)
            await self.clients.connect(stack, self._session, self.processes, self.stand_in)
            self._open = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def attack(self, seconds: float, *, gap: tuple[float, float]) -> None:
        """Work, and attack after each `gap` (from, to; seconds), for so long."""
        rng = self._gaps
        ends = time.monotonic() + seconds
        self.proxy.rate = PROXY_RATE
        while (left := ends - time.monotonic()) > 0:
            await asyncio.sleep(min(rng.uniform(*gap), left))
            await self.nemesis.attack()
            if rng.random() < LEFT_ALONE:
                await self._leave_alone()

    async def attack_with_each(self, *, within: float, but: Collection[str] = ()) -> None:
        """Attack in every way `but` these once, one after the other, as far as `within` seconds
        allow it.
        """
        ends = time.monotonic() + within
        for _, attack in self._gaps.sample(self.nemesis.attacks, len(self.nemesis.attacks)):
            if time.monotonic() > ends:
                return
            if attack_name(attack) in but:
                continue
            await self.nemesis.do(attack)
            await asyncio.sleep(self._gaps.uniform(0.1, 0.5))

    async def hit_every_point(self, *, within: float) -> None:
        """Have every service end itself at each of its points, if `within` seconds allow it."""
        self.proxy.rate = PROXY_RATE
        ends = time.monotonic() + within
        self._rounds += 1
        await end_at_each_point(
            self.points,
            rng_of(self._seed, f"points {self._rounds}"),
            lambda: time.monotonic() > ends,
        )

    async def work_without_registry(self, seconds: float) -> None:
        """Take the registry away for so long, when nothing else is the matter."""
        self.points.clear()
        await self.proxy.quiet()
        await self.processes.ready(self._session)
        await self._leave_alone()
        await self.without_registry.work_on(self._session, seconds)

    def progress(self) -> str:
        """What there was so far, in one line."""
        outcomes = len(self.history.records)
        killed = kills(self.nemesis, self.points).total()
        violations = len(self.monitor.breaches) + len(self.without_registry.breaches)
        return (
            f"{outcomes:,} requests, {killed:,} kills, {self.proxy.happened[LOST]:,} answers lost,"
            f" {violations} violations so far"
        )

    async def _leave_alone(self) -> None:
        """Wait until all have settled; if they do not, the monitor knows."""
        with suppress(TimeoutError):
            async with asyncio.timeout(15.0):
                await self.monitor.recovered()

    async def working(self, stack: AsyncExitStack) -> None:
        """Have the clients work and the monitor look until the stack ends."""
        tasks = [asyncio.create_task(customer.run()) for customer in self.clients.customers]
        tasks.append(asyncio.create_task(self.monitor.run()))

        async def stop() -> None:
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome

        stack.push_async_callback(stop)

    async def settle(self) -> list[str]:
        """Leave the shop alone and have all settle; returns what does not."""
        await self.proxy.quiet()
        self.stand_in.away = False
        self.points.clear()
        await self.processes.ready(self._session)
        unknown = await asyncio.gather(*(caller.settle() for caller in self.clients.callers))
        found = [f"promise 6: no final answer: {record}" for some in unknown for record in some]
        if due := await self.monitor.settled():
            found.append(f"promise 3, 5: not settled in the end: {due}")
        return found

    def breaches(self) -> list[str]:
        """What the databases, and what the clients wrote down, say that does not hold now that all
        has settled; and what did not end when it was told to.
        """
        with databases.opened(self.processes.data) as conn:
            return [
                *self.nemesis.breaches,
                *databases.breaches(conn),
                *checkers.violations(
                    self.history, conn, self.clients.tidy, self.proxy.replayed_keys
                ),
            ]

    async def check(self) -> Report:
        """Leave the shop alone, have all settle, stop it, and look for what does not hold."""
        report = self.report
        try:
            await self._check(report)
        finally:
            report.count(self.history, self.nemesis, self.proxy, self.points, self.monitor)
        return report

    async def _check(self, report: Report) -> None:
        report.violations += await self.settle()
        audited = await asyncio.to_thread(run, "audit", "--data-dir", str(self.processes.data))
        if audited.returncode != 0:
            report.violations.append(f"promise 12: running, {audited.stdout}{audited.stderr}")
        began = time.monotonic()
        if (code := await self.processes.stop()) != 0:
            report.violations.append(f"promise 11: run.py ended with {code} on SIGTERM")
        report.stopped_in = time.monotonic() - began
        audited = await asyncio.to_thread(run, "audit", "--data-dir", str(self.processes.data))
        if audited.returncode != 0:
            report.violations.append(f"promise 12: {audited.stdout}{audited.stderr}")
        report.audit = audited.stdout
        self.history.close()
        report.violations += await asyncio.to_thread(self.breaches)
        report.violations += logs.violations(self.processes.folder / "run.log")
        report.violations += self.monitor.breaches
        report.violations += self.without_registry.breaches
        report.without_registry = self.without_registry.text()

    def not_seen(self) -> list[str]:
        """What has to happen in a run, or its checks mean nothing, and did not."""
        seen = {
            "the databases looked at while the shop ran": self.monitor.looks,
            "the shop settled after a fault": len(self.monitor.recoveries),
            "an answer lost after the effect": self.proxy.happened[LOST],
            "a batch's answer lost, whole or in part": self.proxy.happened[BATCH_LOST]
            + self.proxy.happened[BATCH_CUT],
        }
        return [f"never seen: {what}" for what, times in seen.items() if not times]


assert set(databases.FILES.values()) == set(SERVICES)
