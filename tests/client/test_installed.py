"""The client as a stranger gets it: installed by pip into an environment that has nothing else."""

import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.client.guide import FIRST_PURCHASE, ROOT, SNIPPETS, first_purchase
from tests.end_to_end.real_shop import RealShop, free_base_port
from tests.environment import Environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SOURCE = ROOT / "client"
REQUIRED_BY_AIOHTTP_AND_MSGSPEC = """
import re
from importlib.metadata import PackageNotFoundError, requires

found, wanted = set(), ["aiohttp", "msgspec"]
while wanted:
    name = wanted.pop().lower().replace("_", "-")
    if name in found:
        continue
    try:
        required = requires(name) or []
    except PackageNotFoundError:  # not needed here
        continue
    found.add(name)
    wanted += [re.match(r"[\\w.-]+", each)[0] for each in required if "extra ==" not in each]
print(*found)
"""


class Installed(NamedTuple):
    """The client in an environment of its own."""

    environment: Environment
    packages: set[str]
    """What `pip install` put there."""
    left_in_source: set[Path]
    """What it left in the folder that it built from."""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The client, installed by `pip install ./client` into a fresh virtual environment."""
    environment = Environment(tmp_path_factory.mktemp("stranger") / "environment")
    packages, source = environment.packages(), files(SOURCE)
    environment.install(SOURCE)
    return Installed(environment, environment.packages() - packages, files(SOURCE) - source)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[RealShop]:
    """A real shop, started by `run.py`."""
    shop = RealShop(tmp_path / "data", free_base_port())
    try:
        yield shop.ready()
    finally:
        shop.kill()


def test_only_aiohttp_and_msgspec_and_what_they_need_come_with_the_client(
    installed: Installed,
) -> None:
    required = installed.environment.run("-c", REQUIRED_BY_AIOHTTP_AND_MSGSPEC).split()
    assert installed.packages - set(required) == {"tuckshop-client"}


def test_the_package_has_its_modules_and_nothing_else(installed: Installed) -> None:
    modules = {path.name for path in SOURCE.glob("*.py")} | {"py.typed"}
    assert installed_files(installed.environment) == {f"tuckshop_client/{m}" for m in modules}


def test_the_build_leaves_nothing_in_the_folder(installed: Installed) -> None:
    assert not installed.left_in_source


def test_the_first_purchase_of_the_guide_buys_in_a_real_shop(
    installed: Installed, shop: RealShop
) -> None:
    program = installed.environment.folder / "first_purchase.py"
    program.write_text(first_purchase(shop.registry_url))
    assert installed.environment.run(program).endswith(", COMPLETED\n")


def test_the_examples_of_the_guide_pass_mypy_in_strict_mode(installed: Installed) -> None:
    program, inside = (installed.environment.folder / name for name in ("program.py", "inside.py"))
    program.write_text(FIRST_PURCHASE)
    inside.write_text(
        "from tuckshop_client import ShopClient\n\n"
        "async def inside(shop: ShopClient, registry_url: str, api_key: str) -> None:\n"
        + textwrap.indent("\n".join(SNIPPETS), "    ")
    )
    installed.environment.install(mypy_of_the_shop())
    assert installed.environment.run("-m", "mypy", "--strict", program, inside) == (
        "Success: no issues found in 2 source files\n"
    )


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


def installed_files(environment: Environment) -> set[str]:
    """Return the files of the installed package, without its metadata and bytecode."""
    listed = environment.run(
        "-c", "from importlib.metadata import files; print(*files('tuckshop-client'), sep='\\n')"
    )
    return {
        name
        for name in listed.splitlines()
        if "__pycache__" not in name and not name.startswith("tuckshop_client-")
    }


def mypy_of_the_shop() -> str:
    """Return the requirement by which the shop installs mypy."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    (requirement,) = [each for each in groups["dev"] if each.startswith("mypy")]
    return str(requirement)
