"""Writes that are certain to share one transaction, and connections whose COMMIT fails or waits."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest

from services.common.storage.database import Database

SCHEMA = """
CREATE TABLE products (sku TEXT PRIMARY KEY, stock INTEGER NOT NULL CHECK (stock >= 0)) STRICT;
CREATE TABLE photos (id INTEGER PRIMARY KEY, image BLOB NOT NULL) STRICT;
CREATE TRIGGER no_rollbacks BEFORE INSERT ON products WHEN NEW.sku = 'rollback'
BEGIN SELECT RAISE(ROLLBACK, 'rolled back by a trigger'); END;
"""

Unit = Callable[[sqlite3.Connection], Any]


class Refused(Exception):
    """A rejection of a unit's own."""


def add(sku: str, stock: int = 1) -> Unit:
    """A unit that adds a product and returns its sku."""

    def unit(conn: sqlite3.Connection) -> str:
        conn.execute("INSERT INTO products (sku, stock) VALUES (?, ?)", (sku, stock))
        return sku

    return unit


def refuse_if_taken(sku: str) -> Unit:
    """A unit that is refused when there is such a product."""

    def unit(conn: sqlite3.Connection) -> None:
        if conn.execute("SELECT 1 FROM products WHERE sku = ?", (sku,)).fetchone():
            raise Refused(sku)

    return unit


def add_photo(size: int) -> Unit:
    """A unit that adds `size` bytes."""

    def unit(conn: sqlite3.Connection) -> None:
        conn.execute("INSERT INTO photos (image) VALUES (zeroblob(?))", (size,))

    return unit


def skus(conn: sqlite3.Connection) -> list[str]:
    """All products there are."""
    return [row["sku"] for row in conn.execute("SELECT sku FROM products ORDER BY sku")]


@asynccontextmanager
async def held(database: Database) -> AsyncIterator[None]:
    """Keep the thread that writes busy, so that what is written meanwhile waits together."""
    begun, go_on = threading.Event(), threading.Event()

    def hold(_conn: sqlite3.Connection) -> None:
        begun.set()
        go_on.wait(10)

    holding = asyncio.create_task(database.write(hold))
    await asyncio.to_thread(begun.wait, 10)
    try:
        yield
    finally:
        go_on.set()
        await asyncio.wait({holding})
        holding.exception()  # it may be lost with the others


async def together(database: Database, *units: Unit) -> list[Any]:
    """What became of units that shared a transaction, with those that raised as exceptions."""
    async with held(database):
        writes = [asyncio.create_task(database.write(unit)) for unit in units]
        await asyncio.sleep(0)
    return await asyncio.gather(*writes, return_exceptions=True)


class FaultyConnection(sqlite3.Connection):
    """A connection whose COMMIT fails with `code`, or waits for `go_on`, when a test says so."""

    code: ClassVar[int | None] = None
    go_on: ClassVar[threading.Event | None] = None
    reached: ClassVar[threading.Event] = threading.Event()
    commits: ClassVar[int] = 0

    def commit(self) -> None:
        """Commit, unless it is to fail."""
        type(self).commits += 1
        self.reached.set()
        if self.go_on:
            self.go_on.wait(10)
        if self.code is None:
            return super().commit()
        super().rollback()
        error = sqlite3.OperationalError("made to fail")
        error.sqlite_errorcode = self.code
        raise error


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> type[FaultyConnection]:
    """Every connection opened from here on can be made faulty by setting the class's attributes."""

    class Faulty(FaultyConnection):
        """The class of this test alone."""

    connect = sqlite3.connect

    def connect_faulty(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        return connect(*args, **kwargs, factory=Faulty)

    monkeypatch.setattr(sqlite3, "connect", connect_faulty)
    return Faulty
