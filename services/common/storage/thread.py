"""One aiosqlite connection, and the bounded queue of calls that wait for its thread.

This is the only place that uses a private part of aiosqlite: it runs our own functions on the
connection's thread.
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

from .errors import CommitInDoubt, DatabaseClosed, Overloaded, causes

T = TypeVar("T")
P = ParamSpec("P")


async def on_thread(
    connection: aiosqlite.Connection,
    function: Callable[Concatenate[sqlite3.Connection, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run `function` with the sqlite3 connection on its own thread, and return its result.

    It runs to its end even if the caller is cancelled meanwhile.
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
    """A function call that a caller waits for; it has its result or error once `heard` is done."""

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
        """Run the function, and keep its result or error; leaves no statement unfinished."""
        try:
            self.result = self.function(conn, *self.args, **self.kwargs)
        except BaseException as error:
            self.error = error
            release_cursors(error)

    def fail(self, error: BaseException) -> None:
        """Replace the result by `error`."""
        self.result = None
        self.error = error


class DatabaseThread:
    """The queue of calls for one connection: those that wait are run as one batch on its thread.

    `run` is called on the thread with the connection and up to `at_once` calls, and leaves a result
    or an error in each. With `tells_each`, a caller goes on as soon as its call has been run; else
    all callers of a batch go on when `run` has returned and `on_end` has been called. `on_error`
    is called with every error.
    """

    def __init__(
        self,
        connection: aiosqlite.Connection,
        run: Callable[[sqlite3.Connection, Iterable[Call]], None],
        at_once: int,
        queue_limit: int,
        on_error: Callable[[BaseException], None],
        *,
        tells_each: bool = False,
        on_end: Callable[[], None] | None = None,
    ) -> None:
        self._connection = connection
        self._run = run
        self._at_once = at_once
        self._queue_limit = queue_limit
        self._on_error = on_error
        self._tells_each = tells_each
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Call] = deque()
        self._batch: list[Call] = []
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False

    async def call(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `function` in the next batch; returns its result, or raises its error.

        A call whose caller is cancelled before its turn is not run. Raises Overloaded when the
        queue is full, and DatabaseClosed.
        """
        if self._closing:
            raise DatabaseClosed("The database is closing; nothing was done")
        if len(self._waiting) >= self._queue_limit:
            raise Overloaded("Too many wait for the database; nothing was done")
        call = Call(function, args, kwargs, self._loop.create_future())
        self._waiting.append(call)
        if self._idle.is_set():
            self._begin_batch()
        await call.heard
        if call.error is not None:
            raise call.error
        result: T = call.result
        return result

    async def close(self) -> None:
        """Take no more calls, and return when those that wait have been run."""
        self._closing = True
        await self._idle.wait()

    def _begin_batch(self) -> None:
        self._idle.clear()
        _submit(self._connection, None, self._run_batch)

    def _run_batch(self) -> None:
        error: BaseException | None = None
        try:
            self._run(self._connection._conn, self._take_waiting())
        except BaseException as raised:
            error = raised
        self._loop.call_soon_threadsafe(self._end_batch, error)

    def _take_waiting(self) -> Iterator[Call]:
        """The waiting calls, each taken when its turn comes: a late one still joins the batch."""
        for _ in range(self._at_once):
            try:
                call = self._waiting.popleft()
            except IndexError:
                return
            if call.heard.cancelled():
                continue
            self._batch.append(call)
            yield call
            if self._tells_each:
                self._batch.remove(call)
                self._loop.call_soon_threadsafe(self._tell, call)

    def _end_batch(self, error: BaseException | None) -> None:
        if self._on_end is not None:
            self._on_end()
        for call in self._batch:
            if error:
                call.fail(CommitInDoubt(f"It is not known what was done: {error!r}"))
            self._tell(call)
        self._batch.clear()
        if self._waiting:
            self._begin_batch()
        else:
            self._idle.set()

    def _tell(self, call: Call) -> None:
        if call.error is not None:
            self._on_error(call.error)
        if not call.heard.done():
            call.heard.set_result(None)


def release_cursors(error: BaseException) -> None:
    """Free the cursors in the frames that the error's traceback holds. An open cursor would make
    every later COMMIT fail, and keep every later read from seeing anything new.
    """
    for cause in causes(error):
        traceback.clear_frames(cause.__traceback__)
