"""The guide of the package: its examples run, and what it lists is complete."""

import ast
import asyncio
import inspect
import re
import sys
import typing
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import client
from client import ShopClient, ShopError, catalog
from tests.client.guide import SNIPPETS, TEXT, first_purchase
from tests.shop import OPERATOR, Shop, open_shop

LISTED = {
    re.sub(r"\(.*", "", call): call
    for call in re.findall(r"^\| `(\w+\.\w+\(.*?\))` \|", TEXT, re.MULTILINE)
}
METHODS = {
    f"{resource}.{name}": method
    for resource in ("catalog", "cart", "orders", "payments")
    for name, method in inspect.getmembers(
        getattr(ShopClient("http://unused", api_key=""), resource), inspect.ismethod
    )
    if not name.startswith("_")
}


@pytest.fixture
async def running_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    """A whole shop, and the client importable by the name that it is installed under."""
    monkeypatch.setitem(sys.modules, "tuckshop_client", client)
    async with open_shop(tmp_path) as shop:
        await shop.start("registry", "catalog", "cart", "order", "payment")
        yield shop


async def test_the_first_purchase_of_the_guide_buys(
    running_shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    await running_shop.product(price="2.50")
    program = compile(first_purchase(running_shop.urls["registry"]), "README.md", "exec")
    await asyncio.to_thread(exec, program, {})
    assert capsys.readouterr().out == "2 x Pear Drops: 5.00 USD, COMPLETED\n"


async def test_the_examples_of_the_guide_run_one_after_the_other(running_shop: Shop) -> None:
    registry_url = running_shop.urls["registry"]
    async with ShopClient(registry_url, api_key=OPERATOR) as shop:
        names: dict[str, Any] = {
            "__name__": "guide",
            "shop": shop,
            "ShopClient": ShopClient,
            "registry_url": registry_url,
            "api_key": OPERATOR,
        }
        for snippet in SNIPPETS:
            code = compile(snippet, "README.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            if (running := eval(code, names)) is not None:
                await running


def test_the_guide_lists_every_method_with_its_parameters() -> None:
    assert {name: name + signature(method) for name, method in METHODS.items()} == LISTED


def signature(method: Any) -> str:
    """Return the parameters of a method without their types."""
    found = inspect.signature(method)
    bare = [each.replace(annotation=each.empty) for each in found.parameters.values()]
    return str(found.replace(parameters=bare, return_annotation=found.empty))


@pytest.mark.parametrize(
    "type_", [catalog.ProductFilters, catalog.ProductDetails, catalog.ProductChanges]
)
def test_the_guide_names_every_filter_and_field(type_: type) -> None:
    _, _, below = TEXT.partition("## All methods")
    assert all(f"`{name}`" in below for name in typing.get_type_hints(type_))


def test_the_guide_says_what_each_error_means() -> None:
    errors = {kind.__name__ for kind in ShopError.__subclasses__()}
    assert errors == set(re.findall(r"^[├└]── (\w+)$", TEXT, re.MULTILINE))
    assert errors == set(re.findall(r"^\| `(\w+)` \| [45]", TEXT, re.MULTILINE))
