"""How a bug gets into the shop: in the memory of a process, public functions of the product are
replaced by buggy ones, and its schema is given one migration more. The files stay as they are.

What a bug replaces has to be there, and to be called as before: where it is not, SeamLost says so.
"""

from __future__ import annotations

import functools
import re
import sqlite3
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from inspect import Parameter, signature
from pathlib import Path
from types import ModuleType
from typing import Any, Self, TypeVar

from services.common.process import app as assembly
from services.common.storage.migrations import Migration, Schema, migrate

OPTIONS = (Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD)
F = TypeVar("F", bound=Callable[..., Any])


class SeamLost(Exception):
    """The product no longer has what a bug replaces, or calls it in another way."""


class Seams:
    """Replaces parts of the product in this process, until it is left or the process ends."""

    def __init__(self) -> None:
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def replace(self, owner: ModuleType | type, name: str = "") -> Callable[[F], F]:
        """Have the decorated function stand for the one of its name, or of `name`, in a module or
        class. It takes the same parameters, or any options. Raises SeamLost.
        """

        def put_in(replacement: F) -> F:
            attribute = name or replacement.__name__
            original = vars(owner).get(attribute)
            if original is None:
                raise SeamLost(f"{owner.__name__} has no {attribute}")
            if (reason := _difference(original, replacement)) is not None:
                raise SeamLost(f"{owner.__name__}.{attribute} {reason}")
            if copies := _copies(owner, attribute, original):
                raise SeamLost(f"{', '.join(copies)} would still call {attribute} as it is")
            setattr(owner, attribute, functools.wraps(original)(replacement))
            self._undo.callback(setattr, owner, attribute, original)
            return replacement

        return put_in

    def migrate(self, service: str, script: str) -> None:
        """Give the schema of a service one migration more."""
        self._change_schema(service, lambda _schema: script)

    def remove_check(self, service: str, table: str, check: str) -> None:
        """Take a CHECK out of a table, by a migration that rebuilds it."""
        self._change_schema(service, lambda schema: _without_check(schema, table, check))

    def _change_schema(self, changed: str, script_for: Callable[[Schema], str]) -> None:
        read: Callable[..., Schema] = vars(assembly)["service_schema"]

        @self.replace(assembly)
        def service_schema(service: str, folder: Path, **options: Any) -> Schema:
            schema = read(service, folder, **options)
            if service != changed:
                return schema
            *shared, own = schema
            migration = Migration(own[0].series, len(own) + 1, script_for(schema))
            return [*shared, [*own, migration]]


def _difference(original: Callable[..., Any], replacement: Callable[..., Any]) -> str | None:
    """In what the two are called differently, in words; `**options` stands for any options."""
    expected, taken = (
        list(signature(function).parameters.values()) for function in (original, replacement)
    )
    if taken and taken[-1].kind is Parameter.VAR_KEYWORD:
        expected = [each for each in expected if each.kind not in OPTIONS]
        taken.pop()
    if [(p.name, p.kind) for p in expected] == [(p.name, p.kind) for p in taken]:
        return None
    return f"takes {[str(p) for p in expected]}, not {[str(p) for p in taken]}"


def _copies(owner: ModuleType | type, attribute: str, original: object) -> list[str]:
    """The modules that have imported a function under a name of their own."""
    if getattr(original, "__module__", "") != owner.__name__:  # it is such a name, of one module
        return []
    return [
        module.__name__
        for module in list(sys.modules.values())
        if module.__name__.startswith("services.")
        and module is not owner
        and vars(module).get(attribute) is original
    ]


def _without_check(schema: Schema, table: str, check: str) -> str:
    """The script that rebuilds a table without a CHECK. Raises SeamLost if it has none such."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        migrate(conn, schema, table)
        definitions = conn.execute(
            "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND sql IS NOT NULL"
            " ORDER BY type <> 'table'",
            (table,),
        )
        create, *others = (sql for (sql,) in definitions)
        if create.count(f"CHECK ({check})") != 1:
            raise SeamLost(f"{table} has no CHECK ({check})")
        stored = [row[1] for row in conn.execute(f"PRAGMA table_xinfo ({table})") if row[6] == 0]
    columns = ", ".join(stored)
    unchecked = re.sub(rf'TABLE "?{table}"?', "TABLE unchecked", create, count=1)
    statements = [
        unchecked.replace(f"CHECK ({check})", ""),
        f"INSERT INTO unchecked ({columns}) SELECT {columns} FROM {table}",
        f"DROP TABLE {table}",
        f"ALTER TABLE unchecked RENAME TO {table}",
        *others,
    ]
    return "".join(f"{statement};\n" for statement in statements)
