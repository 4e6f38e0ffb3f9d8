"""`python run.py`: the whole shop in the foreground, until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from services.common.core.settings import DEVELOPMENT_KEY
from services.common.process.handles import raise_limit

from .console import Console, standard_output, takes_colors
from .deployment import SERVICES, Deployment, Service, children
from .logfile import LogFile, cannot_write
from .loglines import LogLine, as_json, as_text
from .preflight import data_folder_locked, shared_settings, wait_for_ports
from .supervisor import Running, Supervisor, Timing


def start(
    deployment: Deployment,
    *,
    json_lines: bool = False,
    log_file: Path | None = None,
    services: Sequence[Service] = SERVICES,
    timing: Timing | None = None,
) -> int:
    """Run a deployment until a signal ends it; 0 if every service then ended by itself. With a
    `log_file` the log goes there and not to standard output.

    Raises OperationError if it cannot be started; then nothing is left running.
    """
    settings = shared_settings(deployment, os.environ)
    raise_limit()
    with ExitStack() as stack:
        stack.enter_context(data_folder_locked(deployment, settings.currency))
        wait_for_ports(deployment, services)
        output = standard_output()
        console = log = Console(
            output, json_lines=json_lines and log_file is None, colored=takes_colors(output)
        )
        stack.callback(console.close)
        if log_file is not None:
            log = stack.enter_context(_log_in(log_file, json_lines=json_lines))
        key, on_terminal = settings.api_key, output.isatty()
        running = _run(deployment, services, key, console, log, timing or Timing(), on_terminal)
        return asyncio.run(running)


@contextmanager
def _log_in(path: Path, *, json_lines: bool) -> Iterator[Console]:
    """A log in a file, whose first line shows that it can be written."""
    with LogFile(path) as file:
        begins = _log_line("starting")
        first = as_json(begins) if json_lines else as_text(begins, colored=False)
        try:
            file.write(f"{first}\n".encode())
        except OSError as error:
            raise cannot_write(path, error) from None
        log = Console(file, json_lines=json_lines, lasting=True)
        try:
            yield log
        finally:
            log.close()


async def _run(
    deployment: Deployment,
    services: Sequence[Service],
    key: str,
    console: Console,
    log: Console,
    timing: Timing,
    on_terminal: bool,
) -> int:
    def when_ready(running: Sequence[Running]) -> None:
        if log.json_lines:
            urls = {service.name: deployment.public_url(service) for service in services}
            log.log(_log_line("ready", services=urls))
        if console.json_lines:
            return
        # Imported only now, so that the services had the processor while they were starting.
        from .ready_message import ready_message

        # A key of one's own is shown only on a terminal: piped output may be kept as a log.
        shown_key = key if key == DEVELOPMENT_KEY or on_terminal else None
        colored = console.colored
        console.show(
            ready_message(deployment, services, running, shown_key=shown_key, colored=colored)
        )

    supervisor = Supervisor(children(deployment, services), log.log, timing)
    with _signals_to(supervisor.interrupt):
        ended_by_themselves = await supervisor.run(when_ready)
    log.log(_log_line("stopped"))
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


def _log_line(message: str, **fields: object) -> LogLine:
    now = datetime.now(UTC)
    return LogLine(service="run", level="info", message=message, time=now, fields=fields)
