"""`python run.py`: the whole shop in the foreground, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from services.common.settings import DEVELOPMENT_KEY

from .console import Console, standard_output, takes_colors
from .loglines import LogLine
from .parts import PARTS, Part, Place, children
from .preflight import data_folder_locked, operator_key, wait_for_ports
from .supervisor import Running, Supervisor, Timing


def start(
    place: Place,
    *,
    json_lines: bool = False,
    parts: Sequence[Part] = PARTS,
    timing: Timing | None = None,
) -> int:
    """Run the shop at a place until a signal ends it; 0 if every part then ended by itself.

    Raises OperationError if it cannot be started; nothing is left running then.
    """
    key = operator_key(place, os.environ)
    with data_folder_locked(place):
        wait_for_ports(place, parts)
        output = standard_output()
        console = Console(output, json_lines=json_lines, colored=takes_colors(output))
        try:
            running = _run(
                place, parts, key, console, timing or Timing(), on_terminal=output.isatty()
            )
            return asyncio.run(running)
        finally:
            console.close()


async def _run(
    place: Place,
    parts: Sequence[Part],
    key: str,
    console: Console,
    timing: Timing,
    *,
    on_terminal: bool,
) -> int:
    def when_ready(running: Sequence[Running]) -> None:
        if console.json_lines:
            urls = {part.name: place.public_url(part) for part in parts}
            console.log(_said("ready", services=urls))
            return
        # Imported only now: until here the processor belongs to the parts that were starting.
        from .status import status

        # A key of one's own is shown on a terminal alone: what is piped may be kept as a log.
        shown_key = key if key == DEVELOPMENT_KEY or on_terminal else None
        console.show(status(place, parts, running, shown_key=shown_key, colored=console.colored))

    supervisor = Supervisor(children(place, parts), console.log, timing)
    with _signals_to(supervisor.interrupt):
        ended_by_themselves = await supervisor.run(when_ready)
    console.log(_said("stopped"))
    return 0 if ended_by_themselves else 1


@contextmanager
def _signals_to(interrupt: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":
        previous = signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(interrupt))
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, previous)
        return
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup asks to outlive the terminal
        numbers.append(signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _said(message: str, **fields: object) -> LogLine:
    now = datetime.now(UTC)
    return LogLine(service="run", level="info", message=message, time=now, fields=fields)
