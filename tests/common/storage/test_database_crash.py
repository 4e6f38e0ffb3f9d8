"""Real processes that die while they write: what was answered is there, what was not is either."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from services.common.storage.database import DatabaseInUse, open_database
from tests.common.storage.batches import SCHEMA
from tests.schemas import schema_of

WRITE = """
import asyncio, itertools, sys
from pathlib import Path
from services.common.storage.database import open_database
from services.common.core.logs import log_to_stderr
from tests.common.storage.batches import SCHEMA, add
from tests.schemas import schema_of

log_to_stderr("shop")
numbers = itertools.count()

async def write(database):
    while True:
        sku = f"sku-{next(numbers)}" + "x" * 200
        await database.write(add(sku))
        print(sku, flush=True)

async def main(path, most_bytes):
    async with open_database(path, schema_of(SCHEMA)) as database:
        if most_bytes:
            import resource
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
        await asyncio.gather(*(write(database) for _ in range(16)))

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""


def writing(path: Path, most_bytes: int = 0) -> subprocess.Popen[str]:
    """A process that writes for good, a line for each product that was answered."""
    return subprocess.Popen(
        [sys.executable, "-c", WRITE, str(path), str(most_bytes)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stored(conn: sqlite3.Connection) -> set[str]:
    return {row["sku"] for row in conn.execute("SELECT sku FROM products")}


@pytest.mark.parametrize("answers", [1, 500])
async def test_what_was_answered_before_a_kill_is_there_afterwards(
    tmp_path: Path, answers: int
) -> None:
    path = tmp_path / "shop.db"
    with writing(path) as process:
        assert process.stdout is not None
        answered = [process.stdout.readline() for _ in range(answers)]
        process.kill()
        answered += process.stdout.readlines()
    whole = {line.strip() for line in answered if line.endswith("\n")}
    assert len(whole) >= answers
    async with open_database(path, schema_of(SCHEMA)) as database:
        assert whole <= await database.read(stored)


async def test_a_database_that_another_process_has_is_refused_with_its_pid(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with writing(path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(DatabaseInUse, match=f"process {process.pid}"):
            async with open_database(path, schema_of(SCHEMA)):
                pass
        process.kill()
        process.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on a file's size")
async def test_an_io_error_in_commit_says_why_and_ends_the_process_unanswered(
    tmp_path: Path,
) -> None:
    path = tmp_path / "shop.db"
    process = writing(path, most_bytes=500_000)
    output, errors = await asyncio.to_thread(process.communicate, timeout=30)
    assert process.returncode == 74
    reason = json.loads(errors.splitlines()[-1])
    assert reason["level"] == "critical"
    assert "SQLITE_IOERR_WRITE" in reason["message"]
    async with open_database(path, schema_of(SCHEMA)) as database:
        assert set(output.split()) <= await database.read(stored)
