"""A backup, and what is restored from one, is its owner's alone."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from services.operations.backup import restore
from services.operations.backup.command import main
from services.operations.databases import DATABASES
from tests.common.storage.test_private import generous_umask, mode, modes
from tests.operations.audit.planted import Folder

__all__ = ["generous_umask"]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")


@pytest.mark.parametrize("there", [False, True])
def test_a_backup_is_its_owners_alone(folder: Folder, tmp_path: Path, there: bool) -> None:
    backup = tmp_path / "monday"
    if there:
        backup.mkdir(mode=0o755)
    assert main([str(backup), "--data-dir", str(folder.path)]) == 0
    assert mode(backup) == 0o700
    assert modes(backup) == dict.fromkeys(DATABASES, 0o600)


@pytest.mark.parametrize("there", [False, True])
def test_what_is_restored_is_its_owners_alone_and_so_is_the_backup_from_then_on(
    backed_up: Path, tmp_path: Path, there: bool
) -> None:
    backup = shutil.copytree(backed_up, tmp_path / "monday")
    backup.chmod(0o755)
    (backup / "orders.db").chmod(0o644)
    data = tmp_path / "data"
    if there:
        data.mkdir(mode=0o755)
    assert restore.main([str(backup), "--data-dir", str(data)]) == 0
    assert mode(data) == mode(backup) == 0o700
    assert modes(data) == modes(backup) == dict.fromkeys(DATABASES, 0o600)
