"""Runs one service as a process: flags, listening, signals, and a clean end."""

from __future__ import annotations

import argparse
import asyncio
import errno
import gc
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NoReturn, TypeVar

from aiohttp import web

from ..core.arguments import SettingsError
from ..core.logs import log_to_stderr, logger
from ..core.settings import Settings
from ..storage.database import DatabaseError
from ..web.keys import BOUND, SETTINGS
from ..web.lifecycle import LIFECYCLE
from ..web.server import Runner
from .handles import raise_limit
from .parent import end_with_parent
from .registration import REGISTRAR

S = TypeVar("S", bound=Settings)

KEEPALIVE_SECONDS = 75.0
"""How long a connection may be silent, or take to send a header."""
LINGER_SECONDS = 2.0
"""How long to read on after an early rejection, so that a caller who still sends gets it."""
BACKLOG = 1024
"""Connections that wait to be taken; past it the kernel drops them, and their callers wait a second
or more before they try again.
"""
SEND_BUFFER = 128 * 1024
"""Bytes that the kernel holds of what a connection does not read (Linux counts its own as well)."""


class StartupError(Exception):
    """The service cannot start; the message says why and what to do."""


def main(
    parser: argparse.ArgumentParser, kind: type[S], create_app: Callable[[S], web.Application]
) -> NoReturn:
    """Run the service that `parser`'s flags describe until it stops, and exit. `kind` is the type
    of its settings.
    """
    log_to_stderr(str(parser.get_default("service")))
    try:
        settings = kind(**vars(parser.parse_args()))
        raise_limit()
        if settings.stop_with_parent:
            end_with_parent()
        code = _run(_serve(create_app(settings)))
    except (SettingsError, StartupError, DatabaseError) as error:
        logger.error("%s", error)
        code = 1
    sys.exit(code)


async def listen(app: web.Application) -> web.AppRunner:
    """Open the application's resources and listen; the caller must clean up the runner.

    Raises StartupError, DatabaseError.
    """
    settings = app[SETTINGS]
    runner = Runner(
        app,
        access_log=None,
        keepalive_timeout=KEEPALIVE_SECONDS,
        lingering_time=LINGER_SECONDS,
        shutdown_timeout=settings.grace / 2,  # aiohttp waits twice
    )
    try:
        await runner.setup()
        for listening in await _open_sockets(settings.host, settings.port):
            await web.SockSite(runner, listening, backlog=BACKLOG).start()
    except OSError as error:
        await runner.cleanup()
        raise StartupError(_sentence(error, settings)) from None
    except BaseException:
        await runner.cleanup()
        raise
    app[BOUND].set_result(settings.url(runner.addresses[0][1]))
    return runner


async def _open_sockets(host: str, port: int) -> list[socket.socket]:
    """A listening socket for each address of a host. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    opened: list[socket.socket] = []
    try:
        for family, *_, address in dict.fromkeys(found):
            opened.append(socket.create_server(address, family=family))
            # Connections inherit it. By itself the kernel takes megabytes of answers unread.
            opened[-1].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    except BaseException:
        for sock in opened:
            sock.close()
        raise
    return opened


async def _serve(app: web.Application) -> int:
    signalled = _catch_signals()
    runner = await listen(app)
    # `run.py` knows by this line that the port is this process's own.
    logger.info("listening", extra={"url": app[BOUND].result(), "pid": os.getpid()})
    # Modules and routes are never garbage. To look through them takes 50 ms, for which all wait.
    gc.collect()
    gc.freeze()
    try:
        return await _wait_for_end(app, signalled)
    finally:
        app[LIFECYCLE].drain()
        if REGISTRAR in app:
            await app[REGISTRAR].drain()
        await runner.cleanup()
        logger.info("stopped")


def _catch_signals() -> asyncio.Event:
    """An event that the first signal sets; a second signal ends the process immediately."""
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


async def _wait_for_end(app: web.Application, signalled: asyncio.Event) -> int:
    """Wait for a signal or for the service to end itself. Returns the exit code: 0 or 1."""
    told_to_stop = asyncio.create_task(signalled.wait())
    ended = asyncio.create_task(app[LIFECYCLE].ended())
    await asyncio.wait({told_to_stop, ended}, return_when=asyncio.FIRST_COMPLETED)
    if ended.done():
        logger.error("ending: %s", ended.result())
        told_to_stop.cancel()
        return 1
    ended.cancel()
    logger.info("stopping: finishing the requests in flight")
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
