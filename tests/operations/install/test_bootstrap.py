"""A fresh checkout installs what its lock file names with the real pip, and goes on with it."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from services.operations.install.environment import RUNTIME_LOCK, TESTS_LOCK

ROOT = Path(__file__).resolve().parents[3]


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
    needed = [
        "run.py",
        "services/__init__.py",
        "services/common/__init__.py",
        "services/common/core/__init__.py",
        "services/common/core/arguments.py",
        "services/common/storage/__init__.py",
        "services/common/storage/filelock.py",
    ]
    for source in [
        *(ROOT / name for name in needed),
        *(ROOT / "services" / "operations").rglob("*.py"),
    ]:
        target = tmp_path / "checkout" / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(source.read_bytes())
    root = tmp_path / "checkout"
    (root / "services" / "operations" / "audit" / "command.py").write_text(PROBE)
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


@pytest.mark.slow
def test_a_fresh_checkout_goes_on_in_an_environment_that_it_made(checkout: Path, run: Run) -> None:
    (checkout / RUNTIME_LOCK).write_text(make_wheel(checkout.parent, "1.0"))
    first = run("audit", "--flag", "a b")
    assert first.stdout == f"1.0 {checkout / '.venv'} --flag a b\n"
    assert first.stderr.startswith("Installing what requirements.txt names into ")
    assert first.stderr.count("\n") == 1
    assert first.returncode == 7

    again = run("audit")
    assert (again.stdout, again.stderr) == (f"1.0 {checkout / '.venv'}\n", "")

    (checkout / RUNTIME_LOCK).write_text(make_wheel(checkout.parent, "2.0"))
    assert run("audit").stdout == f"2.0 {checkout / '.venv'}\n"


@pytest.mark.slow
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
