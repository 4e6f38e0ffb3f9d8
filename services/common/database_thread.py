"""One aiosqlite connection, and the bounded queue of calls that wait for its thread.

The only place that knows what aiosqlite does not offer in public: to run a function of ours on the
connection's own thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

import aiosqlite

from .database_errors import DatabaseClosed, OutcomeUnknown, Overloaded, causes

T = TypeVar("T")
P = ParamSpec("P")


async def on_thread(
    connection: aiosqlite.Connection,
    function: Callable[Concatenate[sqlite3.Connection, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run `function` with the sqlite3 connection on its own thread, and return what it returns.

    It is run whole even when the caller is cancelled meanwhile.
    """
    done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    _submit(connection, done, partial(function, connection._conn, *args, **kwargs))
    return await done


def _submit(
    connection: aiosqlite.Connection,
    done: asyncio.Future[T] | None,
    function: Callable[[], T],
) -> None:
    connection._tx.put_nowait((done, function))


class Call:
    """A function that somebody waits for, and what came of it once `heard` is done."""

    __slots__ = ("args", "error", "function", "heard", "kwargs", "result")

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        heard: asyncio.Future[None],
    ) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.heard = heard
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self, conn: sqlite3.Connection) -> None:
        """Run the function, whatever it raises; leaves no statement of it unfinished."""
        try:
            self.result = self.function(conn, *self.args, **self.kwargs)
        except BaseException as error:
            self.error = error
            _let_go_of_cursors(error)

    def fail(self, error: BaseException) -> None:
        """Take the result back: `error` is what came of it."""
        self.result = None
        self.error = error


class DatabaseThread:
    """Calls in front of one connection: those that wait are run in one turn of its thread.

    `run` is given the connection and up to `at_once` calls, on the thread, and leaves in each what
    came of it; they are answered together. `on_error` is given every error that is answered.
    """

    def __init__(
        self,
        connection: aiosqlite.Connection,
        run: Callable[[sqlite3.Connection, Iterable[Call]], None],
        at_once: int,
        queue_limit: int,
        on_error: Callable[[BaseException], None],
    ) -> None:
        self._connection = connection
        self._run = run
        self._at_once = at_once
        self._queue_limit = queue_limit
        self._on_error = on_error
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Call] = deque()
        self._taken: list[Call] = []
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False

    async def call(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `function` in the next turn; returns and raises what it does.

        A call whose caller is cancelled before its turn is not run. Raises Overloaded when too many
        wait already, and DatabaseClosed.
        """
        if self._closing:
            raise DatabaseClosed("The database is closing; nothing was done")
        if len(self._waiting) >= self._queue_limit:
            raise Overloaded("Too many wait for the database; nothing was done")
        call = Call(function, args, kwargs, self._loop.create_future())
        self._waiting.append(call)
        if self._idle.is_set():
            self._begin_turn()
        await call.heard
        if call.error is not None:
            raise call.error
        result: T = call.result
        return result

    async def close(self) -> None:
        """Take no more calls, and return when those that wait have been run."""
        self._closing = True
        await self._idle.wait()

    def _begin_turn(self) -> None:
        self._idle.clear()
        _submit(self._connection, None, self._take_turn)

    def _take_turn(self) -> None:
        error: BaseException | None = None
        try:
            self._run(self._connection._conn, self._take())
        except BaseException as raised:
            error = raised
        self._loop.call_soon_threadsafe(self._end_turn, error)

    def _take(self) -> Iterator[Call]:
        """Those that wait, each taken when its turn comes: who comes meanwhile is in."""
        while len(self._taken) < self._at_once:
            try:
                call = self._waiting.popleft()
            except IndexError:
                return
            if not call.heard.cancelled():
                self._taken.append(call)
                yield call

    def _end_turn(self, error: BaseException | None) -> None:
        for call in self._taken:
            if error:
                call.fail(OutcomeUnknown(f"It is not known what was done: {error!r}"))
            if call.error is not None:
                self._on_error(call.error)
            if not call.heard.done():
                call.heard.set_result(None)
        self._taken.clear()
        if self._waiting:
            self._begin_turn()
        else:
            self._idle.set()


def _let_go_of_cursors(error: BaseException) -> None:
    """A cursor in a frame that the error still holds would keep its statement unfinished, and with
    it every later COMMIT from succeeding and every later read from seeing anything new.
    """
    for cause in causes(error):
        traceback.clear_frames(cause.__traceback__)
