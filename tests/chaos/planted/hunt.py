"""A short campaign that keeps to what brings one bug to light, and ends as soon as it has."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from ..campaign import Campaign
from .bug import Focus

ROUNDS = 5
ROUND = 3.0
"""Seconds of attack, after which all may settle and everything is looked at."""
LOOK_EVERY = 0.25
"""Seconds between two looks at the databases while the shop runs."""
GAP = (0.1, 0.6)
"""Seconds between two attacks: from, to."""
REACHED_WITHIN = 3.0


class Hunt(Campaign):
    """A campaign with a focus; with a bug's name, it is planted in the shop."""

    def __init__(
        self, folder: Path, base_port: int, seed: int, focus: Focus, bug: str = ""
    ) -> None:
        super().__init__(folder, base_port, seed, seconds_to_pay=focus.seconds_to_pay)
        self._focus = focus
        self.processes.bug = bug
        self.monitor.look_every = LOOK_EVERY
        self.nemesis.attacks = [
            (weight, attack)
            for weight, attack in self.nemesis.attacks
            if getattr(attack, "__name__", "") in focus.attacks
        ]
        if focus.targets:
            self.nemesis.targets = self.surroundings.targets = focus.targets
            self.nemesis.registry = ()
        if focus.actions:
            self.stand_in.proxied = 1.0
        self.proxy.faults = {name: self.proxy.faults[name] for name in focus.faults}

    async def __aenter__(self) -> Hunt:
        await super().__aenter__()
        if self._focus.actions:
            for customer in self.clients.customers:
                customer.keep_to(self._focus.actions)
        return self

    async def search(self, pattern: str, rounds: int = ROUNDS) -> list[str]:
        """Attack, let all settle and look, `rounds` times or until a violation has the pattern.

        Returns those that have it; where none has, all that were found.
        """
        found = list[str]()
        for _ in range(rounds):
            await self._attack_until(lambda: bool(matching(pattern, self.monitor.breaches)))
            found += self.monitor.breaches
            if not matching(pattern, found):
                found += await self.settle()
                found += self.breaches()
            if matching(pattern, found):
                break
        return matching(pattern, found) or found

    async def _attack_until(self, is_over: Callable[[], bool]) -> None:
        """Work and attack for a round, or until it is over."""
        ends = time.monotonic() + ROUND
        self.proxy.rate = self._focus.proxied
        async with AsyncExitStack() as stack:
            await self.working(stack)
            async with asyncio.TaskGroup() as group:
                attackers = [group.create_task(self._attack())]
                for service, names in _by_service(self._focus.points).items():
                    attackers.append(group.create_task(self._aim(service, names)))
                while time.monotonic() < ends and not is_over():  # noqa: ASYNC110  many causes
                    await asyncio.sleep(0.05)
                for attacker in attackers:
                    attacker.cancel()

    async def _attack(self) -> None:
        while self.nemesis.attacks:
            await asyncio.sleep(self._gaps.uniform(*GAP))
            await self.nemesis.attack()

    async def _aim(self, service: str, names: Iterable[str]) -> None:
        """Have a service end itself at one of its points after the other, again and again, with
        some work done in between.
        """
        for name in itertools.cycle(names):
            while not await self.processes.is_ready(self._session, service):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            await asyncio.sleep(self._gaps.uniform(*GAP))
            self.points.aim(service, name)
            with suppress(TimeoutError):
                async with asyncio.timeout(REACHED_WITHIN):
                    while self.points.is_aimed(service):  # noqa: ASYNC110  a file has no event
                        await asyncio.sleep(0.02)


def _by_service(points: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found = defaultdict[str, list[str]](list)
    for service, name in points:
        found[service].append(name)
    return found


def matching(pattern: str, violations: Iterable[str]) -> list[str]:
    """Those violations that have the pattern."""
    return [each for each in violations if re.search(f"promise {pattern}", each)]
