"""A fresh checkout installs what its lock file names, once, and mends what was left half made."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from services.common.filelock import FileLock
from services.operations import OperationError
from services.operations.bootstrap import interpreter_with
from services.operations.environment import RUNTIME_LOCK, TESTS_LOCK, has_all, pins

ROOT = Path(__file__).resolve().parents[1]


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
    assert capsys.readouterr().out.count("\n") == 1


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


def test_somebody_elses_environment_is_installed_into_and_never_cleared(
    root: Path, commands: Commands
) -> None:
    commands(["venv"])
    own = root / ".venv" / "own"
    own.touch()
    with pytest.raises(OperationError, match="still lacks"):  # nothing was really installed
        interpreter_with(RUNTIME_LOCK, root, commands)
    assert own.exists()
    assert commands.run == ["venv", "pip"]


def test_no_venv_is_one_sentence_that_says_what_to_install(root: Path, commands: Commands) -> None:
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
        pytest.raises(OperationError, match=f"Process {os.getpid()} is installing"),
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


def make_wheel(folder: Path, version: str) -> str:
    """A wheel of a package `tuckshop-probe` with one module, put into a folder; its lock line."""
    path = folder / f"tuckshop_probe-{version}-py3-none-any.whl"
    info = f"tuckshop_probe-{version}.dist-info"
    files = {
        "tuckshop_probe.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tuckshop-probe\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{info}/RECORD,,\n"
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{name},sha256={digest.decode()},{len(text)}\n"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(name, text)
    digest_of_all = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"tuckshop-probe=={version} \\\n    --hash=sha256:{digest_of_all}\n"


PROBE = """
import sys
import tuckshop_probe

def main(arguments):
    print(tuckshop_probe.VERSION, sys.prefix, *arguments)
    return 7
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `run.py` needs to begin, with a probe in the place of one of its tools."""
    for source in [
        ROOT / "run.py",
        ROOT / "services" / "__init__.py",
        ROOT / "services" / "common" / "__init__.py",
        ROOT / "services" / "common" / "filelock.py",
        *(ROOT / "services" / "operations").glob("*.py"),
    ]:
        target = tmp_path / "checkout" / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    root = tmp_path / "checkout"
    (root / "services" / "operations" / "audit.py").write_text(PROBE)
    return root


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(checkout: Path) -> Run:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        # pip sees a folder and no index at all.
        environ = os.environ | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(checkout.parent)}
        return subprocess.run(
            [sys.executable, "run.py", *arguments],
            cwd=checkout,
            env=environ | {"PIP_CONFIG_FILE": os.devnull},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_fresh_checkout_goes_on_in_an_environment_that_it_made(checkout: Path, run: Run) -> None:
    (checkout / RUNTIME_LOCK).write_text(make_wheel(checkout.parent, "1.0"))
    first = run("audit", "--flag", "a b")
    installing, told = first.stdout.splitlines()
    assert installing.startswith("Installing what requirements.txt names into ")
    assert told == f"1.0 {checkout / '.venv'} --flag a b"
    assert first.returncode == 7

    assert run("audit").stdout.splitlines() == [f"1.0 {checkout / '.venv'}"]

    (checkout / RUNTIME_LOCK).write_text(make_wheel(checkout.parent, "2.0"))
    assert run("audit").stdout.splitlines()[1:] == [f"2.0 {checkout / '.venv'}"]


def test_a_package_with_another_hash_is_not_installed(checkout: Path, run: Run) -> None:
    lock = make_wheel(checkout.parent, "1.0")
    (checkout / RUNTIME_LOCK).write_text(lock.split("sha256:")[0] + f"sha256:{'0' * 64}\n")
    done = run("audit")
    assert done.returncode == 1
    assert "run.py: What requirements.txt names could not be installed" in done.stderr


def test_the_tests_are_run_by_an_interpreter_that_has_what_they_need(
    checkout: Path, run: Run
) -> None:
    (checkout / TESTS_LOCK).write_text(f"pytest=={pytest.__version__}\n")
    assert run("test", "--version").stdout.strip() == f"pytest {pytest.__version__}"
