"""Fixtures for tests against real processes: none outlives its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from .real_shop import RealShop, free_base_port

Start = Callable[..., RealShop]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts a shop in a folder of its own, or again in that of an earlier one."""
    with ExitStack() as started:

        def begin(again: RealShop | None = None) -> RealShop:
            if again is None:
                folder = tmp_path_factory.mktemp("shop") / "data"
                shop = RealShop(folder, free_base_port())
            else:
                shop = RealShop(again.folder, again.base_port)
            started.callback(shop.kill)
            return shop

        yield begin


@pytest.fixture(scope="module")
def shop(start: Start) -> RealShop:
    """A shop that is open, for all tests of a module."""
    return start().ready()
