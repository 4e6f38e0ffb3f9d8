"""Bugs of the catalog."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from services.catalog import listing, store, transitions
from services.catalog.messages import NewReservation, Reservation
from services.catalog.model import TOMBSTONES, Offers, ReservationAction
from services.common.core.clock import seconds_after
from services.common.core.currency import Currency
from services.common.core.money import Money
from services.common.core.rejection import Rejection
from services.common.storage.changes import Changes, WatchedTables
from services.common.storage.database import Database

from .bug import Bug, Focus
from .seams import Seams

STALE = "1: a stock from before a write that was answered"


def no_tombstone(seams: Seams) -> None:
    change = transitions.change_reservation

    @seams.replace(transitions)
    def change_reservation(
        conn: sqlite3.Connection,
        order_id: str,
        action: ReservationAction,
        currency: Currency,
        now: str,
    ) -> Reservation:
        if action not in TOMBSTONES or store.find_reservation(conn, order_id) is not None:
            return change(conn, order_id, action, currency, now)
        return Reservation(
            order_id=order_id,
            state=TOMBSTONES[action],
            lines=[],
            total_amount=Money(0, currency),
            currency=currency.code,
        )


def holds_let_go_by_the_clock(seams: Seams) -> None:
    reserve = transitions.reserve_stock

    @seams.replace(transitions)
    def reserve_stock(
        conn: sqlite3.Connection,
        order_id: str,
        wanted: NewReservation,
        currency: Currency,
        now: str,
    ) -> Reservation | Rejection:
        if store.find_reservation(conn, order_id) is None:
            old = conn.execute(
                "SELECT order_id FROM reservations WHERE state = 'HELD' AND updated_at < ?",
                (seconds_after(now, -2.0),),
            ).fetchall()
            for row in old:
                transitions.change_reservation(conn, row["order_id"], "release", currency, now)
        return reserve(conn, order_id, wanted, currency, now)


def stock_checked_apart(seams: Seams) -> None:
    plain_write = Database.write
    read = store.read_offers
    checked: Offers = {}

    @seams.replace(Database)
    async def write(self: Database, unit: Any, *args: Any, **kwargs: Any) -> Any:
        if unit is not transitions.reserve_stock:
            return await plain_write(self, unit, *args, **kwargs)
        _, wanted, *_ = args
        offers = await self.read(read, wanted)

        def reserve(conn: sqlite3.Connection) -> Reservation | Rejection:
            nonlocal checked
            checked = offers
            return transitions.reserve_stock(conn, *args, **kwargs)

        return await plain_write(self, reserve)

    @seams.replace(store)
    def read_offers(conn: sqlite3.Connection, wanted: NewReservation) -> Offers:
        return checked

    seams.remove_check("catalog", "products", "available >= 0")


def rejection_not_kept(seams: Seams) -> None:
    reserve = transitions.reserve_stock

    @seams.replace(transitions)
    def reserve_stock(
        conn: sqlite3.Connection,
        order_id: str,
        wanted: NewReservation,
        currency: Currency,
        now: str,
    ) -> Reservation | Rejection:
        answer = reserve(conn, order_id, wanted, currency, now)
        conn.execute(
            "DELETE FROM reservations WHERE order_id = ? AND state = 'REJECTED'", (order_id,)
        )
        return answer


def generation_raised_as_a_row_is_written(seams: Seams) -> None:
    plain_watch = WatchedTables.watch

    @seams.replace(WatchedTables)
    def watch(
        self: WatchedTables, conn: sqlite3.Connection, table: str, columns: Sequence[str]
    ) -> Changes:
        changes = plain_watch(self, conn, table, columns)

        def changed(row: int) -> None:
            changes.under_way.add(row)
            changes.settle()

        name = conn.execute("SELECT name FROM temp.sqlite_schema ORDER BY rowid DESC").fetchone()[0]
        conn.create_function(name.rpartition("_")[0], 1, changed)
        return changes


def holds_leave_memory_as_it_is(seams: Seams) -> None:
    plain_watch = WatchedTables.watch

    @seams.replace(WatchedTables)
    def watch(
        self: WatchedTables, conn: sqlite3.Connection, table: str, columns: Sequence[str]
    ) -> Changes:
        return plain_watch(self, conn, table, columns or listing.LISTED_BY)


IN_CATALOG = (
    Bug(
        name="no_tombstone",
        breaks="The release of what was never held leaves nothing that a late hold would find.",
        plant=no_tombstone,
        caught_as="5: .*'CANCELLED', 'RELEASED', 'HELD'",
        focus=Focus(actions={"cancel_on_the_way": 10}),
    ),
    Bug(
        name="holds_let_go_by_the_clock",
        breaks="The catalog lets go of what has been held for long, by its own clock.",
        plant=holds_let_go_by_the_clock,
        caught_as="5: stock that went before its order",
        focus=Focus(actions={"buy_at_once": 10, "pay": 5}),
    ),
    Bug(
        name="stock_checked_apart",
        breaks="Stock is checked in one transaction and taken in the next, with no CHECK behind.",
        plant=stock_checked_apart,
        caught_as="4: below zero",
        focus=Focus(
            actions={"buy_at_once": 40, "restock": 10},
            attacks=("stop_and_go_on",),
            targets=("catalog",),
        ),
    ),
    Bug(
        name="rejection_not_kept",
        breaks="A rejected hold leaves nothing, so that a late repeat of it is judged anew.",
        plant=rejection_not_kept,
        caught_as="5: .*'REJECTED', 'NONE', None",
        focus=Focus(actions={"buy_at_once": 10, "restock": 3}),
    ),
    Bug(
        name="generation_raised_as_a_row_is_written",
        breaks="What is in memory of a row counts as stale as it is written, and not after COMMIT.",
        plant=generation_raised_as_a_row_is_written,
        caught_as=STALE,
        focus=Focus(actions={"restock_and_look": 10}, proxied=0.0),
    ),
    Bug(
        name="holds_leave_memory_as_it_is",
        breaks="Memory is told of what an operator edits in a product, and not of its stock.",
        plant=holds_leave_memory_as_it_is,
        caught_as=STALE,
        focus=Focus(actions={"look": 40, "buy_at_once": 10}, proxied=0.0),
    ),
)
