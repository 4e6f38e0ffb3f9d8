"""Which way imports point, what modules are called, and a few habits that were broken before."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(
    path.relative_to(ROOT)
    for place in ("run.py", "client", "services", "registry")
    for path in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
)
SERVING = [path for path in SOURCES if path.parts[:2] != ("services", "operations")]
MAX_LINES = 300
OWN = ("client", "services", "registry", "run", "tests")

COMMON_ROOMS = {
    "core": set[str](),
    "storage": {"core"},
    "web": {"core", "storage"},
    "durable": {"core", "storage", "web"},
    "pages": {"core", "storage", "web"},
    "process": {"core", "storage", "web", "durable", "pages"},
}
"""The rooms of services/common, and which others each may import."""
OPERATIONS_ROOMS = {
    "install": set[str](),
    "run": set[str](),
    "audit": set[str](),
    "backup": {"audit"},
    "shopify": set[str](),
    "status": {"audit"},
    "tokens": set[str](),
}
"""The same of services/operations."""
SERVICES = ("catalog", "cart", "order", "payment", "storefront")
MODULES = {
    *("__init__", "__main__", "app", "checkout", "conditional", "demo", "document"),
    *("gateway", "headers", "limits", "listing", "lookup", "memory", "messages", "model", "peers"),
    *("placement", "products", "receipts", "sessions", "steps", "store", "transitions"),
}
"""What a service's modules are called: another name is a decision."""


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


def imported(path: Path) -> Iterator[str]:
    """The full names of the modules of ours that a file imports, anywhere in it."""
    package = path.with_suffix("").parts[:-1]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.partition(".")[0] in OWN)


def allowed(path: Path) -> tuple[str, ...]:
    """What a file may import of ours."""
    match path.parts:
        case ("run.py",):
            return ("services.operations.",)
        case ("client", *_):
            return ("client.",)
        case ("services", "__init__.py"):
            return ()
        case ("services", "common", *_):
            return ("services.common.", "client.")
        case ("services", name, *_):
            return (f"services.{name}.", "services.common.", "client.")
        case ("registry", *_):
            return ("registry.", "services.common.", "client.")
    raise AssertionError(f"{path} is in no place that is known")


def test_imports_point_one_way() -> None:
    assert [
        (str(path), name)
        for path in SOURCES
        for name in imported(path)
        if not f"{name}.".startswith(allowed(path))
    ] == []


def test_the_imports_are_found() -> None:
    assert "services.common.process.app.service_app" in imported(Path("services/cart/app.py"))
    assert "services.cart.store" in imported(Path("services/cart/app.py"))
    assert "client.errors.ShopError" in imported(Path("services/common/web/serving.py"))


def test_no_modules_import_each_other_in_a_circle() -> None:
    modules = {".".join(path.with_suffix("").parts): path for path in SOURCES}
    graph = {
        module: {
            found
            for name in imported(path)
            for found in (name, name.rpartition(".")[0])
            if found in modules
        }
        for module, path in modules.items()
    }
    assert "services.cart.store" in graph["services.cart.app"]
    TopologicalSorter(graph).prepare()  # raises CycleError, which names them


def rooms_of(package: str) -> dict[str, list[Path]]:
    """The source files of a package by the folder of it that they are in; "" for its own."""
    rooms: dict[str, list[Path]] = {}
    for path in SOURCES:
        if path.parts[:2] == tuple(package.split(".")):
            rooms.setdefault("/".join(path.parts[2:-1]), []).append(path)
    return rooms


def imported_rooms(path: Path, package: str, rooms: Collection[str]) -> set[str]:
    """The rooms of a package from which a file imports."""
    found = {
        name.removeprefix(f"{package}.").partition(".")[0]
        for name in imported(path)
        if name.startswith(f"{package}.")
    }
    return found & set(rooms)


