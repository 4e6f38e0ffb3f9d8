"""A virtual environment that a test installs packages into."""

import json
import os
import subprocess
import venv
from pathlib import Path


class Environment:
    """A virtual environment that has nothing but pip, and sees nothing of the repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv.create(folder, with_pip=True)
        scripts, name = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
        self._python = str(folder / scripts / name)

    def run(self, *arguments: str | Path) -> str:
        """Run Python with these arguments, and return what it printed."""
        done = subprocess.run(
            [self._python, *map(str, arguments)],
            cwd=self.folder,
            env={name: text for name, text in os.environ.items() if not name.startswith("PYTHON")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def install(self, *what: str | Path) -> None:
        """Install packages with pip."""
        self.run("-m", "pip", "install", "--quiet", *what)

    def packages(self) -> set[str]:
        """Return the names of the packages that are installed."""
        listed = json.loads(self.run("-m", "pip", "list", "--format", "json"))
        return {package["name"].lower().replace("_", "-") for package in listed}
