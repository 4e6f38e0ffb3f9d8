"""Opening a database file: what is refused, in which words, and what is left untouched."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from services.common.storage.database import (
    CannotOpen,
    CorruptDatabase,
    DatabaseInUse,
    MigrationFailed,
    open_database,
)
from services.common.storage.filelock import FileLock
from tests.common.storage.batches import SCHEMA, add, skus
from tests.schemas import schema_of


async def make(path: Path, products: int = 200) -> None:
    """A database of several pages."""
    async with open_database(path, schema_of(SCHEMA)) as database:
        for n in range(products):
            await database.write(add(f"sku-{n:03}" + "x" * 300))


async def leave_in_wal(path: Path) -> None:
    """A database as a kill leaves it: its one product is in the WAL alone."""
    live = path.with_name("live.db")
    async with open_database(live, schema_of(SCHEMA)) as database:
        await database.write(add("tea"))
        shutil.copy(live, path)
        shutil.copy(wal_of(live), wal_of(path))


def wal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


async def rejection(path: Path) -> CannotOpen:
    """What opening it says; nothing is left running after it."""
    before = set(threading.enumerate())
    with pytest.raises(CannotOpen) as caught:
        async with open_database(path, schema_of(SCHEMA)):
            pass
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
    assert set(threading.enumerate()) <= before
    with FileLock(path.with_name("shop.db.lock")):
        return caught.value


async def test_missing_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "shop.db"
    async with open_database(path, schema_of(SCHEMA)) as database:
        await database.write(add("tea"))
    async with open_database(path, schema_of(SCHEMA)) as database:
        assert await database.read(skus) == ["tea"]


async def test_a_path_with_characters_special_in_a_uri_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "a?mode=ro#b%20" / "shop.db"
    async with open_database(path, schema_of(SCHEMA)) as database:
        await database.write(add("tea"))
        assert await database.read(skus) == ["tea"]
    assert path.exists()


async def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    path.write_bytes(b"no database at all " * 300)
    before = path.read_bytes()
    error = await rejection(path)
    assert isinstance(error, CorruptDatabase)
    assert str(path) in str(error)
    assert "python run.py restore DIR" in str(error)
    assert path.read_bytes() == before


async def test_a_damaged_file_is_refused_and_kept_with_its_wal(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    await make(tmp_path / "live.db")
    await leave_in_wal(path)
    damaged = bytearray(path.read_bytes())
    damaged[8 * 4096 : 10 * 4096] = b"\xff" * 8192
    path.write_bytes(damaged)
    wal = wal_of(path).read_bytes()
    assert wal
    assert isinstance(await rejection(path), CorruptDatabase)
    assert path.read_bytes() == damaged
    assert wal_of(path).read_bytes() == wal


@pytest.mark.parametrize("emptied", [True, False], ids=["emptied", "deleted"])
async def test_a_file_that_is_gone_while_its_wal_is_not_is_refused(
    tmp_path: Path, emptied: bool
) -> None:
    path = tmp_path / "shop.db"
    await leave_in_wal(path)
    path.unlink()
    if emptied:
        path.touch()
    wal = wal_of(path).read_bytes()
    assert isinstance(await rejection(path), CorruptDatabase)
    assert wal_of(path).read_bytes() == wal


async def test_a_first_start_that_was_cut_short_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
    # What SQLite leaves beside it until that is through, to undo it: there were no pages before.
    header = bytes.fromhex("d9d505f920a163d7") + struct.pack(">5I", 0, 1, 0, 512, 4096)
    path.with_name("shop.db-journal").write_bytes(header.ljust(512, b"\0"))
    async with open_database(path, schema_of(SCHEMA)) as database:
        assert await database.write(add("tea")) == "tea"
    assert not path.with_name("shop.db-journal").exists()


async def test_a_database_that_is_open_already_is_refused_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    async with open_database(path, schema_of(SCHEMA)) as database:
        with pytest.raises(DatabaseInUse, match=f"process {os.getpid()}"):
            async with open_database(path, schema_of(SCHEMA)):
                pass
        await database.write(add("tea"))
    await make(path)


async def test_a_link_is_refused_as_its_wal_would_be_elsewhere(tmp_path: Path) -> None:
    await make(tmp_path / "shop.db")
    link = tmp_path / "link.db"
    link.symlink_to("shop.db")
    assert str(await rejection(link)).startswith(
        f"{link} is a link, and a database has to be a file"
    )
    assert not link.with_name("link.db.lock").exists()


async def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / "file" / "data" / "shop.db"
    with pytest.raises(CannotOpen, match=r"cannot be written .*--data-dir"):
        async with open_database(path, schema_of(SCHEMA)):
            pass


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such permission")
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
async def test_a_folder_that_may_not_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o500)
    with pytest.raises(CannotOpen, match=r"cannot be written .*Permission denied.*--data-dir"):
        async with open_database(folder / "shop.db", schema_of(SCHEMA)):
            pass


async def test_a_folder_in_the_files_place_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    path.mkdir()
    assert "cannot be opened" in str(await rejection(path))


async def test_a_migration_that_fails_leaves_nothing_running(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as stranger:
        stranger.execute("CREATE TABLE products (id INTEGER PRIMARY KEY)")
    error = await rejection(path)
    assert isinstance(error, MigrationFailed)
    assert "table products already exists" in str(error)


async def test_what_is_in_the_wal_is_in_the_file_before_it_serves(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    await leave_in_wal(path)
    async with open_database(path, schema_of(SCHEMA)) as database:
        assert wal_of(path).stat().st_size == 0
        assert await database.read(skus) == ["tea"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
async def test_what_a_reader_holds_back_in_the_wal_is_synced_before_it_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "shop.db"
    await leave_in_wal(path)
    synced: list[str] = []
    fsync = os.fsync

    def watch(file: int) -> None:
        synced.append(Path(f"/proc/self/fd/{file}").resolve().name)
        fsync(file)

    monkeypatch.setattr(os, "fsync", watch)
    with closing(sqlite3.connect(path)) as audit:
        audit.execute("BEGIN")
        audit.execute("SELECT * FROM products").fetchall()
        async with open_database(path, schema_of(SCHEMA)) as database:
            assert synced == ["shop.db-wal", tmp_path.name]
            assert await database.read(skus) == ["tea"]
