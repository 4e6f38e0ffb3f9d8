"""The audit reads and leaves everything as it was, whether the shop runs, was stopped or killed."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest

from services.operations import OperationError
from services.operations.audit.command import look
from services.operations.audit.files import read_shop
from tests.shop import Shop

from .planted import Folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
async def killed(four_services: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shop with one order, as kill -9 leaves it: the last changes are in WALs."""
    await four_services.order(await four_services.product(), quantity=7)
    return shutil.copytree(four_services.folder, tmp_path_factory.mktemp("killed") / "data")


def test_a_stopped_shops_folder_is_left_as_it_was(folder: Folder) -> None:
    before = contents(folder.path)
    assert not folder.look().running
    assert contents(folder.path) == before


def test_the_wal_of_a_killed_shop_is_read_and_left_as_it_was(killed: Path) -> None:
    before = contents(killed)
    assert len(before["orders.db-wal"]) > 0
    found = look(killed)
    assert (found.running, found.breaches) == (False, [])
    assert ("units", "93 available, 7 reserved, 0 sold") in found.figures.lines
    assert contents(killed) == before


def test_a_folder_that_cannot_be_written_can_be_audited(killed: Path) -> None:
    killed.chmod(0o500)
    try:
        assert not look(killed).breaches
    finally:
        killed.chmod(0o700)


def test_without_room_for_a_copy_it_says_so(killed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OperationError, match=r"carts.db was left open .*No space left on device"):
        look(killed)


async def test_a_running_shop_is_read_where_it_is(four_services: Shop) -> None:
    await four_services.order(await four_services.product(), quantity=7)
    found = look(four_services.folder)
    assert (found.running, found.breaches) == (True, [])
    assert ("units", "93 available, 7 reserved, 0 sold") in found.figures.lines


async def test_a_shop_that_is_started_while_it_is_read_is_read_again(
    shop: Shop, tmp_path: Path
) -> None:
    await shop.start("cart", "catalog", "order", "payment")
    await shop.stop("cart", "catalog", "order", "payment")
    loop = asyncio.get_running_loop()
    rounds = 0

    def read(conn: sqlite3.Connection) -> str:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            asyncio.run_coroutine_threadsafe(shop.start("order"), loop).result()
            raise sqlite3.DatabaseError("read while it was being written")
        return "as it is"

    assert await asyncio.to_thread(read_shop, tmp_path, read) == ("as it is", True)
    assert rounds == 2