@pytest.mark.parametrize(
    ("package", "rooms", "beside_them"),
    [
        ("services.common", COMMON_ROOMS, {}),
        ("services.operations", OPERATIONS_ROOMS, {"commandline.py": {"install", "run"}}),
    ],
)
def test_a_room_imports_only_the_rooms_below_it(
    package: str, rooms: dict[str, set[str]], beside_them: dict[str, set[str]]
) -> None:
    files = rooms_of(package)
    assert files.keys() == rooms.keys() | {""}
    wrong = {}
    for room, paths in files.items():
        for path in paths:
            may_import = rooms[room] | {room} if room else beside_them.get(path.name, set())
            if others := imported_rooms(path, package, rooms) - may_import:
                wrong[str(path)] = others
    assert wrong == {}


def test_the_imports_of_rooms_are_found() -> None:
    idempotency = Path("services/common/web/idempotency.py")
    assert imported_rooms(idempotency, "services.common", COMMON_ROOMS) == {
        "core",
        "storage",
        "web",
    }


def test_the_modules_of_a_service_have_names_that_are_known() -> None:
    assert [
        str(path)
        for service in SERVICES
        for paths in rooms_of(f"services.{service}").values()
        for path in paths
        if path.stem not in MODULES
    ] == []


def test_messages_and_models_know_nothing_of_what_uses_them() -> None:
    files = [path for path in SOURCES if path.name in ("messages.py", "model.py")]
    assert len(files) >= 2 * 4
    inward = {"store", "transitions", "peers", "app"}
    assert [
        (str(path), name)
        for path in files
        for name in imported(path)
        if inward & set(name.removeprefix(".".join(path.parts[:-1])).split("."))
    ] == []


@pytest.mark.parametrize("service", ["catalog", "cart", "order", "payment"])
def test_migrations_are_numbered_from_1_without_a_gap(service: str) -> None:
    names = sorted(path.name for path in (ROOT / "services" / service / "migrations").iterdir())
    assert names
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.sql", name) for name in names), names
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


def test_every_file_says_what_it_is_for() -> None:
    assert [
        str(path) for path in SOURCES if tree(path).body and not ast.get_docstring(tree(path))
    ] == []


def test_every_file_can_be_read_in_one_go() -> None:
    lines = {str(path): len((ROOT / path).read_text().splitlines()) for path in SOURCES}
    assert {path: number for path, number in lines.items() if number > MAX_LINES} == {}


def test_nothing_is_left_to_be_done() -> None:
    assert [
        (str(path), word)
        for path in SOURCES
        for word in ("TODO", "FIXME", "XXX", "HACK")
        if word in (ROOT / path).read_text()
    ] == []


def calls(path: Path) -> Iterator[ast.Call]:
    """The calls that a file makes."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))


def called(path: Path) -> set[str]:
    """What a file calls, as it is written."""
    return {ast.unparse(call.func) for call in calls(path)}


def test_what_serves_neither_prints_nor_sleeps() -> None:
    found = {str(path): called(path) & {"print", "time.sleep", "sleep"} for path in SERVING}
    assert {path: names for path, names in found.items() if names} == {}


def test_the_environment_is_read_at_the_start_and_nowhere_else() -> None:
    assert [
        (str(path), word)
        for path in SERVING
        for word in ("os.environ", "getenv")
        if path.name != "__main__.py" and word in (ROOT / path).read_text()
    ] == []


def test_sessions_are_opened_in_one_place() -> None:
    assert [
        str(path)
        for path in SERVING
        if any(name.endswith("ClientSession") for name in called(path))
    ] == ["client/transport.py"]


def test_no_redirect_is_followed_with_a_key() -> None:
    """Whatever asks another by itself says that it follows none, and how long it waits."""
    asking = [
        (path, call)
        for path in SERVING
        for call in calls(path)
        if "session" in ast.unparse(call.func).lower()
        and ast.unparse(call.func).rpartition(".")[2] in ("get", "post", "put", "request")
    ]
    assert asking
    options = {
        f"{path}: {ast.unparse(call)}": {
            keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords
        }
        for path, call in asking
    }
    assert [
        call
        for call, given in options.items()
        if given.get("allow_redirects") != "False" or "timeout" not in given
    ] == []
