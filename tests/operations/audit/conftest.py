"""Fixtures for the audit: a data folder with something of everything in it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.shop import open_shop

from .planted import Folder, fill


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """The folder of a shop that was stopped; not to be changed."""
    path = tmp_path_factory.mktemp("filled")

    async def build() -> dict[str, str]:
        async with open_shop(path) as shop:
            await shop.start_all()
            return await fill(shop)

    return Folder(path, asyncio.run(build()))


@pytest.fixture
def folder(filled: Folder, tmp_path: Path) -> Folder:
    """One like it, to be changed."""
    return filled.copy(tmp_path / "data")
