"""The one way in which a row changes its state: by a transition that its table allows, and only
from the state in which it was read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass

State = tuple[str, ...]
"""The values of a row's state columns."""


class IllegalTransition(Exception):
    """The table does not have this transition. That is a mistake in the code, never a response."""


class StaleState(Exception):
    """The row has changed its state since it was read, and nothing was written: read it again."""


@dataclass(frozen=True)
class StateMachine:
    """Where rows keep their state, and every transition that they can make."""

    table: str
    id_column: str
    state_columns: tuple[str, ...]
    transitions: Collection[tuple[State, State]]


def transition(
    conn: sqlite3.Connection,
    machine: StateMachine,
    entity_id: str,
    before: State,
    after: State,
    now: str,
    **columns: str | int | None,
) -> sqlite3.Row:
    """Change a row's state from `before`, in which it was read, to `after`, and set `columns` too.

    Returns the row as it is then. Raises StaleState if it is no longer in `before`, and
    IllegalTransition.
    """
    if (before, after) not in machine.transitions:
        raise IllegalTransition(f"{entity_id}: {' '.join(before)} to {' '.join(after)}")
    named = (*machine.state_columns, "updated_at", *columns)
    guard = (machine.id_column, *machine.state_columns)
    row: sqlite3.Row | None = conn.execute(
        f"UPDATE {machine.table} SET {' = ?, '.join(named)} = ?"  # noqa: S608  our own names
        f" WHERE {' = ? AND '.join(guard)} = ? RETURNING *",
        (*after, now, *columns.values(), entity_id, *before),
    ).fetchone()
    if row is None:
        raise StaleState(f"{entity_id} is not {' '.join(before)} any more")
    return row
