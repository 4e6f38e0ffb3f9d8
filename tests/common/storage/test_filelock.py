"""A lock that one process holds, and that dies with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.common.storage.filelock import FileLock, LockHeld, is_held

HOLD = """
import sys
from pathlib import Path
from services.common.storage.filelock import FileLock

with FileLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock until its stdin is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_lock_held_by_another_process_names_it(tmp_path: Path) -> None:
    path = tmp_path / "shop.lock"
    with hold(path) as other:
        with pytest.raises(LockHeld, match=f"process {other.pid}") as caught:
            FileLock(path).acquire()
        other.communicate()
    assert caught.value.pid == other.pid
    assert caught.value.path == path


def test_a_lock_dies_with_its_process_however_that_dies(tmp_path: Path) -> None:
    path = tmp_path / "shop.lock"
    with hold(path) as other:
        other.kill()
        other.wait(10)
        with FileLock(path):
            assert path.read_text().strip() == str(os.getpid())


def test_a_lock_that_was_let_go_can_be_taken_again(tmp_path: Path) -> None:
    path = tmp_path / "shop.lock"
    lock = FileLock(path)
    lock.acquire()
    lock.release()
    lock.release()
    with lock, pytest.raises(LockHeld):
        FileLock(path).acquire()
    with FileLock(path):
        pass


def test_a_child_that_is_started_does_not_keep_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "shop.lock"
    lock = FileLock(path)
    lock.acquire()
    wait = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with subprocess.Popen(wait, stdin=subprocess.PIPE, close_fds=False) as child:
        lock.release()
        with FileLock(path):
            assert child.poll() is None
        child.communicate()


def test_a_shorter_pid_leaves_nothing_of_a_longer_one(tmp_path: Path) -> None:
    path = tmp_path / "shop.lock"
    path.write_text("12345678901234567890\n")
    with FileLock(path):
        assert path.read_text() == f"{os.getpid():<20}\n"


def test_missing_folders_are_made(tmp_path: Path) -> None:
    with FileLock(tmp_path / "a" / "b" / "shop.lock"):
        assert (tmp_path / "a" / "b" / "shop.lock").is_file()


def test_a_place_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        FileLock(tmp_path / "file" / "shop.lock").acquire()


def test_one_can_look_whether_a_lock_is_held_and_leave_everything_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "shop.lock"
    assert not is_held(path)
    assert not path.exists()
    with hold(path) as other:
        assert is_held(path)
        other.communicate()
    assert not is_held(path)
    assert path.read_text() == f"{other.pid:<20}\n"
