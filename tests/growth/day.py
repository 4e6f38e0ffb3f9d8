"""A shop in which one guest has orders refused all day long: what stays of it, and what its purge
costs those that write meanwhile. The services' own units of work, on a clock of its own.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from array import array
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from services.catalog.messages import NewLine, NewReservation
from services.catalog.transitions import forget_rejected_reservations, reserve_stock
from services.common.core.clock import seconds_after
from services.common.core.currency import USD
from services.common.core.rejection import Rejection
from services.common.durable.purge import Forget, forget_all
from services.common.storage.database import Database, open_database
from services.common.storage.group_commit import LOOK_EVERY_UNITS, GroupCommit
from services.common.storage.thread import Call
from services.common.web import idempotency_keys
from services.common.web.idempotency_keys import IdempotencyKey, find, forget_old_keys
from services.common.web.responses import StoredResponse
from services.operations.databases import AUDITED, schema_of
from services.order import placement, store
from services.order import transitions as order
from services.order.model import Checkout, Item

OPENING = "2026-01-01T00:00:00.000Z"
A_SECOND = 50
"""Orders, as many as the storefront lets one customer send."""
DAY = 24 * 3600.0
PRODUCT, SOLD_OUT = 1, 2
ONE_IN = 100
"""So many orders are refused, and then one is held: it has to stay."""
AT_ONCE = 250
"""Orders a unit of work: that it is quick is not what is measured here."""
ONE_BY_ONE = 20_000
"""Orders that are placed by the services' units of work. Further ones are copies of the refused
among them, row by row, and so one in a hundred fewer: a day of them is some million.
"""

FORGETS: Mapping[str, Sequence[Forget]] = {
    "orders": [forget_old_keys, order.forget_rejected_orders],
    "products": [forget_old_keys, forget_rejected_reservations],
}
"""What is purged in each database, in the order of the services."""
REFUSED = "'REJECTED' AND updated_at >= :since AND updated_at < :until"
TABLES = {
    "orders": {
        "orders": f"status = {REFUSED}",
        "order_events": f"order_id IN (SELECT order_id FROM orders WHERE status = {REFUSED})",
        "idempotency_keys": "status = 409 AND created_at >= :since AND created_at < :until",
    },
    "products": {"reservations": f"state = {REFUSED}"},
}
"""The tables of each database, and which of their rows are of refused orders."""
LATER = "strftime('%Y-%m-%dT%H:%M:%fZ', {}, :seconds || ' seconds')"
OF_A_COPY = {
    "order_id": "id_of_copy(order_id, :number)",
    "entity": "id_of_copy(entity, :number)",
    "key": "printf('%036d', key + :number * :one_by_one)",
    **{name: LATER.format(name) for name in ("created_at", "updated_at", "at")},
}
"""What is another in the copy of a row."""
NUMBERED = {"number", "id"}
"""Columns that SQLite counts up."""


@dataclass
class Shop:
    """The open databases of a shop of which no service runs."""

    databases: Mapping[str, Database]
    placed: int = 0

    async def order(self, orders: int, since: str) -> str:
        """Have so many orders placed from `since` on; returns when the last one was."""
        await self._place(min(orders, ONE_BY_ONE), since)
        for number, first in enumerate(range(ONE_BY_ONE, orders, ONE_BY_ONE), start=1):
            until = seconds_after(since, min(ONE_BY_ONE, orders - first) / A_SECOND)
            for name, tables in TABLES.items():
                await self.databases[name].write(copy, tables, number, since, until)
        for database in self.databases.values():
            for _ in range(LOOK_EVERY_UNITS):  # then a WAL that copies have made long is cut
                await database.write(lambda _conn: None)
        self.placed += orders
        return seconds_after(since, orders / A_SECOND)

    async def _place(self, orders: int, since: str) -> None:
        for first in range(0, orders, AT_ONCE):
            numbers = range(self.placed + first, self.placed + min(first + AT_ONCE, orders))
            moments = [
                seconds_after(since, (number - self.placed) / A_SECOND) for number in numbers
            ]
            ids = await self.databases["orders"].write(place, numbers, moments)
            answers = await self.databases["products"].write(reserve, numbers, ids, moments)
            await self.databases["orders"].write(settle, ids, answers, moments)

    async def purge(self, now: str) -> None:
        """What the services do every hour, each by itself."""
        async with asyncio.TaskGroup() as group:
            for name, units in FORGETS.items():
                group.create_task(forget_all(self.databases[name], units, now))

    async def kept(self, number: int) -> StoredResponse | None:
        """The final response under the key of an order."""
        stored = await self.databases["orders"].read(find, key_of(number))
        return stored.response if stored else None

    async def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        return {
            table: await self.databases[name].read(count, table)
            for name, tables in TABLES.items()
            for table in tables
        }

    async def bytes_in_use(self) -> int:
        """The pages of the databases that something is in."""
        return sum([await self.databases[name].read(in_use) for name in FORGETS])


@asynccontextmanager
async def open_shop(folder: Path) -> AsyncIterator[Shop]:
    """A shop with two products, one of which is sold out."""
    async with AsyncExitStack() as stack:
        databases = {
            name: await stack.enter_async_context(
                open_database(folder / f"{name}.db", schema_of(f"{name}.db"))
            )
            for name in AUDITED
        }
        await databases["products"].write(stock, PRODUCT, 1_000_000)
        await databases["products"].write(stock, SOLD_OUT, 0)
        yield Shop(databases)


def stock(conn: sqlite3.Connection, product_id: int, units: int) -> None:
    """Add a product, as the ledger has it."""
    conn.execute(
        "INSERT INTO products (id, name, description, category, price_minor, currency,"
        " minor_per_major, available, created_at, updated_at, sort_name, search_text)"
        " VALUES (?, 'Pear Drops', '', 'sweets', 250, ?, ?, ?, '', '', '', '')",
        (product_id, USD.code, USD.minor_per_major, units),
    )
    conn.execute(
        "INSERT INTO stock_ledger (product_id, movement, available, reserved, sold, reason, at)"
        " VALUES (?, 'stock', ?, 0, 0, '', '')",
        (product_id, units),
    )


def is_held(number: int) -> bool:
    """Whether an order is one that stays."""
    return number % ONE_IN == ONE_IN - 1


def product_of(number: int) -> int:
    return PRODUCT if is_held(number) else SOLD_OUT


def key_of(number: int) -> IdempotencyKey:
    """The key of an order, as long as those that the client library makes."""
    return IdempotencyKey("customer guest", "POST", "/orders", f"{number:036d}", f"{number:064x}")


def file_sizes(folder: Path) -> int:
    """The bytes of the databases on the disk."""
    return sum(path.stat().st_size for path in folder.glob("*.db"))


@contextmanager
def at(moment: str) -> Iterator[None]:
    """Have it be then, for the keys: they alone look at the clock themselves."""
    with mock.patch.object(idempotency_keys, "utc_now", return_value=moment):
        yield


def place(conn: sqlite3.Connection, numbers: range, moments: Sequence[str]) -> list[str]:
    """Step 1 of a checkout, for each of many orders; returns their ids."""
    ids = []
    for number, moment in zip(numbers, moments, strict=True):
        checkout = Checkout(
            user_id="guest",
            items=[Item(product_id=product_of(number), quantity=1)],
            expected_total_minor=None,
            cart_version=None,
            currency=USD,
            seconds_to_pay=10 * 365 * DAY,
        )
        with at(moment):
            placed = placement.place_order(
                conn, checkout, key_of(number), moment, f"request {number}"
            )
        ids.append(placed.order.order_id)
    return ids


def reserve(
    conn: sqlite3.Connection, numbers: range, ids: Sequence[str], moments: Sequence[str]
) -> list[Rejection | None]:
    """Step 2: the catalog's rejection of each order, None for one that it holds."""
    answers = []
    for number, order_id, moment in zip(numbers, ids, moments, strict=True):
        wanted = NewReservation(lines=[NewLine(product_id=product_of(number), quantity=1)])
        answer = reserve_stock(conn, order_id, wanted, USD, moment)
        answers.append(answer if isinstance(answer, Rejection) else None)
    return answers


