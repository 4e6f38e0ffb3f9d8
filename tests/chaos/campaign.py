"""One run: a shop is started, clients work, faults come, and then the promises are checked."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp

from client.discovery import Discovery
from client.models import Product
from client.transport import Transport, open_session
from services.common.auth import Keyring
from services.common.settings import DEVELOPMENT_KEY
from tests.end_to_end.real_shop import run

from . import checkers, databases, logs
from .caller import Caller
from .crash_points import CrashPoints
from .history import History
from .monitor import Monitor
from .nemesis import Nemesis
from .processes import SERVICES, Processes
from .proxy import Proxy
from .report import Report
from .stand_in import StandIn
from .surroundings import Surroundings
from .sweep import sweep
from .workload import Customer, Goods, rng_of

CLIENTS = 16
HOT, COLD = 3, 10
HOT_STOCK, COLD_STOCK = 5, 20_000
PROXY_RATE = 0.05
LEFT_ALONE = 0.25
"""How often, after an attack, the next one waits until all have settled."""


class Campaign:
    """A shop under attack, in a folder of its own."""

    def __init__(self, folder: Path, base_port: int, seed: int) -> None:
        self.report = Report(seed)
        self.history = History(folder / "history.jsonl")
        self.processes = Processes(folder, base_port)
        self.proxy = Proxy(rng_of(seed, "proxy"))
        self.stand_in = StandIn(self.processes.registry_url, self.proxy, rng_of(seed, "stand-in"))
        self.nemesis = Nemesis(self.processes, rng_of(seed, "nemesis"))
        around = Surroundings(
            self.processes, self.stand_in, self.nemesis.kills, rng_of(seed, "surroundings")
        )
        self.nemesis.attacks += around.attacks
        self.points = CrashPoints(folder)
        self.monitor = Monitor(self.processes, lambda: not self.nemesis.in_force)
        self._seed = seed
        self._sweeps = 0
        self._gaps = rng_of(seed, "gaps")
        self._callers: list[Caller] = []
        self._customers: list[Customer] = []
        self._tidy = set[str]()
        self._open = AsyncExitStack()
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Campaign:
        async with AsyncExitStack() as stack:
            stack.callback(self.processes.clean_up)
            for part in (self.proxy, self.stand_in):
                await part.open()
                stack.push_async_callback(part.close)
            self.processes.stand_in = self.stand_in.url
            self._session = await stack.enter_async_context(open_session())
            self.processes.start()
            await self.processes.ready(self._session)
            await self._hire(stack)
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
                with suppress(TimeoutError):
                    async with asyncio.timeout(15.0):
                        await self.monitor.recovered()

    async def attack_with_each(self, *, within: float) -> None:
        """Attack in every way once, one after the other, as far as `within` seconds allow it."""
        ends = time.monotonic() + within
        for _, deed in self._gaps.sample(self.nemesis.attacks, len(self.nemesis.attacks)):
            if time.monotonic() > ends:
                return
            await self.nemesis.do(deed)
            await asyncio.sleep(self._gaps.uniform(0.1, 0.5))

    async def hit_every_point(self, *, within: float) -> None:
        """Have every service end itself at each of its points, if `within` seconds allow it."""
        self.proxy.rate = PROXY_RATE
        ends = time.monotonic() + within
        self._sweeps += 1
        await sweep(
            self.points,
            rng_of(self._seed, f"sweep {self._sweeps}"),
            lambda: time.monotonic() > ends,
        )

    async def working(self, stack: AsyncExitStack) -> None:
        """Have the clients work and the monitor look until the stack ends."""
        tasks = [asyncio.create_task(customer.run()) for customer in self._customers]
        tasks.append(asyncio.create_task(self.monitor.run()))

        async def stop() -> None:
            for task in tasks:
                task.cancel()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(outcome, Exception):
                    raise outcome

        stack.push_async_callback(stop)

    async def check(self) -> Report:
        """Leave the shop alone, have all settle, stop it, and look for what does not hold."""
        report = self.report
        await self.proxy.quiet()
        self.stand_in.away = False
        self.points.clear()
        await self.processes.ready(self._session)
        for unknown in await asyncio.gather(*(caller.settle() for caller in self._callers)):
            report.violations += (f"promise 6: no final answer: {record}" for record in unknown)
        if due := await self.monitor.settled():
            report.violations.append(f"promise 3, 5: not settled in the end: {due}")
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
        with databases.opened(self.processes.data) as conn:
            report.violations += databases.breaches(conn)
            report.violations += checkers.violations(
                self.history, conn, self._tidy, self.proxy.replayed_keys
            )
        report.violations += logs.violations(self.processes.folder / "run.log")
        report.violations += self.monitor.breaches
        report.count(self.history, self.nemesis, self.proxy, self.points, self.monitor)
        return report

    async def _hire(self, stack: AsyncExitStack) -> None:
        """Put the goods on sale, and give each client its way to the shop."""
        session = self._session
        straight, around = [
            await stack.enter_async_context(Discovery(session, url, DEVELOPMENT_KEY))
            for url in (self.processes.registry_url, self.stand_in.url)
        ]
        direct = Transport(session, straight, DEVELOPMENT_KEY)
        goods = Goods(
            [await _put_on_sale(direct, f"hot {i}", HOT_STOCK) for i in range(HOT)],
            [await _put_on_sale(direct, f"cold {i}", COLD_STOCK) for i in range(COLD)],
        )
        proxied = Transport(session, around, DEVELOPMENT_KEY)
        keyring, now = Keyring(DEVELOPMENT_KEY), datetime.now(UTC)
        for number in range(CLIENTS):
            name = f"client-{number}"
            token = keyring.sign_token(name, now=now, lifetime=timedelta(days=1))
            transport = Transport(session, straight if number % 4 == 0 else around, token)
            rng = rng_of(self._seed, name)
            caller = Caller(name, transport, self.history, rng)
            operator = Caller(f"operator-{number}", proxied, self.history, rng)
            tidy = number % 2 == 0
            if tidy:
                self._tidy.add(name)
            self._callers += [caller, operator]
            self._customers.append(Customer(caller, operator, goods, tidy=tidy))


async def _put_on_sale(transport: Transport, name: str, stock: int) -> int:
    sent = {"name": name, "price": 1.25 if stock == HOT_STOCK else 3.10, "stock": stock}
    answer = await transport.request("catalog", "POST", "/products", json=sent)
    product = answer.decode(Product)
    return product.id


assert set(databases.FILES.values()) == set(SERVICES)
