"""Runs a job: all its clients at once, and counts what they did while it counts."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from dataclasses import dataclass, field

from ..arithmetic import percentile
from ..processes import processor_seconds
from .client import BROKEN, PAUSE_AFTER_FAILURE, SERVICES, Client, NoneLeft, Order
from .job import Job, Result

PATIENCE = 20.0
"""Seconds for which answers are waited for after the time that counts."""


@dataclass
class Tally:
    """What has been done so far; it counts from `begin` to `end`."""

    counts: bool = False
    over: bool = False
    latencies: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    none_left: asyncio.Event = field(default_factory=asyncio.Event)


class Pace:
    """Lets things begin at a steady rate."""

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate if rate else 0.0
        self._next = time.perf_counter()

    async def turn(self) -> None:
        if self._gap:
            at, self._next = self._next, self._next + self._gap
            if (wait := at - time.perf_counter()) > 0:
                await asyncio.sleep(wait)


async def run(job: Job, unpaid: deque[Order]) -> Result:
    """Have it done. Raises OSError if the system cannot be reached."""
    clients = [Client(job, number, unpaid) for number in range(job.clients)]
    for client in clients:
        await client.connect(SERVICES[job.thing])
    tally, pace = Tally(), Pace(job.rate)
    tasks = [asyncio.create_task(_keep_on(client, tally, pace)) for client in clients]
    await _until(job.warm_up, tally)
    before, began = _cpu(job), time.perf_counter()
    tally.counts = True
    await _until(job.seconds, tally)
    tally.counts, tally.over = False, True
    seconds = time.perf_counter() - began
    after = _cpu(job)
    _, waiting = await asyncio.wait(tasks, timeout=PATIENCE)
    for task in waiting:
        task.cancel()
    tally.errors["no answer"] += len(waiting)
    for client in clients:
        client.close()
    return Result(
        done=len(tally.latencies),
        seconds=seconds,
        p50=percentile(tally.latencies, 0.5),
        p99=percentile(tally.latencies, 0.99),
        errors=dict(+tally.errors),
        cpu={name: after[name] - before[name] for name in before},
    )


async def _until(seconds: float, tally: Tally) -> None:
    """Wait so long, or until nothing is left to be done."""
    try:
        async with asyncio.timeout(seconds):
            await tally.none_left.wait()
    except TimeoutError:
        return


async def _keep_on(client: Client, tally: Tally, pace: Pace) -> None:
    while not tally.over:
        await pace.turn()
        try:
            took = await client.do()
        except NoneLeft:
            tally.none_left.set()
            return
        except BROKEN as error:
            tally.errors[str(error) or type(error).__name__] += 1
            client.begin_anew()
            await asyncio.sleep(PAUSE_AFTER_FAILURE)
        else:
            if tally.counts:
                tally.latencies.append(took)


def _cpu(job: Job) -> dict[str, float]:
    shop = {name: processor_seconds(pid) for name, pid in job.pids.items()}
    return {**shop, "generator": time.process_time()}
