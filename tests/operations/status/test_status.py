"""`python run.py status` on a shop that was stopped, on one that runs, and on none."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import pytest

from services.cart.model import FORGOTTEN_HOURS
from services.operations import OperationError
from services.operations.sentences import UNKNOWN_KEY
from services.operations.status.command import main
from services.operations.status.figures import CART_KEPT_HOURS
from tests.operations.audit.planted import Folder
from tests.shop import Shop


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def row(text: str, *begins: str) -> str:
    """The one line that begins with these words."""
    pattern = r"\s+".join(map(re.escape, begins))
    (found,) = [line for line in text.splitlines() if re.match(rf"{pattern}\b", line)]
    return found


def test_a_stopped_shop_is_told_with_its_rows_and_what_will_be_purged(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in folder.path.iterdir()}
    text = told(capsys, "--data-dir", str(folder.path))
    assert "the shop does not run" in text
    assert row(text, "orders.db", "orders").split()[-1] == "5"
    assert row(text, "products.db", "products").split()[-1] == "2"
    assert re.match(r"registry\.db +registry +- +\d+ (B|KiB)", row(text, "registry.db"))
    assert "nothing" in row(text, "in flight")
    assert row(text, "order: rejected orders", "1")
    assert {path.name: path.read_bytes() for path in folder.path.iterdir()} == before


def test_what_is_in_flight_is_told_and_since_when(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.plant(
        "orders",
        "UPDATE orders SET stock_state = 'COMMIT_DUE', updated_at = '2026-01-01T00:00:00.000Z'"
        " WHERE order_id = :paid",
    )
    text = told(capsys, "--data-dir", str(folder.path))
    assert row(text, "in flight").endswith(
        "1 order PAID COMMIT_DUE, since 2026-01-01T00:00:00.000Z"
    )


async def test_a_running_shop_is_told_with_its_processes_and_instances(
    four_services: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    port = four_services.urls["registry"].rpartition(":")[2]
    text = await asyncio.to_thread(
        told, capsys, "--data-dir", str(four_services.folder), "--base-port", port
    )
    assert "the shop is running" in text
    assert row(text, "orders.db", "order").split()[2] == str(os.getpid())
    assert row(text, "order-1").split()[1:] == [four_services.urls["order"], "up"]


async def test_a_key_that_the_registry_does_not_know_is_told_as_that(
    four_services: Shop, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY", "another")
    port = four_services.urls["registry"].rpartition(":")[2]
    text = await asyncio.to_thread(
        told, capsys, "--data-dir", str(four_services.folder), "--base-port", port
    )
    assert UNKNOWN_KEY in text
    assert row(text, "orders.db", "orders")


async def test_a_registry_that_does_not_answer_is_told_and_keeps_nothing_back(
    four_services: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--data-dir", str(four_services.folder), "--base-port", "1")
    text = await asyncio.to_thread(told, capsys, *arguments)
    assert "No registry answers at http://127.0.0.1:1; --base-port says where it is." in text
    assert row(text, "orders.db", "orders")


def test_a_folder_without_a_shop_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="give the data folder of a whole shop"):
        main(["--data-dir", str(tmp_path)])


def test_it_knows_how_long_an_empty_cart_is_kept() -> None:
    assert CART_KEPT_HOURS == FORGOTTEN_HOURS
