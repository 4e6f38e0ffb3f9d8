"""A program that writes through the product's own helper, and tells of each answer in a file.

Run by `recording`, one life of a database after the other. Whatever is unlike the product (a lower
`synchronous`, a checkpoint after fewer pages) is brought in here, from outside.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sqlite3
from contextlib import suppress
from pathlib import Path

from services.common.storage import file as database_file
from services.common.storage import group_commit
from services.common.storage.database import Database, open_database
from tests.schemas import schema_of

from .rows import SCHEMA, AlreadyDone, Versions, change, content, newest

WORKERS = 6
PAGES_UNTIL_CHECKPOINT = 40
WAL_LIMIT = 100_000
LOOK_EVERY_UNITS = 30


class Life:
    """One start of the database at `path`; what it hears goes to the file descriptor `heard`."""

    def __init__(self, path: Path, heard: int, number: int, rounds: int, seed: int) -> None:
        self._path = path
        self._heard = heard
        self._number = number
        self._rounds = rounds
        self._seed = seed

    async def run(self) -> None:
        """Open, answer for what is there, write, close."""
        async with open_database(self._path, schema_of(SCHEMA)) as database:
            found = await database.read(newest)
            self._tell(found)
            workers = (self._work(database, worker, found) for worker in range(WORKERS))
            await asyncio.gather(*workers)

    async def _work(self, database: Database, worker: int, found: Versions) -> None:
        rng = random.Random(f"{self._seed}/{self._number}/{worker}")
        alive = {
            row: version
            for row, version in found.items()
            if row % WORKERS == worker and content(row, version) is not None
        }
        for turn in range(self._rounds):
            fresh = (self._number * self._rounds + turn) * WORKERS + worker
            row = rng.choice([*alive, fresh] if rng.random() < 0.6 else [fresh])
            version = alive.pop(row, 0) + 1
            repeats = rng.choice((1, 1, 2))
            await asyncio.gather(*(self._hear(database, row, version) for _ in range(repeats)))
            if content(row, version) is not None:
                alive[row] = version
            if rng.random() < 0.1:
                self._tell(await database.read(newest))

    async def _hear(self, database: Database, row: int, version: int) -> None:
        with suppress(AlreadyDone):
            await database.write(change, row, version)
        self._tell({row: version})

    def _tell(self, versions: Versions) -> None:
        os.write(self._heard, json.dumps(versions).encode() + b"\n")


def unlike_the_product(number: int, synchronous: str, *, put_on_disk: bool) -> None:
    """Change the helper in this process: checkpoints in every life, by SQLite or by the helper."""
    last_step = database_file._make_durable

    def changed(conn: sqlite3.Connection, path: Path) -> None:
        if put_on_disk:
            last_step(conn, path)
        conn.execute(f"PRAGMA synchronous = {synchronous}")
        if number % 2:
            conn.execute(f"PRAGMA wal_autocheckpoint = {PAGES_UNTIL_CHECKPOINT}").fetchall()

    database_file._make_durable = changed
    if number % 2 == 0:
        group_commit.WAL_LIMIT = WAL_LIMIT
        group_commit.LOOK_EVERY_UNITS = LOOK_EVERY_UNITS


def main() -> None:
    """Live once, as the flags say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", type=Path)
    parser.add_argument("heard", type=Path)
    parser.add_argument("--life", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--synchronous", required=True)
    parser.add_argument("--not-put-on-disk", action="store_true")
    flags = parser.parse_args()
    unlike_the_product(flags.life, flags.synchronous, put_on_disk=not flags.not_put_on_disk)
    heard = os.open(flags.heard, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    asyncio.run(Life(flags.database, heard, flags.life, flags.rounds, flags.seed).run())


if __name__ == "__main__":
    main()
