"""The checks can see: each bug, planted alone, is caught as what it is; without one, nothing is."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from services.common.process import app as assembly
from services.common.storage.migrations import Schema, migrate
from tests.end_to_end.real_shop import ROOT, free_base_port

from ..crash_points import POINTS
from ..nemesis import Nemesis
from ..payments import Payments
from ..processes import SERVICES
from ..proxy import FAULTS
from ..surroundings import Surroundings
from ..workload import Customer
from .bug import Bug, Focus
from .bugs import BUGS
from .hunt import Hunt, matching
from .seams import Seams

SEED = 1
LONGEST = 90.0

each_bug = pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
linux = pytest.mark.skipif(sys.platform != "linux", reason="the attacks are Linux's")


def make_databases() -> None:
    """Make the database of every service, in memory, by its schema as it is now."""
    for service in SERVICES:
        folder = ROOT / "services" / service / "migrations"
        schema: Schema = vars(assembly)["service_schema"](service, folder)
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
            migrate(conn, schema, service)


@each_bug
def test_all_that_a_bug_replaces_is_there(bug: Bug) -> None:
    with Seams() as seams:
        bug.plant(seams)
        make_databases()


@each_bug
def test_a_focus_names_only_what_there_is(bug: Bug) -> None:
    focus = bug.focus
    assert all(point in POINTS[service] for service, point in focus.points)
    assert set(focus.faults) <= FAULTS.keys()
    assert all(hasattr(Nemesis, name) or hasattr(Surroundings, name) for name in focus.attacks)
    assert all(hasattr(Customer, name) or hasattr(Payments, name) for name in focus.actions)


@pytest.mark.planted
@linux
@pytest.mark.timeout(120)
async def test_without_a_bug_nothing_is_caught(tmp_path: Path) -> None:
    every = [bug.focus for bug in BUGS.values()]
    focus = Focus(
        attacks=tuple({name for focus in every for name in focus.attacks}),
        points=tuple({point for focus in every for point in focus.points}),
        proxied=max(focus.proxied for focus in every),
    )
    hunt = Hunt(tmp_path, free_base_port(), SEED, focus)
    async with asyncio.timeout(LONGEST), hunt:
        assert await hunt.search("nothing", rounds=3) == []


@pytest.mark.planted
@linux
@pytest.mark.timeout(120)
@each_bug
async def test_a_planted_bug_is_caught(
    bug: Bug, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    hunt = Hunt(tmp_path, free_base_port(), SEED, bug.focus, bug.name)
    async with asyncio.timeout(LONGEST), hunt:
        began = time.monotonic()
        found = await hunt.search(bug.caught_as)
        seconds = time.monotonic() - began
    caught = matching(bug.caught_as, found)
    assert caught, found
    told = f"{seconds:.1f} s and {len(hunt.history.records)} requests: {caught[0]:.90}"
    record_property("told", f"{bug.name}, caught after {told}")
