"""What group commit is worth: `python -m tests.bench.database [DIR]`.

The same insert, at `synchronous=FULL`, one transaction after another under a lock, and through the
helper. The ways take turns for some rounds and medians count, as machines are noisy. Exits 1 when
group commit falls short of what it is there for. DIR (default: the current folder) is to be on a
real disk, as a shop's data is.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

import aiosqlite

from services.common.storage.database import open_database
from services.common.storage.file import prepare
from services.common.storage.thread import on_thread
from tests.schemas import schema_of

ROUNDS = 9
SECONDS = 0.4
GROUPED_AT_LEAST = 5.0
LONE_AT_LEAST = 0.8
SCHEMA = "CREATE TABLE movements (id INTEGER PRIMARY KEY, product INTEGER, delta INTEGER) STRICT"

Write = Callable[[int], Awaitable[int]]


def record(conn: sqlite3.Connection, delta: int) -> int:
    """The unit of work: insert one row, return its id."""
    row = conn.execute(
        "INSERT INTO movements (product, delta) VALUES (?, ?) RETURNING id", (7, delta)
    ).fetchone()
    return int(row["id"])


def record_alone(conn: sqlite3.Connection, delta: int) -> int:
    """The unit of work in a transaction of its own."""
    conn.execute("BEGIN IMMEDIATE")
    number = record(conn, delta)
    conn.execute("COMMIT")
    return number


async def writes_a_second(write: Write, writers: int) -> float:
    """The rate at which `writers` callers, each awaiting its last write, get answers."""
    done = 0
    begin = time.perf_counter()

    async def writer() -> None:
        nonlocal done
        while time.perf_counter() - begin < SECONDS:
            await write(done)
            done += 1

    await asyncio.gather(*(writer() for _ in range(writers)))
    return done / (time.perf_counter() - begin)


async def measure(folder: Path) -> dict[str, list[float]]:
    """Writes a second of each way, in each round."""
    async with AsyncExitStack() as stack:
        plain = await stack.enter_async_context(
            aiosqlite.connect(folder / "plain.db", isolation_level=None)
        )
        await on_thread(plain, prepare, folder / "plain.db", schema_of(SCHEMA))
        database = await stack.enter_async_context(
            open_database(folder / "grouped.db", schema_of(SCHEMA))
        )
        lock = asyncio.Lock()

        async def one_at_a_time(delta: int) -> int:
            async with lock:
                return await on_thread(plain, record_alone, delta)

        async def grouped(delta: int) -> int:
            return await database.write(record, delta)

        ways: dict[str, tuple[Write, int]] = {
            "one at a time": (one_at_a_time, 32),
            "grouped": (grouped, 32),
            "grouped, 256 waiting": (grouped, 256),
            "a lone writer": (grouped, 1),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, (write, writers) in ways.items():
                rates[name].append(await writes_a_second(write, writers))
        return rates


def report(rates: dict[str, list[float]]) -> bool:
    """Print the table; returns whether group commit is worth what it should be."""
    base = rates["one at a time"]
    needed = {"grouped": GROUPED_AT_LEAST, "a lone writer": LONE_AT_LEAST}
    enough = True
    print(f"{'':22}{'writes/s':>10}{'ratio':>8}  at least")
    for name, row in rates.items():
        ratio = median(rate / first for rate, first in zip(row, base, strict=True))
        least = needed.get(name, 0.0)
        enough = enough and ratio >= least
        print(f"{name:22}{median(row):10,.0f}{ratio:8.2f}  {least or ''}")
    return enough


def main() -> int:
    """Measure and report; returns the exit code."""
    run = asyncio.run
    if sys.platform != "win32":
        import uvloop

        run = uvloop.run
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else ".") as folder:
        enough = report(run(measure(Path(folder))))
    print("as it should be" if enough else "TOO SLOW")
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