def settle(
    conn: sqlite3.Connection,
    ids: Iterable[str],
    answers: Sequence[Rejection | None],
    moments: Sequence[str],
) -> None:
    """Step 3: the answer of each order, which is kept under its key."""
    for order_id, answer, moment in zip(ids, answers, moments, strict=True):
        placed = store.get_order(conn, order_id)
        if answer is not None:
            order.reject_order(conn, placed, answer, moment, "a request")
        else:
            item = Item(product_id=PRODUCT, quantity=1, name="Pear Drops", price_minor=250)
            order.hold_stock(conn, placed, [item], 250, moment, "a request")


def copy(
    conn: sqlite3.Connection, tables: Mapping[str, str], number: int, since: str, until: str
) -> None:
    """Copy the refused orders of a while once more, as they would be so many whiles later."""
    conn.create_function("id_of_copy", 2, id_of_copy, deterministic=True)
    values = {
        "number": number,
        "seconds": number * ONE_BY_ONE / A_SECOND,
        "one_by_one": ONE_BY_ONE,
        "since": since,
        "until": until,
    }
    for table, refused in tables.items():
        names = {row["name"] for row in conn.execute(f"PRAGMA table_info({table})")} - NUMBERED
        copied = ", ".join(OF_A_COPY.get(name, name) for name in names)
        conn.execute(
            f"INSERT INTO {table} ({', '.join(names)})"
            f" SELECT {copied} FROM {table} WHERE {refused}",
            values,
        )


