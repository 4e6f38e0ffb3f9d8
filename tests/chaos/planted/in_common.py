"""Bugs of what every service is built from: its transactions, its keys, its recovery worker."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from aiohttp import web

from services.common.core.rejection import Rejection
from services.common.durable.recovery import Due, Recovery, Step
from services.common.storage.database import Database
from services.common.storage.group_commit import GroupCommit
from services.common.storage.thread import Call
from services.common.web.responses import StoredResponse

from .bug import LOST, Bug, Focus
from .seams import Seams

LOST_RESTOCK = "1, 6: acknowledged, and 0 times in the ledger"


def nothing_taken_up_after_a_start(seams: Seams) -> None:
    plain_init = Recovery.__init__

    @seams.replace(Recovery, "__init__")
    def init(self: Recovery, database: Database, due: Due, step: Step) -> None:
        busy: set[str] | None = None

        def due_since(conn: sqlite3.Connection) -> Sequence[str]:
            nonlocal busy
            found = due(conn)
            busy = set(found) if busy is None else busy
            return [entity for entity in found if entity not in busy]

        plain_init(self, database, due_since, step)


def heard_before_commit(seams: Seams) -> None:
    tell_early(seams, lambda _call: True)


def rejection_heard_before_commit(seams: Seams) -> None:
    tell_early(seams, lambda call: call.error is not None or isinstance(call.result, Rejection))


def tell_early(seams: Seams, early: Callable[[Call], bool]) -> None:
    """Have whoever waits for a unit of work hear of it once it has run, if it is an `early` one."""
    plain_run = GroupCommit.run

    @seams.replace(GroupCommit)
    def run(self: GroupCommit, _conn: sqlite3.Connection, calls: Iterable[Call]) -> None:
        def told() -> Iterator[Call]:
            for call in calls:
                yield call  # and it has been run when the next one is asked for
                if early(call):
                    call.heard.get_loop().call_soon_threadsafe(_hear, call)

        plain_run(self, _conn, told())


def _hear(call: Call) -> None:
    if not call.heard.done():
        call.heard.set_result(None)


class Careless:
    """A connection whose COMMIT, where it fails, is rolled back in silence."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def __getattr__(self, name: str) -> Any:
        return getattr(self._conn, name)

    def commit(self) -> None:
        """Commit, or not."""
        try:
            self._conn.commit()
        except sqlite3.Error:
            self._conn.rollback()


def swallowed_commit_error(seams: Seams) -> None:
    plain_init = GroupCommit.__init__

    @seams.replace(GroupCommit, "__init__")
    def init(
        self: GroupCommit,
        conn: sqlite3.Connection,
        path: Path,
        end_process: Callable[[str], object],
    ) -> None:
        plain_init(self, cast("sqlite3.Connection", Careless(conn)), path, end_process)


def rejection_replayed_as_success(seams: Seams) -> None:
    render = StoredResponse.to_web

    @seams.replace(StoredResponse)
    def to_web(self: StoredResponse, *, replayed: bool = False) -> web.Response:
        if replayed and not self.is_success:
            return render(StoredResponse(200, self.body), replayed=True)
        return render(self, replayed=replayed)


IN_COMMON = (
    Bug(
        name="nothing_taken_up_after_a_start",
        breaks="What was due when the process began is taken for somebody's work already.",
        plant=nothing_taken_up_after_a_start,
        caught_as="3, 5: not settled",
        focus=Focus(
            actions={"checkout_and_add": 15, "pay": 40},
            points=(("order", "mark_paid.after_commit"),),
        ),
    ),
    Bug(
        name="heard_before_commit",
        breaks="Whoever waits for a unit of work hears of it once it has run.",
        plant=heard_before_commit,
        caught_as=LOST_RESTOCK,
        focus=Focus(actions={"restock": 10}, points=(("catalog", "adjust_stock.before_commit"),)),
    ),
    Bug(
        name="rejection_heard_before_commit",
        breaks="A rejection has changed nothing, so that its COMMIT need not be waited for.",
        plant=rejection_heard_before_commit,
        caught_as="5: .*'REJECTED', 'NONE', None",
        focus=Focus(
            actions={"buy_at_once": 10}, points=(("catalog", "reserve_stock.before_commit"),)
        ),
    ),
    Bug(
        name="swallowed_commit_error",
        breaks="A COMMIT that fails is rolled back, and nobody hears of it.",
        plant=swallowed_commit_error,
        caught_as=LOST_RESTOCK,
        focus=Focus(actions={"restock": 10}, attacks=("fail_writes",), targets=("catalog",)),
    ),
    Bug(
        name="rejection_replayed_as_success",
        breaks="Of a rejection that is kept under a key, a repeat is sent the body alone.",
        plant=rejection_replayed_as_success,
        caught_as="6: a rejection sent as a success",
        focus=Focus(
            actions={"buy_at_once": 10, "pay": 20},
            faults=(LOST,),
            proxied=0.2,
        ),
    ),
)
