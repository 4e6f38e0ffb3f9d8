"""Running one service as a process: flags, listening, signals, and a clean end."""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NoReturn, TypeVar

from aiohttp import web

from .database import DatabaseError
from .keys import BOUND, SETTINGS
from .lifecycle import LIFECYCLE
from .logs import log_to_stderr, logger
from .parent import end_with_parent
from .registration import PLACE
from .settings import Settings, SettingsError

S = TypeVar("S", bound=Settings)

KEEPALIVE_SECONDS = 75.0
"""A connection may be silent, or not through with a header, for so long."""
LINGER_SECONDS = 2.0
"""What is still being sent after its refusal is read for so long, so that the refusal is heard."""


class StartupError(Exception):
    """The service cannot start; the message says why and what to do."""


def main(
    parser: argparse.ArgumentParser, kind: type[S], create_app: Callable[[S], web.Application]
) -> NoReturn:
    """Run the service that `parser`'s flags describe, until it is told to stop."""
    log_to_stderr(str(parser.get_default("service")))
    try:
        settings = kind(**vars(parser.parse_args()))
        if settings.stop_with_parent:
            end_with_parent()
        code = _run(_serve(create_app(settings)))
    except (SettingsError, StartupError, DatabaseError) as error:
        logger.error("%s", error)
        code = 1
    sys.exit(code)


async def listen(app: web.Application) -> web.AppRunner:
    """Open the application's resources and listen; the caller cleans the runner up.

    Raises StartupError, DatabaseError.
    """
    settings = app[SETTINGS]
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=KEEPALIVE_SECONDS,
        lingering_time=LINGER_SECONDS,
        shutdown_timeout=settings.grace / 2,  # aiohttp waits twice
    )
    try:
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        await runner.cleanup()
        raise StartupError(_sentence(error, settings)) from None
    except BaseException:
        await runner.cleanup()
        raise
    app[BOUND].set_result(settings.url(runner.addresses[0][1]))
    return runner


async def _serve(app: web.Application) -> int:
    signalled = _catch_signals()
    runner = await listen(app)
    # `run.py` takes this line for the word that the port is this process's own.
    logger.info("listening", extra={"url": app[BOUND].result(), "pid": os.getpid()})
    try:
        return await _until_told_to_stop(app, signalled)
    finally:
        app[LIFECYCLE].draining = True
        if PLACE in app:
            await app[PLACE].drain()
        await runner.cleanup()
        logger.info("stopped")


def _catch_signals() -> asyncio.Event:
    """An event that is set by the first signal to end; a second one ends the process at once."""
    signalled = asyncio.Event()

    def on_signal() -> None:
        if signalled.is_set():
            os._exit(130)
        signalled.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(number, on_signal)
    return signalled


async def _until_told_to_stop(app: web.Application, signalled: asyncio.Event) -> int:
    """Wait for a signal (the result is 0) or for the service's own end (1)."""
    told = asyncio.create_task(signalled.wait())
    ended = asyncio.create_task(app[LIFECYCLE].ended())
    await asyncio.wait({told, ended}, return_when=asyncio.FIRST_COMPLETED)
    if ended.done():
        logger.error("ending: %s", ended.result())
        told.cancel()
        return 1
    ended.cancel()
    logger.info("stopping: finishing what was begun")
    return 0


def _run(work: Awaitable[int]) -> int:
    async def awaited() -> int:
        return await work

    if sys.platform == "win32":
        return asyncio.run(awaited())
    import uvloop

    return uvloop.run(awaited())


def _sentence(error: OSError, settings: Settings) -> str:
    place = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return f"Port {place} is taken by another process; give another with --port, or end that."
    if error.errno in (errno.EADDRNOTAVAIL, errno.EACCES) or isinstance(error, socket.gaierror):
        return (
            f"Cannot listen on {place}: {error.strerror or error}; give another --host or --port."
        )
    return f"Cannot start: {error.strerror or error}."
