"""Which commands are run for the environment, and when: once, and again for what is half made."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from services.common.storage.filelock import FileLock
from services.operations import OperationError
from services.operations.install.bootstrap import interpreter_with
from services.operations.install.environment import RUNTIME_LOCK, TESTS_LOCK, has_all, pins

ROOT = Path(__file__).resolve().parents[3]


class Commands:
    """Stands where subprocess.call does: notes each command, and does what is told for it."""

    def __init__(self, venv: Path) -> None:
        self.run: list[str] = []
        self.fails_at = ""
        self._venv = venv

    def __call__(self, command: Sequence[str]) -> int:
        what = "pip" if "pip" in command else "venv"
        self.run.append(what)
        if what == "venv":
            (self._venv / "bin").mkdir(parents=True)
            (self._venv / "bin" / "python").touch()
            (self._venv / "pyvenv.cfg").touch()
        return 1 if what == self.fails_at else 0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / RUNTIME_LOCK).write_text("tuckshop-probe==1.0\n")
    (tmp_path / TESTS_LOCK).write_text("tuckshop-probe==1.0\ntuckshop-test-probe==1.0\n")
    return tmp_path


@pytest.fixture
def commands(root: Path) -> Commands:
    return Commands(root / ".venv")


def test_an_interpreter_that_has_everything_is_used_as_it_is(
    root: Path, commands: Commands
) -> None:
    (root / RUNTIME_LOCK).write_text("")
    assert interpreter_with(RUNTIME_LOCK, root, commands) is None
    assert not (root / ".venv").exists()


def test_what_is_missing_is_installed_once_and_said_in_one_line(
    root: Path, commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        python = interpreter_with(RUNTIME_LOCK, root, commands)
        assert python == root / ".venv" / "bin" / "python"
    assert commands.run == ["venv", "pip"]
    assert capsys.readouterr().err.count("\n") == 1


def test_a_changed_lock_file_is_installed_anew(root: Path, commands: Commands) -> None:
    interpreter_with(RUNTIME_LOCK, root, commands)
    (root / RUNTIME_LOCK).write_text("tuckshop-probe==2.0\n")
    interpreter_with(RUNTIME_LOCK, root, commands)
    assert commands.run == ["venv", "pip"] * 2


def test_what_the_tests_need_is_added_to_what_is_there_and_serves_both(
    root: Path, commands: Commands
) -> None:
    interpreter_with(RUNTIME_LOCK, root, commands)
    interpreter_with(TESTS_LOCK, root, commands)
    interpreter_with(RUNTIME_LOCK, root, commands)
    assert commands.run == ["venv", "pip", "pip"]


def test_an_environment_that_was_left_half_made_is_made_anew(
    root: Path, commands: Commands
) -> None:
    commands.fails_at = "pip"
    with pytest.raises(OperationError, match="could not be installed"):
        interpreter_with(RUNTIME_LOCK, root, commands)
    half = root / ".venv" / "lib" / "half"
    half.mkdir(parents=True)
    commands.fails_at = ""
    interpreter_with(RUNTIME_LOCK, root, commands)
    assert commands.run == ["venv", "pip"] * 2
    assert not half.exists()


def test_tests_that_could_not_be_installed_leave_an_environment_to_be_mended(
    root: Path, commands: Commands
) -> None:
    interpreter_with(RUNTIME_LOCK, root, commands)
    commands.fails_at = "pip"
    with pytest.raises(OperationError):
        interpreter_with(TESTS_LOCK, root, commands)
    commands.fails_at = ""
    interpreter_with(RUNTIME_LOCK, root, commands)
    assert commands.run == ["venv", "pip", "pip", "venv", "pip"]


def test_an_environment_whose_python_has_gone_is_made_anew(root: Path, commands: Commands) -> None:
    python = interpreter_with(RUNTIME_LOCK, root, commands)
    assert python is not None
    python.unlink()
    interpreter_with(RUNTIME_LOCK, root, commands)
    assert commands.run == ["venv", "pip"] * 2


def test_an_environment_made_by_others_is_installed_into_and_never_cleared(
    root: Path, commands: Commands
) -> None:
    commands(["venv"])
    own = root / ".venv" / "own"
    own.touch()
    with pytest.raises(OperationError, match="still lacks"):  # nothing was really installed
        interpreter_with(RUNTIME_LOCK, root, commands)
    assert own.exists()
    assert commands.run == ["venv", "pip"]


def test_a_python_without_venv_is_one_sentence_that_says_what_to_install(
    root: Path, commands: Commands
) -> None:
    commands.fails_at = "venv"
    with pytest.raises(OperationError, match="python3-venv"):
        interpreter_with(RUNTIME_LOCK, root, commands)


def test_a_folder_that_cannot_be_written_is_named(root: Path, commands: Commands) -> None:
    (root / ".venv").touch()
    with pytest.raises(OperationError, match=r"\.venv cannot be written"):
        interpreter_with(RUNTIME_LOCK, root, commands)


def test_two_first_starts_at_once_do_not_install_into_each_other(
    root: Path, commands: Commands
) -> None:
    with (
        FileLock(root / ".venv" / "install.lock"),
        pytest.raises(OperationError, match=f"in use by process {os.getpid()}, which installs"),
    ):
        interpreter_with(RUNTIME_LOCK, root, commands)
    assert commands.run == []


def test_pins_leave_out_what_is_for_another_platform(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.write_text(
        "colorama==0.4.6 ; sys_platform == 'beos' \\\n    --hash=sha256:00\n"
        "    # via click==1\n"
        "uvloop==0.23.0 ; sys_platform != 'beos' \\\n    --hash=sha256:02\n"
        "typing-extensions==4.16.0 ; python_full_version < '3.13' \\\n    --hash=sha256:03\n"
        "rich==15.0.0 \\\n    --hash=sha256:04\n"
    )
    assert pins(lock) == {"uvloop": "0.23.0", "rich": "15.0.0"}


def test_another_release_than_the_pinned_one_is_not_enough() -> None:
    assert not has_all({"pytest": "0.0.1"})
    assert has_all({"pytest": pytest.__version__})


def test_the_lock_files_name_hashes_and_no_place_to_download_from() -> None:
    for name in (RUNTIME_LOCK, TESTS_LOCK):
        lock = (ROOT / name).read_text()
        assert "://" not in lock
        assert "--hash=sha256:" in lock
        assert not any(line.startswith(("-", "/")) for line in lock.splitlines())


def test_what_the_tests_need_includes_the_very_releases_that_the_shop_runs_on() -> None:
    assert pins(ROOT / RUNTIME_LOCK).items() <= pins(ROOT / TESTS_LOCK).items()
