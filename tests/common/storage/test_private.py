"""Whoever else has an account on the machine reads nothing of the shop."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.common.storage.file import keep_private
from services.common.storage.filelock import make_folder
from tests.shop import Shop

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")


@pytest.fixture(autouse=True)
def generous_umask() -> Iterator[None]:
    """What is made is for everybody, unless something is done about it."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes(folder: Path) -> dict[str, int]:
    """Of the databases in a folder, and what SQLite keeps beside them."""
    return {path.name: mode(path) for path in folder.glob("*.db*") if path.suffix != ".lock"}


async def test_a_new_shop_is_its_users_alone(shop: Shop) -> None:
    shop.folder.rmdir() if not list(shop.folder.iterdir()) else None
    await shop.start("catalog")
    assert mode(shop.folder) == 0o700
    found = modes(shop.folder)
    assert {"products.db", "products.db-wal", "registry.db"} <= found.keys()
    assert set(found.values()) == {0o600}


async def test_a_shop_that_is_there_already_becomes_so(shop: Shop) -> None:
    await shop.start("catalog")
    await shop.stop("catalog")
    shop.folder.chmod(0o755)
    (shop.folder / "products.db").chmod(0o644)
    await shop.start("catalog")
    assert mode(shop.folder) == 0o700
    assert set(modes(shop.folder).values()) == {0o600}


def test_only_the_last_folder_is_made_private(tmp_path: Path) -> None:
    make_folder(tmp_path / "srv" / "data")
    assert mode(tmp_path / "srv") == 0o777
    assert mode(tmp_path / "srv" / "data") == 0o700


def test_what_its_owner_may_not_do_stays_so(tmp_path: Path) -> None:
    file = tmp_path / "products.db"
    file.touch(mode=0o444)
    keep_private(file)
    assert mode(file) == 0o400


def test_what_belongs_to_somebody_else_is_told_and_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    tmp_path.chmod(0o755)
    monkeypatch.setattr(Path, "chmod", refuse)
    keep_private(tmp_path)
    assert f"{tmp_path} can be read by others" in caplog.text
    caplog.clear()
    keep_private(tmp_path / "not-there")
    assert not caplog.records


def test_a_folder_for_everybody_stays_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tmp_path.chmod(0o1777)
    keep_private(tmp_path)
    assert mode(tmp_path) == 0o1777
    assert "give the shop a folder of its own" in caplog.text
