"""What attacks the shop: its processes are killed, stopped and told to end, one, several or all."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence

from services.operations.run.supervisor import Timing
from tests.end_to_end.real_shop import is_running

from .processes import TARGETS, Processes

Attack = Callable[[], Awaitable[bool]]
"""Whether it took place: there may be nobody to attack."""

GRACE = Timing().grace
"""Seconds in which one ends by itself: `run.py` gives it as many."""


class Nemesis:
    """Attacks the processes of one shop; `kills` and `faults` count what it did."""

    def __init__(self, processes: Processes, rng: random.Random) -> None:
        self.kills = Counter[str]()
        self.faults = Counter[str]()
        self.breaches: list[str] = []
        """What did not end in its time, in words."""
        self.in_force = 0
        """How many faults have begun and not ended."""
        self.targets: Sequence[str] = TARGETS
        """Whom the attacks on one are on."""
        self.registry: Sequence[str] = ("registry",)
        """Whom some of them are on as well."""
        self.attacks: list[tuple[int, Attack]] = [
            (30, self.kill_one),
            (10, self.kill_several),
            (4, self.kill_all),
            (3, self.kill_run),
            (8, self.stop_and_go_on),
            (5, self.tell_to_end),
            (2, self.roll),
            (4, self.kill_registry),
        ]
        self._processes = processes
        self._rng = rng

    async def attack(self) -> None:
        """Make one attack, whichever it is, and return when it is over."""
        weights = [weight for weight, _ in self.attacks]
        (attack,) = self._rng.choices([attack for _, attack in self.attacks], weights)
        await self.do(attack)

    async def do(self, attack: Attack) -> None:
        """Make this attack, and return when it is over."""
        self.in_force += 1
        try:
            if await attack():
                self.faults[attack_name(attack)] += 1
        finally:
            self.in_force -= 1

    async def kill_one(self) -> bool:
        return self._kill([self._rng.choice(self.targets)])

    async def kill_several(self) -> bool:
        return self._kill(self._rng.sample(TARGETS, self._rng.randint(2, 3)))

    async def kill_all(self) -> bool:
        return self._kill([*TARGETS, "registry"])

    async def kill_registry(self) -> bool:
        return self._kill(["registry"])

    async def kill_run(self) -> bool:
        """Kill what keeps the others running, and start it again."""
        for name in self._processes.pids():
            self.kills[name] += 1
        self.kills["run.py"] += 1
        try:
            await self._processes.kill_run()
            await asyncio.sleep(self._rng.uniform(0.0, 1.0))
        finally:
            self._processes.start()
        return True

    async def stop_and_go_on(self) -> bool:
        """Have a process stand still, as a machine does that has no memory left."""
        pid = self._processes.pids().get(self._rng.choice([*self.targets, *self.registry]))
        if pid is None or not self._processes.signal_pid(pid, signal.SIGSTOP):
            return False
        try:
            await asyncio.sleep(self._rng.uniform(0.3, 4.0))
        finally:
            self._processes.signal_pid(pid, signal.SIGCONT)
        return True

    async def tell_to_end(self) -> bool:
        """Have one end by itself; it is started again."""
        return await self._end(self._rng.choice([*self.targets, *self.registry]))

    async def roll(self) -> bool:
        """Have one after the other end by itself."""
        took_place = False
        for name in TARGETS:
            took_place |= await self._end(name)
            await asyncio.sleep(self._rng.uniform(0.5, 2.0))
        return took_place

    async def _end(self, name: str) -> bool:
        """Tell one to end, and see that it does so in its time; whether it was there."""
        pid = self._processes.pids().get(name)
        if pid is None or not self._processes.signal_pid(pid, signal.SIGTERM):
            return False
        give_up_at = time.monotonic() + GRACE
        while is_running(pid):
            if time.monotonic() > give_up_at:
                self.breaches.append(f"promise 11: {name} did not end in {GRACE:g} s on SIGTERM")
                break
            await asyncio.sleep(0.02)
        return True

    def _kill(self, names: Iterable[str]) -> bool:
        killed = [name for name in names if self._processes.signal(name, signal.SIGKILL)]
        self.kills.update(killed)
        return bool(killed)


def attack_name(attack: Attack) -> str:
    """What the report calls an attack."""
    return getattr(attack, "__name__", "attack").replace("_", " ")
