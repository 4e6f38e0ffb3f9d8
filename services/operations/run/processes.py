"""Starts a child process, with pipes and apart from the terminal, reads its lines, and ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

LONGEST_LINE = 1024 * 1024
"""In bytes; a longer line is returned in pieces."""

_PIECE = 64 * 1024
_FAULTS = {
    int(number)
    for name in ("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP")
    if (number := getattr(signal, name, None)) is not None
}
"""The signals by which a program ends for what it has itself done wrong."""


async def spawn(command: tuple[str, ...], folder: Path) -> Process:
    """Start a command in a folder, with three pipes. Raises OSError.

    It gets its own session (on Windows, its own process group), so that a Ctrl-C at the terminal
    reaches only the parent, which then ends its children in order.
    """
    # They call one another by http. Else OpenSSL would read all certificates that the system has,
    # twice, when aiohttp is imported: 50 ms and 2 MB for each process.
    environment = {**os.environ, "SSL_CERT_FILE": os.devnull}
    if sys.platform == "win32":
        return await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=environment,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            creationflags=subprocess.CREATE_NEW_PROCESS_GROUP,
        )
    return await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=environment,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
    )


async def lines(stream: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Every line of a stream, without its line end; also the last one if it has no line end."""
    rest = b""
    while piece := await stream.read(_PIECE):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line
        if len(rest) >= LONGEST_LINE:
            yield rest
            rest = b""
    if rest:
        yield rest


def ask_to_end(process: Process) -> None:
    """Ask a process to end by itself; it may have ended already."""
    with suppress(ProcessLookupError):
        if sys.platform == "win32":
            process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            process.terminate()


def end_now(process: Process) -> None:
    """Kill a process; it may have ended already."""
    with suppress(ProcessLookupError):
        process.kill()


def was_killed(code: int) -> bool:
    """Whether a return code is that of a process that somebody else ended with a signal, and not of
    one that ended by itself, be it by a fault. A shell tells signal n as 128 + n.
    """
    number = code - 128 if code > 128 else -code
    known = {int(each) for each in signal.Signals}
    return number in known - _FAULTS


def how_it_ended(code: int) -> str:
    """A return code in words."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
