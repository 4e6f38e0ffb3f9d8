"""An event loop whose time passes only when a test lets it pass: nothing is ever waited for."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from contextvars import Context
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self, TypeVarTuple

Ts = TypeVarTuple("Ts")

OPENING = datetime(2026, 1, 1, 9, tzinfo=UTC)


class _Idle(selectors.SelectSelector):
    """Tells when the loop has nothing to do; there is no file that it could wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.on_idle: Callable[[float | None], None] = lambda _timeout: None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            self.on_idle(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """All that runs in it runs on one thread, in the same order every time."""

    def __init__(self) -> None:
        self._now = self._until = 1000.0
        idle = _Idle()
        super().__init__(idle)
        idle.on_idle = self._on_idle

    def time(self) -> float:
        """Seconds, for timers and as the monotonic clock of what is tested."""
        return self._now

    def pass_time(self, seconds: float = 0.0) -> None:
        """Run what is ready, and then what becomes ready in this many seconds."""
        self._until = self._now + seconds
        self.run_forever()

    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """There is one thread."""
        return self.call_soon(callback, *args, context=context)

    def _on_idle(self, next_timer: float | None) -> None:
        if next_timer is None or self._now + next_timer > self._until:
            self._now = self._until
            self.stop()
        else:
            self._now += next_timer


def wall_clock(loop: VirtualLoop) -> type[datetime]:
    """A `datetime` whose now is the loop's."""

    class Datetime(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            moment = OPENING + timedelta(seconds=loop.time())
            return cls.fromtimestamp(moment.timestamp(), tz)

    return Datetime
