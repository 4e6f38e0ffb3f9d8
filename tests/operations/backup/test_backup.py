"""A backup as a person makes it: what is in it, what is said, and what it refuses."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from services.operations import OperationError
from services.operations.audit.command import look
from services.operations.backup import copies as backup_copies
from services.operations.backup import restore
from services.operations.backup.command import main
from services.operations.backup.copies import copy_shop
from services.operations.backup.files import MANIFEST, read_backup
from services.operations.databases import DATABASES
from tests.operations.audit.planted import Folder
from tests.operations.audit.test_audit_files import contents
from tests.shop import Shop

FILES = {*DATABASES, MANIFEST}


def back_up(data: Path, to: Path) -> int:
    return main([str(to), "--data-dir", str(data)])


def test_a_stopped_shop_is_copied_and_audited(
    folder: Folder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(folder.path)
    assert back_up(folder.path, tmp_path / "monday") == 0
    message, *figures, verdict = capsys.readouterr().out.splitlines()
    assert message.startswith(f"backup      {tmp_path / 'monday'}, 0.")
    assert message.endswith("; the shop was at rest")
    assert figures[0] == "orders      5: 1 CANCELLED, 1 CREATED, 1 PAID, 1 REFUNDED, 1 REJECTED"
    assert verdict.startswith("Clean: ")
    assert {path.name for path in (tmp_path / "monday").iterdir()} == FILES
    assert contents(folder.path) == before


def test_the_wal_of_a_killed_shop_is_in_the_backup(killed: Path, tmp_path: Path) -> None:
    before = contents(killed)
    assert back_up(killed, tmp_path / "monday") == 0
    found = look(tmp_path / "monday")
    assert ("units", "93 available, 7 reserved, 0 sold") in found.figures.lines
    assert contents(killed) == before


async def test_a_shop_that_is_busy_selling_can_be_backed_up_and_restored(
    four_services: Shop,
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shop, elsewhere = four_services, tmp_path_factory.mktemp("elsewhere")
    product = await shop.product(stock=1000)
    await shop.pay(await shop.order(product))

    async def buy(user_id: str) -> None:
        while not done.done():
            assert (await shop.pay(await shop.order(product, user_id=user_id))).status == 200

    def three_times() -> None:
        for day in ("monday", "tuesday", "wednesday"):
            assert back_up(shop.folder, elsewhere / day) == 0
            data = elsewhere / f"{day}-restored"
            assert restore.main([str(elsewhere / day), "--data-dir", str(data)]) == 0

    async with asyncio.TaskGroup() as group:
        done = group.create_task(asyncio.to_thread(three_times))
        for user_id in ("ada", "ben", "cleo", "dan"):
            group.create_task(buy(user_id))
    assert capsys.readouterr().out.count("; the shop ran on, its writes waited ") == 3


async def test_a_backup_names_its_instant_and_its_shop(
    four_services: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    to = tmp_path_factory.mktemp("empty")
    assert await asyncio.to_thread(back_up, four_services.folder, to) == 0
    manifest = read_backup(to)
    listed = (await four_services.call("registry", "GET", "/services")).json
    assert manifest.shop == listed["shop"]
    assert manifest.taken_at.endswith("Z")
    assert manifest.size == sum((to / name).stat().st_size for name in DATABASES)


def test_a_copy_is_one_file_that_can_be_read_in_a_read_only_folder(
    backed_up: Path,
) -> None:
    for name in DATABASES:
        with closing(sqlite3.connect(f"{(backed_up / name).as_uri()}?mode=ro", uri=True)) as conn:
            assert conn.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert {path.name for path in backed_up.iterdir()} == FILES


async def test_a_part_that_is_just_being_started_is_waited_for(
    four_services: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shop, to = four_services, tmp_path_factory.mktemp("empty")
    await shop.stop("cart")
    copying = asyncio.create_task(asyncio.to_thread(copy_shop, shop.folder, to))
    await shop.start("cart")
    assert (await copying).gate_seconds is not None
    assert look(to).breaches == []


async def test_a_part_that_stays_away_is_named(
    four_services: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await four_services.stop("cart")
    to = tmp_path_factory.mktemp("empty")
    with pytest.raises(OperationError, match=r"Only a part of .* \(not in use: carts\.db\): try"):
        copy_shop(four_services.folder, to, patience=0.0)


async def test_a_shop_that_is_started_while_it_is_copied_is_copied_again(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = ("catalog", "cart", "order", "payment")
    await shop.start(*services)
    await shop.stop("registry", *services)
    loop = asyncio.get_running_loop()

    def start_meanwhile(path: Path) -> None:
        monkeypatch.setattr(backup_copies, "sync_file", lambda _: None)
        starting = shop.start("registry", *services)
        asyncio.run_coroutine_threadsafe(starting, loop).result()
        raise OperationError("read while it was being written")

    monkeypatch.setattr(backup_copies, "sync_file", start_meanwhile)
    to = tmp_path_factory.mktemp("empty")
    assert (await asyncio.to_thread(copy_shop, shop.folder, to)).gate_seconds is not None


def test_a_shop_with_a_breach_is_copied_and_the_breach_reported(
    folder: Folder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.plant("products", "UPDATE products SET sold = 0 WHERE id = :pears")
    assert back_up(folder.path, tmp_path / "monday") == 1
    *_, wrong, verdict, message = capsys.readouterr().out.splitlines()
    assert wrong.startswith("WRONG       catalog service, product")
    assert verdict == "1 row wrong."
    assert message == "The backup is a true copy, and so just as wrong as the shop is."
    read_backup(tmp_path / "monday")


def test_the_manifest_can_be_read_by_any_program(backed_up: Path) -> None:
    manifest = msgspec.json.decode((backed_up / MANIFEST).read_bytes())
    assert (manifest["format"], sorted(manifest["files"])) == (1, sorted(DATABASES))
    assert len(manifest["files"]["orders.db"]["sha256"]) == 64
