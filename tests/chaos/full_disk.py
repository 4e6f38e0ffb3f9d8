"""Promise 10 of services/README.md, on a disk that is really full: a small shop of its own, whose
data is on a tmpfs that is filled to the last byte while its clients work.
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from io import FileIO
from pathlib import Path

from .campaign import Campaign
from .processes import SERVICES
from .report import NOT_RUN, Report

CLIENTS = 8
SIZE = "24m"
SECONDS_TO_PAY = 3600.0
"""No order expires meanwhile, so that nothing has to be waited for in the end."""
FULL_SECONDS = 4.0
KILLED_SECONDS = 2.0
WORKS_AGAIN_WITHIN = 10.0
READS = ("cart", "product", "order", "orders", "events")
NO_ROOM = 507


class NotPossible(Exception):
    """No disk can be filled here; the message says why."""


async def report_full_disk(report: Report, folder: Path, base_port: int, seed: int) -> None:
    """Fill a disk, if one can be had here, and report what came of it."""
    try:
        report.full_disk, violations = await fill_a_disk(folder, base_port, seed)
    except NotPossible as reason:
        report.full_disk = f"{NOT_RUN}: {reason}"
    else:
        report.violations += (f"full disk: {violation}" for violation in violations)


async def fill_a_disk(folder: Path, base_port: int, seed: int) -> tuple[str, list[str]]:
    """Have a shop work on a disk that is full for a while; returns what came of it, in words, and
    what was not as promised. Raises NotPossible.
    """
    data = folder / "data"
    data.mkdir(parents=True)
    with tmpfs(data):
        async with Campaign(
            folder, base_port, seed, clients=CLIENTS, seconds_to_pay=SECONDS_TO_PAY
        ) as shop:
            async with AsyncExitStack() as stack:
                await shop.working(stack)
                await asyncio.sleep(1.0)
                before = shop.processes.pids()
                first = len(shop.history.records)
                async with filled(data):
                    await asyncio.sleep(FULL_SECONDS)
                    met = [r for r in shop.history.records[first:] if r.outcome != "begun"]
                    after = shop.processes.pids()
                    for name in (*SERVICES, "registry"):
                        shop.processes.signal(name, signal.SIGKILL)
                    await asyncio.sleep(KILLED_SECONDS)
                again_in = await _writes_work_again(shop)
            report = await shop.check()
    without_room = Counter(record.op for record in met if record.status == NO_ROOM)
    reads = [record for record in met if record.op in READS]
    ended = sorted(name for name, pid in before.items() if after.get(name) != pid)
    breaches = [
        f"promise 10: a read on a full disk: {record}" for record in reads if record.outcome != "ok"
    ]
    if not without_room:
        breaches.append("promise 10: no write met the full disk")
    if not reads:
        breaches.append("promise 10: no read met the full disk")
    if again_in is None:
        breaches.append(f"promise 10: no write worked {WORKS_AGAIN_WITHIN} s after there was room")
    text = (
        f"{FULL_SECONDS:.0f} s without a byte of room: {without_room.total()} writes answered 507,"
        f" {len(reads)} reads answered, {', '.join(ended) or 'no process'} ended by it; then"
        " all that keep data killed on it; all wrote again"
        f" {again_in or 0:.1f} s after there was room"
    )
    return text, breaches + report.violations


@contextmanager
def tmpfs(folder: Path) -> Iterator[None]:
    """A small disk of its own at `folder`. Raises NotPossible."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    try:
        tried = subprocess.run(mount, check=False, capture_output=True, text=True)
    except OSError as error:
        raise NotPossible(f"no tmpfs can be mounted here ({error})") from None
    if tried.returncode != 0:
        reason = tried.stderr.partition("\n")[0].rpartition(": ")[2]
        raise NotPossible(f"no tmpfs can be mounted here ({reason})")
    try:
        yield
    finally:
        # Whatever still holds a file of it keeps its memory until it ends, and no longer.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@asynccontextmanager
async def filled(folder: Path) -> AsyncIterator[None]:
    """Not a byte is free in `folder`, and what becomes free is taken at once."""
    filler = folder / "filler"
    with filler.open("ab", buffering=0) as file:
        _fill(file)

        async def keep_full() -> None:
            while True:
                await asyncio.sleep(0.01)
                _fill(file)

        task = asyncio.create_task(keep_full())
        try:
            yield
        finally:
            task.cancel()
            filler.unlink()


def _fill(file: FileIO) -> None:
    for size in (2**20, 2**12, 1):
        with suppress(OSError):
            while file.write(bytes(size)) == size:
                pass


async def _writes_work_again(shop: Campaign) -> float | None:
    """Seconds from now until every service has taken a write; None if that takes too long."""
    first, began = len(shop.history.records), time.monotonic()
    while (waited := time.monotonic() - began) < WORKS_AGAIN_WITHIN:
        done = {
            record.note["service"]
            for record in shop.history.records[first:]
            if record.method != "GET" and record.outcome == "ok" and record.status != 202
        }
        if done.issuperset(SERVICES):
            return waited
        await asyncio.sleep(0.02)
    return None
