"""Installs the packages that a lock file names into the virtual environment in `.venv`.

Standard library only: this installs everything else.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import sys
import sysconfig
from collections.abc import Callable, Sequence
from importlib.metadata import distributions
from pathlib import Path

from services.common.storage.filelock import FileLock, LockHeld

from .. import OperationError

RUNTIME_LOCK = "requirements.txt"
TESTS_LOCK = "requirements-dev.txt"
"""Names all packages of RUNTIME_LOCK, and those that the tests need."""

Runner = Callable[[Sequence[str]], int]
"""Runs a command and returns its exit code, as subprocess.call does."""

_PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+)(?: *; *([^\\\n]+?))? *\\?$", re.MULTILINE)


def pins(lock: Path) -> dict[str, str]:
    """The version of each package that a lock file names for this platform.

    A package with a condition other than the platform is left out, and left to pip.
    """
    found = _PIN.findall(lock.read_text())
    return {name: version for name, version, condition in found if _applies_here(condition)}


def has_all(wanted: dict[str, str], folders: Sequence[str] | None = None) -> bool:
    """Whether these versions are installed, in `folders` or for this interpreter."""
    path = sys.path if folders is None else folders
    return all(
        any(found.version == version for found in distributions(name=name, path=list(path)))
        for name, version in wanted.items()
    )


class Environment:
    """The virtual environment in `.venv` of a folder that has both lock files.

    An environment that is made here has a stamp, which says what was installed and is written last:
    one that is half made is recognised by that, and made anew. Into an environment that somebody
    else made, packages are installed; apart from that it is left as it is.
    """

    def __init__(self, root: Path) -> None:
        self.folder = root / ".venv"
        scripts, name = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
        self.python = self.folder / scripts / name
        self._root = root
        self._stamp = self.folder / "installed-locks"

    @property
    def is_this_interpreter(self) -> bool:
        return Path(sys.prefix).resolve() == self.folder.resolve()

    @property
    def _is_ours(self) -> bool:
        return self._stamp.exists() or not (self.folder / "pyvenv.cfg").exists()

    def has(self, lock_name: str) -> bool:
        """Whether everything that a lock file names is installed here."""
        if not self.python.exists():
            return False
        if self._is_ours:
            return self._digest(lock_name) in self._stamp.read_text().split()
        folder = sysconfig.get_path("purelib", vars={"base": str(self.folder)})
        return has_all(pins(self._root / lock_name), [folder])

    def install(self, lock_name: str, run: Runner) -> None:
        """Install what a lock file names; make the environment first if needed.

        Raises OperationError if that fails, or if another process is doing it.
        """
        try:
            with FileLock(self.folder / "install.lock"):
                if not self.has(lock_name):
                    message = f"Installing what {lock_name} names into {self.folder} …"
                    print(message, file=sys.stderr, flush=True)
                    self._install(lock_name, run)
        except LockHeld as held:
            raise OperationError(
                f"{self.folder} is in use by {held.holder}, which installs into it: start again "
                "when it is done."
            ) from None
        except OSError as error:
            raise OperationError(
                f"{error.filename or self.folder} cannot be written ({error.strerror}): mend that, "
                f"or install {lock_name} yourself with pip."
            ) from None

    def _install(self, lock_name: str, run: Runner) -> None:
        ours = self._is_ours
        pip = [sys.executable, "-m", "pip", "--python", str(self.python)]
        has_pip = importlib.util.find_spec("pip") is not None
        if not has_pip:
            pip = [str(self.python), "-m", "pip"]
        if ours and not self.has(RUNTIME_LOCK):
            self._make(run, with_pip=not has_pip)
        if ours:
            self._stamp.write_text("")
        flags = ["--require-hashes", "-qq", "--no-input", "--disable-pip-version-check"]
        if run([*pip, "install", *flags, "-r", str(self._root / lock_name)]) != 0:
            raise OperationError(
                f"What {lock_name} names could not be installed (pip has said why above): see "
                "that the package index can be reached, and start again."
            )
        if ours:
            installed = {RUNTIME_LOCK, lock_name}
            self._stamp.write_text("\n".join(sorted(map(self._digest, installed))))
        elif not self.has(lock_name):
            raise OperationError(
                f"{self.folder} still lacks what {lock_name} names: remove it, and start again."
            )

    def _make(self, run: Runner, *, with_pip: bool) -> None:
        self._stamp.write_text("")
        for entry in self.folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name not in ("install.lock", self._stamp.name):
                entry.unlink()
        choice = [] if with_pip else ["--without-pip"]
        if run([sys.executable, "-m", "venv", *choice, str(self.folder)]) != 0:
            raise OperationError(
                f"No virtual environment could be made in {self.folder}: install Python's pip and "
                "venv (on Debian and Ubuntu python3-pip and python3-venv), and start again."
            )

    def _digest(self, lock_name: str) -> str:
        # With Python's version: packages for another version cannot be used.
        made_for = f"{sys.implementation.cache_tag}\n".encode()
        return hashlib.sha256(made_for + (self._root / lock_name).read_bytes()).hexdigest()


def _applies_here(condition: str) -> bool:
    platform = re.fullmatch(r"sys_platform ([!=])= '(\w+)'", condition)
    if platform:
        return (platform[1] == "=") is (platform[2] == sys.platform)
    return not condition
