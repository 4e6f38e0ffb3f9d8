"""The catalog under late, repeated and lost messages and kills; and with bugs, each of which has to
be found.
"""

from __future__ import annotations

import pytest

from services.common.web import idempotency
from tests.chaos.planted.in_catalog import (
    holds_leave_memory_as_it_is,
    holds_let_go_by_the_clock,
    no_tombstone,
)
from tests.chaos.planted.seams import Seams

from .catalog_machine import CatalogMachine
from .exploration import explore, explore_far, find


def test_stock_is_where_the_table_has_it_whatever_happens() -> None:
    explore(CatalogMachine, runs=30)


@pytest.mark.chaos
@pytest.mark.timeout(0)
def test_stock_is_where_the_table_has_it_however_long_one_looks() -> None:
    explore_far(CatalogMachine)


@pytest.mark.planted
def test_a_missing_tombstone_is_found(seams: Seams) -> None:
    no_tombstone(seams)
    find(CatalogMachine, CatalogMachine.stock_is_where_the_table_has_it)


@pytest.mark.planted
def test_a_catalog_that_lets_holds_go_by_its_own_clock_is_found(seams: Seams) -> None:
    holds_let_go_by_the_clock(seams)
    find(
        CatalogMachine,
        CatalogMachine.stock_is_where_the_table_has_it,
        CatalogMachine.answers_are_the_tables,
    )


@pytest.mark.planted
def test_a_hold_that_leaves_memory_as_it_is_is_found(seams: Seams) -> None:
    holds_leave_memory_as_it_is(seams)
    find(CatalogMachine, CatalogMachine.what_is_told_is_what_is_written)


@pytest.mark.planted
def test_a_repeat_of_a_key_that_counts_again_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "keep", lambda *_what: None)
    find(CatalogMachine, CatalogMachine.each_key_has_one_final_answer)