def id_of_copy(order_id: str, number: int) -> str:
    """The id of an order's copy, anywhere among the others. The factor is odd, so that no two
    copies have the same.
    """
    moved = int(order_id[:8], 16) + number * 2_654_435_761
    return f"{moved % 2**32:08x}{order_id[8:]}"


def touch(conn: sqlite3.Connection) -> None:
    """The smallest write that there is, to hold the purge against."""
    conn.execute("UPDATE products SET version = version + 1 WHERE id = ?", (PRODUCT,))


def count(conn: sqlite3.Connection, table: str) -> int:
    """How many rows a table has."""
    return int(conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def in_use(conn: sqlite3.Connection) -> int:
    """The bytes of a database's pages, less those that are free."""
    pages, free, size = (
        conn.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


@dataclass
class Holds:
    """For how long a writer was held each time, from BEGIN to the end of COMMIT, in milliseconds:
    as others see it, and the processor's part of it, which a busy machine does not stretch.

    Arrays of numbers, and no object for each hold: a day has so many that the garbage collector
    would look through them in the time that is measured.
    """

    wall: array[float] = field(default_factory=lambda: array("d"))
    processor: array[float] = field(default_factory=lambda: array("d"))

    def __iadd__(self, others: Holds) -> Holds:
        self.wall += others.wall
        self.processor += others.processor
        return self

    def take(self) -> Holds:
        """The holds until now; none is left here."""
        taken = Holds(self.wall, self.processor)
        self.wall, self.processor = array("d"), array("d")
        return taken


@contextmanager
def holds_of_the_writer() -> Iterator[Holds]:
    """Each hold of a writer meanwhile, of the databases that are opened in it."""
    seen = Holds()
    run = GroupCommit.run

    def timed(self: GroupCommit, conn: sqlite3.Connection, calls: Iterable[Call]) -> None:
        began, used = time.perf_counter(), time.thread_time()
        run(self, conn, calls)
        wall, processor = time.perf_counter() - began, time.thread_time() - used
        seen.wall.append(1000 * wall)
        seen.processor.append(1000 * processor)

    with mock.patch.object(GroupCommit, "run", timed):
        yield seen
