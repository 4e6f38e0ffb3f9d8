"""A restore is killed at every step: the old shop is there, or nothing starts until it is run again
and the new one is.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from services.common.core.currency import USD
from services.common.storage.database import CannotOpen, open_database
from services.common.storage.restore_guard import MARKER
from services.operations import OperationError
from services.operations.audit.command import look
from services.operations.backup import command as backup
from services.operations.backup import restore_files
from services.operations.backup.files import DATABASE_FILES
from services.operations.backup.restore import main
from services.operations.commandline import main as run
from services.operations.run.deployment import Deployment
from services.operations.run.preflight import data_folder_locked
from tests.operations.audit.test_audit_files import contents
from tests.schemas import schema_of

CUT_SHORT = "was cut short, and what is in it does not fit together: run it again"


class Killed(BaseException):
    """What a SIGKILL comes to: nothing is done after it."""


def restored(backup: Path, data: Path) -> int:
    return main([str(backup), "--data-dir", str(data), "--yes"])


@contextmanager
def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Kill what is done at the given one of its steps: a copy, a move, a sync, the marker's end."""
    steps = iter(range(1000))

    def killing(change: Callable[..., object]) -> Callable[..., object]:
        def changed(path: Path, *rest: object, **options: object) -> object:
            counts = change is not unlink or path.name == MARKER
            if counts and next(steps) == step:
                raise Killed
            return change(path, *rest, **options)

        return changed

    def remove_all_but_drafts(path: Path, *rest: Any, **options: Any) -> None:
        # Who is killed clears nothing away.
        if Path(path).name != "restore.partial":
            rmtree(path, *rest, **options)

    unlink, rmtree = Path.unlink, shutil.rmtree
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killing(Path.replace))
        patched.setattr(Path, "unlink", killing(unlink))
        for name in ("copy_checked", "sync_folder"):
            patched.setattr(restore_files, name, killing(getattr(restore_files, name)))
        patched.setattr(shutil, "rmtree", remove_all_but_drafts)
        yield


def starts(data: Path) -> bool:
    try:
        with data_folder_locked(Deployment(data_dir=data), USD):
            return True
    except OperationError as rejection:
        if CUT_SHORT not in str(rejection):
            raise
        return False


def test_a_kill_at_any_step_leaves_the_old_shop_or_the_new_or_one_that_does_not_start(
    killed: Path, backed_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = look(killed).figures, look(backed_up).figures
    files = {name: data for name, data in contents(killed).items() if name in DATABASE_FILES}
    found = []
    for step in range(1000):
        data = shutil.copytree(killed, tmp_path / str(step))
        try:
            with killed_at(step, monkeypatch):
                restored(backed_up, data)
        except Killed:
            pass
        else:
            break
        if starts(data):
            found.append("old" if look(data).figures == old else "new")
            assert look(data).figures in (old, new)
        else:
            found.append("neither")
        if found[-1] != "new":
            assert restored(backed_up, data) == 0
        assert starts(data)
        assert look(data).figures == new
        (aside,) = data.glob("before-restore-*")
        assert contents(aside) == files
    assert sorted(found, key=["old", "neither", "new"].index) == found
    assert found.count("neither") >= len(files)


@pytest.fixture
def cut_short(killed: Path, backed_up: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a shop of which some databases are restored and some are not."""
    with pytest.raises(Killed), killed_at(26, monkeypatch):
        restored(backed_up, killed)
    assert (killed / "carts.db").exists()
    assert not (killed / "registry.db").exists()
    return killed


def test_nothing_is_done_with_a_half_restored_shop(
    cut_short: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ([], ["audit"], ["backup", str(tmp_path / "monday")]):
        assert run([*command, "--data-dir", str(cut_short)]) == 1
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        assert CUT_SHORT in err
    assert not (tmp_path / "monday").exists()


async def test_no_service_opens_a_half_restored_database(cut_short: Path) -> None:
    with pytest.raises(CannotOpen, match=CUT_SHORT):
        async with open_database(cut_short / "carts.db", schema_of()):
            raise AssertionError


def test_a_restore_cut_short_is_completed_without_a_question_from_any_backup(
    cut_short: Path, backed_up: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backup.main([str(tmp_path / "other"), "--data-dir", str(backed_up)]) == 0
    capsys.readouterr()
    assert main([str(tmp_path / "other"), "--data-dir", str(cut_short)]) == 0
    message = capsys.readouterr().out
    assert message.startswith(f"The restore of {cut_short} that was cut short is completed.\n")
    assert look(cut_short).figures == look(backed_up).figures


def test_a_restore_with_a_damaged_marker_is_not_completed(cut_short: Path, backed_up: Path) -> None:
    (cut_short / MARKER).write_text("")
    with pytest.raises(OperationError, match=r"is damaged .*: restore into a new folder"):
        restored(backed_up, cut_short)


def test_while_a_restore_is_under_way_no_other_begins(
    killed: Path,
    backed_up: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def meanwhile(*_: object) -> None:
        capsys.readouterr()
        for command in (["audit"], ["backup", str(tmp_path / "monday")]):
            assert run([*command, "--data-dir", str(killed)]) == 1
            message = f"run.py: A restore of {killed} is under way: wait until it is done.\n"
            assert capsys.readouterr() == ("", message)
        raise Killed

    before = contents(killed)
    monkeypatch.setattr(restore_files, "sync_folder", meanwhile)
    with pytest.raises(Killed):
        restored(backed_up, killed)
    capsys.readouterr()
    assert {name: data for name, data in contents(killed).items() if name in before} == before


def test_control_c_does_not_stop_a_restore_half_way(
    killed: Path, backed_up: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(path: Path, target: Path) -> Path:
        if path.parent == killed and path.name in DATABASE_FILES:
            interruptions.append(path.name)
            os.kill(os.getpid(), signal.SIGINT)
        return move(path, target)

    interruptions: list[str] = []
    move = Path.replace
    monkeypatch.setattr(Path, "replace", interrupted)
    assert restored(backed_up, killed) == 0
    assert interruptions
    assert look(killed).figures == look(backed_up).figures


def test_a_failing_disk_is_reported_with_what_to_do(
    killed: Path, backed_up: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device", "x")

    def fail_to_move(path: Path, target: Path) -> Path:
        if path.parent == killed and path.name in DATABASE_FILES:
            fail()
        return move(path, target)

    move = Path.replace
    monkeypatch.setattr(restore_files, "copy_checked", fail)
    with pytest.raises(
        OperationError, match=r"No space left on device \(x\): nothing was changed\."
    ):
        restored(backed_up, killed)
    assert [path.name for path in killed.glob("*restore*")] == ["restore.lock"]
    monkeypatch.undo()
    monkeypatch.setattr(Path, "replace", fail_to_move)
    with pytest.raises(OperationError, match="the restore was cut short; run it again"):
        restored(backed_up, killed)
