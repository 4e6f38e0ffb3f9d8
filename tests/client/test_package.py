"""The client as a package of its own: its version, and what it needs."""

import re
import tomllib
from pathlib import Path
from typing import Any

import client
from services.common.core.version import VERSION

ROOT = Path(__file__).resolve().parents[2]


def project(folder: Path) -> Any:
    return tomllib.loads((folder / "pyproject.toml").read_text())["project"]


def test_the_client_has_the_version_of_the_shop() -> None:
    assert client.__version__ == VERSION == project(ROOT)["version"]


def test_the_client_asks_for_the_same_releases_as_the_shop() -> None:
    package, shop = project(ROOT / "client"), project(ROOT)
    assert set(package["dependencies"]) <= set(shop["dependencies"])
    assert package["requires-python"] == shop["requires-python"]


def test_the_modules_import_each_other_relatively() -> None:
    absolute = re.compile(r"^\s*(from|import) (client|tuckshop_client)\b", re.MULTILINE)
    modules = (ROOT / "client").glob("*.py")
    assert not [path.name for path in modules if absolute.search(path.read_text())]
