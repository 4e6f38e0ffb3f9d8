"""Schemas for tests: of scripts of their own, and those of the services, in memory."""

from __future__ import annotations

import sqlite3

from services.common.storage.migrations import Migration, Schema, migrate
from services.operations import databases


def schema_of(*scripts: str, series: str = "tests") -> Schema:
    """The schema that these scripts make, the first of which is number 1."""
    return [[Migration(series, number, sql) for number, sql in enumerate(scripts, start=1)]]


def in_memory(file: str) -> sqlite3.Connection:
    """A service's database, by the name of its file, for tests that are not about the disk."""
    conn = sqlite3.connect(":memory:", isolation_level=None)
    migrate(conn, databases.schema_of(file), file)
    conn.row_factory = sqlite3.Row
    return conn
