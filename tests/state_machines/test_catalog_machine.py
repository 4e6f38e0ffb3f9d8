"""The catalog under late, repeated and lost messages and kills; and with bugs, each of which has to
be found.
"""

from __future__ import annotations

import sqlite3

import pytest

from services.catalog import reservations
from services.catalog.reservation_rules import Move, Reservation, Wanted
from services.common import idempotency
from services.common.clock import seconds_after
from services.common.money import Money
from services.common.refusal import Refusal

from .catalog_machine import CatalogMachine
from .exploration import explore, explore_far, find


def test_stock_is_where_the_table_has_it_whatever_happens() -> None:
    explore(CatalogMachine, runs=30)


@pytest.mark.chaos
@pytest.mark.timeout(0)
def test_stock_is_where_the_table_has_it_however_long_one_looks() -> None:
    explore_far(CatalogMachine)


@pytest.mark.planted
def test_a_missing_tombstone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    move = reservations.move

    def without_trace(
        conn: sqlite3.Connection, order_id: str, what: Move, currency: str, now: str
    ) -> Reservation:
        if what != "release" or reservations._find(conn, order_id) is not None:
            return move(conn, order_id, what, currency, now)
        return Reservation(
            order_id=order_id, state="RELEASED", lines=[], total_amount=Money(0), currency=currency
        )

    monkeypatch.setattr(reservations, "move", without_trace)
    find(CatalogMachine, CatalogMachine.stock_is_where_the_table_has_it)


@pytest.mark.planted
def test_a_catalog_that_lets_holds_go_by_its_own_clock_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hold = reservations.hold

    def tidied(
        conn: sqlite3.Connection, order_id: str, wanted: Wanted, currency: str, now: str
    ) -> Reservation | Refusal:
        query = "SELECT order_id FROM reservations WHERE state = 'HELD' AND created_at < ?"
        for (old,) in conn.execute(query, (seconds_after(now, -10),)).fetchall():
            reservations.move(conn, old, "release", currency, now)
        return hold(conn, order_id, wanted, currency, now)

    monkeypatch.setattr(reservations, "hold", tidied)
    find(CatalogMachine, CatalogMachine.answers_are_the_tables)


@pytest.mark.planted
def test_a_repeat_of_a_key_that_counts_again_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "keep", lambda *_what: None)
    find(CatalogMachine, CatalogMachine.each_key_has_one_final_answer)
