"""Which rows of a table have changed, for whoever keeps in memory what was made of them.

SQLite itself tells: a temporary trigger calls us for each row, so no unit of work can forget to. A
row counts as under way from the moment it is changed, which is before its COMMIT; its generation is
raised after the COMMIT and before any caller of that transaction hears of it. What is neither under
way nor of an earlier generation is what the database has.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence

LOOK_SECONDS = 1.0
"""How often to look whether another program has written to the file: a sqlite3 shell may have, and
it does not call our triggers.
"""
MOST_ROWS = 10_000
"""Of how many rows it is remembered when each changed; then all count as changed."""


class Changes:
    """The changes of one watched table."""

    def __init__(self) -> None:
        self.generation = 0
        """Raised with each transaction that changed a row. To be read before a snapshot begins."""
        self.under_way: set[int] = set()
        """The rows that a transaction has changed of which nobody has heard yet."""
        self._last: dict[int, int] = {}  # the generation since which a row is as it is
        self._oldest = 0  # and of all others

    def row_is_as_of(self, row: int, generation: int) -> bool:
        """Whether a snapshot that began at `generation` has the row as it is now."""
        return row not in self.under_way and self._last.get(row, self._oldest) <= generation

    def table_is_as_of(self, generation: int) -> bool:
        """Whether a snapshot that began at `generation` has all rows as they are now."""
        return not self.under_way and self.generation == generation

    def settle(self) -> None:
        """Raise the generation of what was under way: its transaction has ended."""
        if not self.under_way:
            return
        self.generation += 1
        if len(self._last) + len(self.under_way) > MOST_ROWS:
            self.change_all()
        else:
            self._last.update(dict.fromkeys(self.under_way, self.generation))
        self.under_way.clear()

    def change_all(self) -> None:
        """Have all rows count as changed."""
        self.generation += 1
        self._oldest = self.generation
        self._last.clear()


class WatchedTables:
    """All watched tables of a database. `data_version` returns a number that is another one after
    any COMMIT, of ours or not.
    """

    def __init__(self, data_version: Callable[[], int | None]) -> None:
        self._data_version = data_version
        self._seen: int | None = None
        self._watched: list[Changes] = []
        self._next_look: asyncio.TimerHandle | None = None

    def watch(self, conn: sqlite3.Connection, table: str, columns: Sequence[str]) -> Changes:
        """Have the connection that writes tell of each row that comes or goes, or changes in one of
        `columns`, or in any. This is a unit of work.
        """
        changes = Changes()
        name = f"watched_{len(self._watched)}"
        conn.create_function(name, 1, changes.under_way.add)
        of = f" OF {', '.join(columns)}" if columns else ""
        for event, row in (("INSERT", "NEW"), (f"UPDATE{of}", "NEW"), ("DELETE", "OLD")):
            conn.execute(
                f"CREATE TEMP TRIGGER {name}_{event.split()[0]} AFTER {event} ON main.{table}"
                f" BEGIN SELECT {name}({row}.rowid); END"
            )
        self._watched.append(changes)
        return changes

    def settle(self) -> None:
        """Raise the generations of what has changed. To be called once a transaction has ended,
        before anybody hears of it and before the next one begins.
        """
        for changes in self._watched:
            changes.settle()

    def look(self) -> None:
        """From now on, look now and then whether another program has written."""
        version = self._data_version()
        if version is None or version != self._seen:
            # It may have been ourselves: who is not sure reads again, once a second.
            self._seen = version
            for changes in self._watched:
                changes.change_all()
        self.close()
        self._next_look = asyncio.get_running_loop().call_later(LOOK_SECONDS, self.look)

    def close(self) -> None:
        """Look no more."""
        if self._next_look is not None:
            self._next_look.cancel()
