"""A disk that is full, read-only or failing, and a file that goes bad while it is served."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from services.common.storage import group_commit
from services.common.storage.database import (
    CommitInDoubt,
    Database,
    DiskFull,
    StorageFailed,
    open_database,
)
from tests.common.storage.batches import (
    SCHEMA,
    FaultyConnection,
    Refused,
    Unit,
    add,
    add_photo,
    faults,
    skus,
    together,
)
from tests.schemas import schema_of

__all__ = ["faults"]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA)) as opened:
        yield opened


def limit_pages(extra: int) -> Unit:
    """A unit after which the database may grow by so many pages and no more."""

    def unit(conn: sqlite3.Connection) -> None:
        (pages,) = conn.execute("PRAGMA page_count").fetchone()
        conn.execute(f"PRAGMA max_page_count = {pages + extra}").fetchall()

    return unit


async def test_a_full_disk_that_takes_the_transaction_away_is_507_for_all_in_it(
    database: Database,
) -> None:
    await database.write(limit_pages(4))
    before, culprit, after = await together(database, add("tea"), add_photo(100_000), add("jam"))
    assert isinstance(before, DiskFull)
    assert isinstance(culprit, DiskFull)
    assert after == "jam"
    await database.write(limit_pages(1000))
    await database.write(add_photo(100_000))
    assert await database.read(skus) == ["jam"]


async def test_a_full_disk_that_fails_one_statement_is_507_for_its_unit_alone(
    database: Database,
) -> None:
    def add_many(conn: sqlite3.Connection) -> None:
        conn.execute(
            "INSERT INTO photos (image) SELECT zeroblob(9000) FROM (VALUES (1), (2), (3), (4))"
        )

    await database.write(limit_pages(4))
    before, culprit, after = await together(database, add("tea"), add_many, add("jam"))
    assert isinstance(culprit, DiskFull)
    assert [before, after] == ["tea", "jam"]


async def test_a_full_disk_is_507_although_the_unit_makes_a_rejection_of_it(
    database: Database,
) -> None:
    def add_or_refuse(conn: sqlite3.Connection) -> None:
        try:
            add_photo(100_000)(conn)
        except sqlite3.Error as error:
            raise Refused("taken") from error

    await database.write(limit_pages(4))
    with pytest.raises(DiskFull):
        await database.write(add_or_refuse)


async def test_no_room_at_commit_is_507_for_all_and_the_next_batch_works(
    tmp_path: Path, faults: type[FaultyConnection]
) -> None:
    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA)) as database:
        faults.code = sqlite3.SQLITE_FULL
        outcomes = await together(database, add("tea"), add("jam"))
        assert [type(outcome) for outcome in outcomes] == [DiskFull, DiskFull]
        assert outcomes[0] is not outcomes[1]
        faults.code = None
        assert await together(database, add("tea"), add("jam")) == ["tea", "jam"]
        assert database.failure is None


async def test_an_io_error_in_commit_ends_the_process_and_answers_nobody_before_that(
    tmp_path: Path, faults: type[FaultyConnection]
) -> None:
    answered_at_the_end: list[bool] = []
    reasons: list[str] = []

    def spy(reason: str) -> None:
        answered_at_the_end.extend(write.done() for write in writes)
        reasons.append(reason)

    async with open_database(tmp_path / "shop.db", schema_of(SCHEMA), end_process=spy) as database:
        faults.code = sqlite3.SQLITE_IOERR
        writes = [asyncio.create_task(database.write(add(sku))) for sku in ("tea", "jam")]
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        assert "shop.db" in reasons[0]
        assert answered_at_the_end == [False, False]
        assert isinstance(outcomes[0], CommitInDoubt)
        assert await database.failed() == reasons[0]
        faults.code = None
        with pytest.raises(StorageFailed) as later:
            await database.write(add("bread"))
        assert not isinstance(later.value, CommitInDoubt)


async def test_a_transaction_that_can_be_neither_kept_nor_undone_ends_the_process(
    tmp_path: Path,
) -> None:
    kept: list[sqlite3.Cursor] = []
    reasons: list[str] = []

    def keep_unfinished(conn: sqlite3.Connection) -> None:
        kept.append(conn.execute("INSERT INTO products VALUES ('a', 1), ('b', 1) RETURNING sku"))

    path = tmp_path / "shop.db"
    async with open_database(path, schema_of(SCHEMA), end_process=reasons.append) as database:
        outcomes = await together(database, add("tea"), keep_unfinished, add("jam"))
        assert [type(outcome) for outcome in outcomes] == [
            CommitInDoubt,
            CommitInDoubt,
            StorageFailed,
        ]
        assert len(reasons) == 1
    kept.clear()
    async with open_database(path, schema_of(SCHEMA)) as database:
        assert await database.read(skus) == []


@pytest.mark.parametrize(
    "code",
    [
        sqlite3.SQLITE_IOERR_READ,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    ],
)
async def test_a_failing_disk_fails_its_unit_and_what_comes_after_but_not_what_was_before(
    database: Database, code: int
) -> None:
    def fail(conn: sqlite3.Connection) -> None:
        add("half")(conn)
        error = sqlite3.OperationalError("made to fail")
        error.sqlite_errorcode = code
        raise error

    before, culprit, after = await together(database, add("tea"), fail, add("jam"))
    assert before == "tea"
    assert isinstance(culprit, StorageFailed)
    assert isinstance(after, StorageFailed)
    assert "made to fail" in await database.failed()
    assert await database.read(skus) == ["tea"]
    with pytest.raises(StorageFailed, match="made to fail"):
        await database.check()


async def test_a_disk_that_turned_read_only_is_told_and_why(database: Database) -> None:
    await database.write(lambda conn: conn.execute("PRAGMA query_only = ON").fetchall())
    with pytest.raises(StorageFailed, match="readonly"):
        await database.write(add("tea"))
    assert "readonly" in await database.failed()


async def test_a_file_that_goes_bad_while_it_is_served_is_told_by_a_read(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    async with open_database(path, schema_of(SCHEMA)) as database:
        for n in range(200):
            await database.write(add(f"sku-{n:03}" + "x" * 500))
    async with open_database(path, schema_of(SCHEMA)) as database:
        with path.open("r+b") as file:
            file.seek(8 * 4096)
            file.write(b"\xff" * (path.stat().st_size - 8 * 4096))
        with pytest.raises(StorageFailed, match="malformed"):
            await database.read(skus)
        assert "malformed" in await database.failed()
        with pytest.raises(StorageFailed):
            await database.write(add("tea"))


async def test_writing_to_what_is_opened_for_reading_is_no_failure_of_the_disk(
    database: Database,
) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.read(add("tea"))
    assert database.failure is None
    await database.check()


async def test_the_wal_is_cut_once_a_reader_that_held_it_back_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, wal = tmp_path / "shop.db", tmp_path / "shop.db-wal"
    monkeypatch.setattr(group_commit, "LOOK_EVERY_UNITS", 1)
    monkeypatch.setattr(group_commit, "WAL_LIMIT", 100_000)
    async with open_database(path, schema_of(SCHEMA)) as database:
        with closing(sqlite3.connect(path)) as audit:
            audit.execute("BEGIN")
            audit.execute("SELECT * FROM products").fetchall()
            for _ in range(4):
                await database.write(add_photo(100_000))
            assert wal.stat().st_size > 400_000
        for _ in range(3):
            await database.write(add_photo(100_000))
        assert wal.stat().st_size < 300_000
