"""`services/README.md` says how the shop is built today."""

from __future__ import annotations

import ast
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from services.catalog.messages import ReservationState
from services.catalog.model import NEXT_STATES, REJECTED_ACTIONS, TOMBSTONES, ReservationAction
from services.common.durable import recovery
from services.common.storage import errors
from services.common.web.serving import as_problem
from services.order.peers import REJECTIONS as SETTLE_A_RESERVATION
from services.payment.peers import REJECTIONS as SETTLE_A_PAYMENT

from .markdown import ROOT, in_backticks, rows, section, words_of_the_source
from .shop import Shop

PAGE = ROOT / "services" / "README.md"
TEXT = PAGE.read_text()
COMMON = ROOT / "services" / "common"
NAMED = ("catalog", "cart", "order", "payment", "storefront")
PATH = re.findall(
    r"^\d+\. `([^`]+)` `([^`]+)`: .+$",
    section(TEXT, "The reading path of `POST /orders`"),
    re.MULTILINE,
)


def names_in(file: Path) -> set[str]:
    """The functions, methods and variables that a module defines."""
    found = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            methods = [each for each in node.body if hasattr(each, "name")]
            found |= {node.name, *(f"{node.name}.{each.name}" for each in methods)}
        elif isinstance(node, ast.Assign):
            found |= {ast.unparse(target) for target in node.targets}
    return found


def test_every_path_and_every_name_is_there() -> None:
    missing = [
        span
        for span in in_backticks(TEXT)
        if (re.fullmatch(r"(services|registry|client|tests)/[\w/.-]+", span))
        and not (ROOT / span).exists()
    ]
    names = [span for span in in_backticks(TEXT) if re.fullmatch(r"[\w.]*(_|[a-z][A-Z])\w*", span)]
    missing += [name for name in names if not set(name.split(".")) <= words_of_the_source()]
    assert missing == []
    assert len(names) > 50


def test_the_reading_path_names_ten_functions_that_are_there() -> None:
    assert len(PATH) == 10
    assert [step for step in PATH if step[1] not in names_in(ROOT / step[0])] == []


async def test_the_reading_path_is_the_one_that_an_order_takes(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "EVERY_SECONDS", 60.0)  # the worker takes no step before us
    with calls() as seen:
        await shop.start("catalog", "cart", "order", peer_deadline=10.0)
        query = {"product_id": str(await shop.product())}
        assert (await shop.call("cart", "POST", "/cart/ada/add", params=query)).status == 200
        seen.clear()
        reply = await shop.call(
            "order", "POST", "/orders", json={"user_id": "ada"}, idempotency_key="one"
        )
    assert reply.status == 201
    _, *steps = PATH  # the first is data
    for file, function in steps:
        assert (file, function) in seen
    assert sorted(steps, key=seen.index) == steps


@contextmanager
def calls() -> Iterator[list[tuple[str, str]]]:
    """The functions that are called meanwhile, here and in threads that begin meanwhile: file and
    name, in the order of their first calls. What is inside a function counts as that function.
    """
    seen: list[tuple[str, str]] = []

    def note(frame: FrameType, event: str, _argument: object) -> None:
        file = frame.f_code.co_filename
        if event == "call" and file.startswith(f"{ROOT}/services/"):
            name = frame.f_code.co_qualname.partition(".<locals>")[0]
            call = (file.removeprefix(f"{ROOT}/"), name)
            if call not in seen:
                seen.append(call)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield seen
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def test_every_file_of_a_service_is_told() -> None:
    told = set(in_backticks(section(TEXT, "The files of a service")))
    there = {
        path.name
        for service in NAMED
        for path in (ROOT / "services" / service).glob("*.py")
        if path.name != "__init__.py"
    }
    assert there == {span for span in told if span.endswith(".py")}


def test_each_room_imports_only_from_the_rooms_above_it() -> None:
    listed = rows(section(TEXT, "The packages of `services.common`"), "package", "what it is for")
    packages = [package.strip("`") for package, _ in listed]
    there = {path.parent.name for path in COMMON.glob("*/__init__.py")}
    assert set(packages) == there
    for place, package in enumerate(packages):
        texts = [path.read_text() for path in (COMMON / package).rglob("*.py")]
        imported = {name for text in texts for name in re.findall(r"from \.\.(\w+)", text)}
        assert imported <= set(packages[:place]), package


def test_the_promises_are_numbered_1_to_12() -> None:
    numbers = re.findall(r"^(\d+)\. ", section(TEXT, "The promises"), re.MULTILINE)
    assert numbers == [str(number) for number in range(1, 13)]


def test_the_definite_rejections_are_those_of_the_code() -> None:
    listed = rows(TEXT, "question", "rejections that settle it")
    reservation, payment, other = (
        {(int(status), code) for status, code in re.findall(r"`(\d{3}) (\w+)`", cell)}
        for _, cell in listed
    )
    assert reservation == set(SETTLE_A_RESERVATION)
    assert payment == set(SETTLE_A_PAYMENT)
    assert not other


def test_the_table_of_reservations_is_that_of_the_code() -> None:
    actions: tuple[ReservationAction, ...] = ("commit", "release", "return")
    table = rows(section(TEXT, "The four tables"), "", "PUT", *actions)
    states: list[ReservationState] = ["HELD", "COMMITTED", "RELEASED", "REJECTED", "RETURNED"]
    assert [row[0] for row in table] == ["none", *states]
    none, *others = (dict(zip(actions, cells, strict=True)) for _, _, *cells in table)
    for action, cell in none.items():
        left = TOMBSTONES.get(action)
        assert cell.startswith(f"{left} 200" if left else "404 `reservation_not_found`")
    for state, cells in zip(states, others, strict=True):
        for action, cell in cells.items():
            expected = f"{NEXT_STATES.get((state, action), '')} 200".strip()
            if code := REJECTED_ACTIONS.get((state, action)):
                expected = f"409 `{code}`"
            assert cell.removesuffix(r"\*").strip() == expected


def test_every_error_of_the_database_is_told_and_how_it_is_answered() -> None:
    kinds = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    kinds = {name: kind for name, kind in kinds.items() if issubclass(kind, errors.DatabaseError)}
    told = set()
    for raised, _, answered in rows(TEXT, "raised", "means", "answered"):
        names = in_backticks(raised)
        told |= set(names)
        if names[0] != "CannotOpen":
            problem = as_problem(kinds[names[0]]("why"))
            assert answered == f"{problem.status} `{problem.code}`"
    assert told == kinds.keys() - {"DatabaseError"}
