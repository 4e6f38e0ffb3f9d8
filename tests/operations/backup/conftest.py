"""Fixtures for backups: the audit's shop that was stopped, one that was killed, and a backup."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from services.operations.backup import command as backup
from tests.operations.audit.conftest import filled, folder
from tests.operations.audit.planted import Folder
from tests.shop import Shop

__all__ = ["filled", "folder"]


@pytest.fixture
async def killed(four_services: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shop with one order, as kill -9 leaves it: the last changes are in WALs."""
    await four_services.order(await four_services.product(), quantity=7)
    return shutil.copytree(four_services.folder, tmp_path_factory.mktemp("killed") / "data")


@pytest.fixture(scope="session")
def backed_up(filled: Folder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a backup; not to be changed."""
    path = tmp_path_factory.mktemp("backups") / "monday"
    assert backup.main([str(path), "--data-dir", str(filled.path)]) == 0
    return path
