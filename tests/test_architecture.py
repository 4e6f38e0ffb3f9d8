"""Which way imports point, and a few habits that were broken before."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(
    path.relative_to(ROOT)
    for place in ("run.py", "client", "services", "registry")
    for path in ([ROOT / place] if place.endswith(".py") else (ROOT / place).rglob("*.py"))
)
SERVING = [path for path in SOURCES if path.parts[:2] != ("services", "operations")]
MOST_LINES = 300
OWN = ("client", "services", "registry", "run", "tests")

each_source = pytest.mark.parametrize("path", SOURCES, ids=str)
each_serving = pytest.mark.parametrize("path", SERVING, ids=str)


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


@each_source
def test_imports_point_one_way(path: Path) -> None:
    wrong = [name for name in imported(path) if not f"{name}.".startswith(allowed(path))]
    assert not wrong


def test_the_imports_are_found() -> None:
    assert "services.common.app.service_app" in imported(Path("services/cart/app.py"))
    assert "services.cart.store" in imported(Path("services/cart/app.py"))
    assert "client.errors.ShopError" in imported(Path("services/common/middleware.py"))


@each_source
def test_a_file_says_what_it_is_for(path: Path) -> None:
    assert not tree(path).body or ast.get_docstring(tree(path))


@each_source
def test_a_file_can_be_read_in_one_go(path: Path) -> None:
    assert len((ROOT / path).read_text().splitlines()) <= MOST_LINES


@each_source
def test_nothing_is_left_to_be_done(path: Path) -> None:
    text = (ROOT / path).read_text()
    assert not [word for word in ("TODO", "FIXME", "XXX", "HACK") if word in text]


def called(path: Path) -> Iterator[str]:
    """What a file calls, as it is written."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


@each_serving
def test_what_serves_neither_prints_nor_sleeps(path: Path) -> None:
    assert not {"print", "time.sleep", "sleep"} & set(called(path))


@each_serving
def test_the_environment_is_read_at_the_start_and_nowhere_else(path: Path) -> None:
    if path.name != "__main__.py":
        text = (ROOT / path).read_text()
        assert "os.environ" not in text
        assert "getenv" not in text


@each_serving
def test_sessions_are_opened_in_one_place(path: Path) -> None:
    if path != Path("client/transport.py"):
        assert not [name for name in called(path) if name.endswith("ClientSession")]


@each_serving
def test_nobody_is_led_elsewhere_with_a_key(path: Path) -> None:
    """Whatever asks another by itself says that it follows no redirect."""
    asking = [
        node
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and "session" in ast.unparse(node.func).lower()
        and ast.unparse(node.func).rpartition(".")[2] in ("get", "post", "put", "request")
    ]
    for call in asking:
        options = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert options.get("allow_redirects") == "False", ast.unparse(call)
        assert "timeout" in options, ast.unparse(call)
