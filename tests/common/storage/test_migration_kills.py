"""A migration that is cut short by kill -9 at any statement leaves the old schema or the new."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from services.common.storage.migrations import Migration, migrate, pending
from services.operations.databases import DATABASES, schema_of

ROOT = Path(__file__).resolve().parents[3]
RELEASE = ROOT / "tests" / "data" / "release-0.1.0"

MIGRATE_AND_DIE = """
import itertools, os, signal, sqlite3, sys
from pathlib import Path
from services.common.storage.migrations import migrate
from services.operations.databases import schema_of

path, last = Path(sys.argv[1]), int(sys.argv[2])
statements = itertools.count(1)

def reach(_statement):
    if next(statements) == last:
        os.kill(os.getpid(), signal.SIGKILL)

conn = sqlite3.connect(path, isolation_level=None)
conn.execute("PRAGMA journal_mode = WAL")
conn.set_trace_callback(reach)
migrate(conn, schema_of(path.name), path.name)
"""


def schema(conn: sqlite3.Connection) -> list[tuple[str, str]]:
    """Everything that was made in a database, in the words that made it."""
    rows = conn.execute("SELECT name, coalesce(sql, '') FROM sqlite_master ORDER BY name")
    return [(name, sql) for name, sql in rows]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("name", DATABASES)
def test_a_kill_at_any_statement_leaves_the_old_schema_or_the_new_one(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    with closing(sqlite3.connect(RELEASE / name)) as conn:
        old = schema(conn)
    shutil.copyfile(RELEASE / name, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        migrate(conn, schema_of(name), name)
        new = schema(conn)
    kills = 0
    while True:
        for left in tmp_path.iterdir():
            left.unlink()
        shutil.copyfile(RELEASE / name, path)
        code = subprocess.run(
            [sys.executable, "-c", MIGRATE_AND_DIE, str(path), str(kills + 1)],
            cwd=ROOT,
            check=False,
        ).returncode
        with closing(sqlite3.connect(path, isolation_level=None)) as conn:
            assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert schema(conn) in (old, new)
            migrate(conn, schema_of(name), name)
            assert schema(conn) == new
            assert pending(conn, schema_of(name), name) == []
        if code == 0:
            break
        assert code == -signal.SIGKILL
        kills += 1
    assert kills >= 10


@pytest.mark.parametrize("name", DATABASES)
def test_a_migrated_database_has_the_schema_of_a_new_one(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    shutil.copyfile(RELEASE / name, path)
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as migrated,
        closing(sqlite3.connect(":memory:", isolation_level=None)) as new,
    ):
        for conn in (migrated, new):
            migrate(conn, schema_of(name), name)
        # A comment may be worded anew: what counts is what counts in a checksum.
        words, expected = (
            [(item, Migration("", 1, sql).checksum) for item, sql in schema(conn)]
            for conn in (migrated, new)
        )
        assert words == expected
