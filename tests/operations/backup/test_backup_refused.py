"""Where a backup cannot be made, a person is told why, and everything is as it was."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from services.common.storage.filelock import FileLock
from services.operations import OperationError
from services.operations.backup import command as backup
from services.operations.backup import copies as backup_copies
from services.operations.backup.command import UNDER_WAY
from services.operations.backup.files import read_backup
from services.operations.commandline import main as run
from tests.operations.audit.planted import Folder

from .test_backup import FILES, back_up


def test_a_corrupt_database_is_named_and_no_backup_is_left(folder: Folder, tmp_path: Path) -> None:
    with (folder.path / "orders.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    with pytest.raises(OperationError, match=r"data/orders\.db is corrupt \("):
        back_up(folder.path, tmp_path / "monday")
    assert not (tmp_path / "monday").exists()


def test_a_folder_that_has_something_in_it_is_left_alone(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").touch()
    with pytest.raises(OperationError, match=r"letters has something in it"):
        back_up(folder.path, tmp_path / "letters")
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["dear.txt"]


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("away/monday", "/away is not there: make it first, or mend the path."),
        ("data/monday", "/data/monday is in the data folder, and would be lost with it"),
        ("data", "/data is in the data folder, and would be lost with it"),
        ("data/orders.db/x", "/data/orders.db/x is in the data folder"),
        ("file", "/file is not a folder: give a new or an empty one."),
    ],
)
def test_a_path_where_no_backup_can_be_is_one_sentence(
    folder: Folder, tmp_path: Path, to: str, message: str
) -> None:
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OperationError, match=message):
        back_up(folder.path, tmp_path / to)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_loop_of_links_is_one_sentence(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OperationError, match=r"^No backup was made: Symlink loop"):
        back_up(folder.path, tmp_path / "loop" / "monday")


def test_a_database_that_is_a_link_is_not_backed_up_without_its_wal(
    folder: Folder, tmp_path: Path
) -> None:
    (folder.path / "orders.db").rename(tmp_path / "orders.db")
    (folder.path / "orders.db").symlink_to(tmp_path / "orders.db")
    with pytest.raises(OperationError, match=r"data/orders\.db is a link, and a database has to"):
        back_up(folder.path, tmp_path / "monday")
    assert not (tmp_path / "monday").exists()


def test_a_data_folder_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="nowhere is not there; give the shop's data folder"):
        back_up(tmp_path / "nowhere", tmp_path / "monday")
    assert list(tmp_path.iterdir()) == []


def test_two_backups_into_one_folder_do_not_mix(folder: Folder, tmp_path: Path) -> None:
    with FileLock(tmp_path / "monday" / UNDER_WAY):
        (tmp_path / "monday" / "orders.db").write_text("half of it")
        with pytest.raises(OperationError, match=f"in use by process {os.getpid()}, which makes"):
            back_up(folder.path, tmp_path / "monday")
        assert (tmp_path / "monday" / "orders.db").read_text() == "half of it"


def test_a_backup_that_another_has_just_completed_there_is_left_alone(
    folder: Folder, backed_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def completed_meanwhile(path: Path) -> FileLock:
        shutil.copytree(backed_up, tmp_path / "monday")
        return FileLock(path)

    monkeypatch.setattr(backup, "FileLock", completed_meanwhile)
    with pytest.raises(OperationError, match="monday has something in it"):
        back_up(folder.path, tmp_path / "monday")
    assert read_backup(tmp_path / "monday") == read_backup(backed_up)


def test_what_a_killed_backup_left_is_replaced(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "monday").mkdir()
    for name in (UNDER_WAY, "orders.db", "carts.db-wal", "backup.json.partial"):
        (tmp_path / "monday" / name).write_text("half of it")
    assert back_up(folder.path, tmp_path / "monday") == 0
    assert {path.name for path in (tmp_path / "monday").iterdir()} == FILES


@pytest.mark.parametrize("was_there", [True, False])
def test_without_room_it_says_so_and_leaves_nothing(
    folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, was_there: bool
) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(backup_copies, "sync_file", full)
    if was_there:
        (tmp_path / "monday").mkdir()
    message = r"No backup was made: No space left on device \(.*carts\.db\)"
    with pytest.raises(OperationError, match=message):
        back_up(folder.path, tmp_path / "monday")
    assert (tmp_path / "monday").exists() is was_there
    assert list(tmp_path.glob("monday/*")) == []


def test_an_interrupted_backup_leaves_nothing(
    folder: Folder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupt(_: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backup_copies, "sync_file", interrupt)
    assert run(["backup", str(tmp_path / "monday"), "--data-dir", str(folder.path)]) == 130
    message = "Interrupted: no backup was made, and nothing of it is left.\n"
    assert capsys.readouterr() == ("", message)
    assert not (tmp_path / "monday").exists()
