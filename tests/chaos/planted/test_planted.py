"""The checks can see: each bug, planted alone, is caught as what it is; without one, nothing is."""

from __future__ import annotations

import ast
import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.real_shop import free_base_port

from .bug import Bug, Focus
from .bugs import BUGS
from .edits import ROOT, edited
from .hunt import Hunt, matching

SEED = 1
LONGEST = 90.0

each_bug = pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
linux = pytest.mark.skipif(sys.platform != "linux", reason="the attacks are Linux's")


@each_bug
def test_a_bug_fits_the_product_as_it_is_now(bug: Bug) -> None:
    for file in {edit.file for edit in bug.edits}:
        text = edited(bug.edits, file, (ROOT / file).read_text())
        if file.endswith(".py"):
            ast.parse(text)


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
