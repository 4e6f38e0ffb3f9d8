"""A backup that is not whole, or not as it was written, is refused before anything is touched."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from services.operations import OperationError
from services.operations.audit.command import look
from services.operations.backup import restore_files
from services.operations.backup.files import MANIFEST, Copy, copy_checked
from services.operations.databases import DATABASES
from tests.operations.audit.planted import Folder
from tests.operations.audit.test_audit_files import contents

from .test_restore import restored


@pytest.fixture
def backup(backed_up: Path, tmp_path: Path) -> Path:
    """A backup to be damaged."""
    return shutil.copytree(backed_up, tmp_path / "damaged")


def damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(5000)
        file.write(b"\x01\x02\x03\x04\x05\x06\x07")


@pytest.mark.parametrize("name", DATABASES)
@pytest.mark.parametrize("how", ["gone", "damaged", "cut off", "another"])
def test_a_backup_that_is_not_as_it_was_written_is_refused(
    backup: Path, folder: Folder, name: str, how: str
) -> None:
    path = backup / name
    match how:
        case "gone":
            path.unlink()
        case "damaged":
            damage(path)
        case "cut off":
            os.truncate(path, path.stat().st_size - 1)
        case "another":
            shutil.copy(backup / ("carts.db" if name != "carts.db" else "orders.db"), path)
    before = contents(folder.path)
    with pytest.raises(OperationError, match=rf"{name}( is not what was backed up|\.$)"):
        restored(backup, folder.path, "--yes")
    assert contents(folder.path) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"damaged is not a backup, or not a whole one: it has no backup\.json\."),
        ("{", r"backup\.json cannot be used \(Input data was truncated\)"),
        ('{"format": 2}', r"backup\.json cannot be used \(Invalid enum value 2"),
        ('{"taken_at": "", "shop": null, "files": {}}', r"backup\.json does not name carts\.db, "),
    ],
)
def test_a_folder_that_is_no_backup_is_refused(
    backup: Path, tmp_path: Path, text: str | None, message: str
) -> None:
    if text is None:
        (backup / MANIFEST).unlink()
    else:
        (backup / MANIFEST).write_text(text)
    with pytest.raises(OperationError, match=message):
        restored(backup, tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_data_folder_is_not_taken_for_a_backup(folder: Folder, tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="data is not a backup, or not a whole one"):
        restored(folder.path, tmp_path / "new")


def test_a_file_that_changes_while_it_is_copied_is_refused(
    backup: Path, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged_meanwhile(path: Path, to: Path, expected: Copy) -> None:
        damage(path)
        copy_checked(path, to, expected)

    monkeypatch.setattr(restore_files, "copy_checked", damaged_meanwhile)
    before = look(folder.path).figures
    with pytest.raises(OperationError, match=r"carts\.db is not what was backed up"):
        restored(backup, folder.path, "--yes")
    assert look(folder.path).figures == before
    assert [path.name for path in folder.path.glob("*restore*")] == ["restore.lock"]
