"""Measures a cell: every system in turn, for some rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .figures import BESIDE, Figures
from .generator import Generator
from .load.job import Job, Result, Target, Thing
from .rows import REQUESTS, Cell
from .systems.shop import Shop
from .systems.system import System

MANY = 256
PLACING_CLIENTS = 32


@dataclass(frozen=True)
class Length:
    """How long is measured, in seconds a round."""

    rounds: int
    seconds: float
    warm_up: float

    def of(self, cell: Cell) -> tuple[float, float]:
        """The seconds that count, and those before them that do not."""
        stretch = 1.0
        if cell.clients >= MANY:  # each waits longer, and for each of its requests
            stretch = 4.0 if cell.row.thing is Thing.PURCHASE else 2.0
        return cell.row.seconds or self.seconds * stretch, self.warm_up * stretch


class Measuring:
    """`beside` makes the purchases that go on while something else is measured."""

    def __init__(
        self,
        shop: Shop,
        others: Sequence[System],
        length: Length,
        generator: Generator,
        beside: Generator,
    ) -> None:
        self.figures = Figures()
        self._shop = shop
        self._others = others
        self._length = length
        self._generator = generator
        self._beside = beside
        self._guests: Target | None = None

    def measure(self, cell: Cell) -> None:
        """Measure it in all rounds, and note the results."""
        row = cell.row
        rounds = 1 if row.alone else self._length.rounds
        others = () if row.alone or row.to_itself else self._others
        for _ in range(rounds):
            for system in (self._shop, *others):
                result = self._round(cell, system)
                self.figures.results[cell.key, system.name].append(result)

    def reach(self, requests: int) -> None:
        """Send the shop requests until it has had so many."""
        while self.figures.requests < requests:
            job = Job(target=self._shop.target, thing=Thing.PRODUCT, clients=32, seconds=2.0)
            self._count(job, self._generator.do(job))

    def _round(self, cell: Cell, system: System) -> Result:
        seconds, warm_up = self._length.of(cell)
        thing, target = cell.row.thing, system.target
        if cell.row.storefront:
            target = self._through_the_storefront(cell.clients)
        if thing is Thing.PAY:
            place = Job(
                target=target,
                thing=Thing.ORDER,
                clients=PLACING_CLIENTS,
                seconds=seconds * 1.2,
                warm_up=0.0,
            )
            self._count(place, self._generator.do(place))
        if cell.row.purchases_beside:
            other = Job(
                target=self._shop.target,
                thing=Thing.PURCHASE,
                clients=32,
                seconds=seconds + warm_up,
                rate=cell.row.purchases_beside,
            )
            self._beside.begin(other)
        job = Job(
            target=target,
            thing=thing,
            clients=cell.clients,
            seconds=seconds,
            warm_up=warm_up,
            pids=dict(system.pids),
        )
        result = self._generator.do(job)
        self._count(job, result)
        if cell.row.purchases_beside:
            beside = self._beside.result()
            self._count(other, beside)
            self.figures.results[cell.key, BESIDE].append(beside)
        return result

    def _count(self, job: Job, result: Result) -> None:
        """Note what the shop was sent, for its memory."""
        if job.target.name.startswith(self._shop.name):
            self.figures.requests += result.done * REQUESTS.get(job.thing, 1)

    def _through_the_storefront(self, guests: int) -> Target:
        if self._guests is None:
            self._guests = self._shop.through_the_storefront(guests)
        return self._guests
