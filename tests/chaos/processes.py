"""The shop under attack: one `run.py` and its children, known by their pids and by nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from services.operations.run.deployment import SERVICES as DEPLOYED
from tests.end_to_end.real_shop import ROOT, environment, is_running

from . import implant

SERVICES = ("cart", "catalog", "order", "payment")
"""Those that keep data."""
TARGETS = (*SERVICES, "storefront")
"""Those that the clients call."""
SECONDS_TO_PAY = 6.0
NO_BOUNDS = dict.fromkeys(
    ("UNPAID_ORDERS", "UNPAID_UNITS", "ADDRESS_UNPAID_ORDERS", "ADDRESS_UNPAID_UNITS"), "0"
)
"""For a shop whose orders wait longer than usual: clients that leave them unpaid go on there."""
START_SECONDS = 40.0


class Processes:
    """Starts the shop in a folder, finds its processes, signals them, and leaves none behind."""

    def __init__(
        self, folder: Path, base_port: int, seconds_to_pay: float = SECONDS_TO_PAY
    ) -> None:
        self.folder = folder
        self.seconds_to_pay = seconds_to_pay
        self.bug = ""
        """The name of a bug to be planted in the services."""
        self.data = folder / "data"
        self.base_port = base_port
        self.registry_url = f"http://127.0.0.1:{base_port}"
        self.stand_in = self.registry_url
        """What the services are told as the registry's URL."""
        self._run: subprocess.Popen[bytes] | None = None
        self._log = (folder / "run.log").open("ab")

    def url(self, service: str) -> str:
        """Where a service of the shop really listens."""
        (offset,) = [each.offset for each in DEPLOYED if each.name == service]
        return f"http://127.0.0.1:{self.base_port + offset}"

    def start(self) -> None:
        """Start `run.py`, with what the tests bring in."""
        inside = Path(__file__).parent / "inside"
        self._run = subprocess.Popen(
            [
                *(sys.executable, "run.py", "--log-format", "json", "--no-demo"),
                *("--base-port", str(self.base_port), "--data-dir", str(self.data)),
            ],
            cwd=ROOT,
            env=environment()
            | {
                "PYTHONPATH": f"{inside}{os.pathsep}{ROOT}",
                "SECONDS_TO_PAY": str(self.seconds_to_pay),
                **(NO_BOUNDS if self.seconds_to_pay > SECONDS_TO_PAY else {}),
                implant.FOLDER: str(self.folder),
                implant.REGISTRY: self.stand_in,
                implant.BUG: self.bug,
            },
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the tests, which then stop the shop
        )

    @property
    def run_pid(self) -> int:
        """The process of `run.py`."""
        assert self._run is not None
        return self._run.pid

    def pids(self) -> dict[str, int]:
        """Each child that there is now, by the name of its service."""
        found = {}
        for listing in Path(f"/proc/{self.run_pid}/task").glob("*/children"):
            children = ""
            with suppress(OSError):  # the thread has ended
                children = listing.read_text()
            for child in children.split():
                with suppress(OSError):  # the child has ended
                    words = Path(f"/proc/{child}/cmdline").read_bytes().decode().split("\0")
                    if "-m" in words:
                        module = words[words.index("-m") + 1]
                        found[module.removeprefix("services.")] = int(child)
        return found

    def listens(self, name: str) -> bool:
        """Whether a service has started so far that it takes connections."""
        address = urlsplit(self.url(name))
        with suppress(OSError), socket.create_connection((address.hostname, address.port), 1.0):
            return True
        return False

    def signal(self, name: str, number: int) -> bool:
        """Send a signal to a child, or to `run.py` by that name; whether it was there."""
        pid = self.run_pid if name == "run.py" else self.pids().get(name)
        return pid is not None and self.signal_pid(pid, number)

    def signal_pid(self, pid: int, number: int) -> bool:
        """Send a signal to a process found earlier; whether it was still there."""
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        return True

    async def kill_run(self) -> None:
        """Kill `run.py` with SIGKILL, and see its children end by themselves."""
        assert self._run is not None
        children = self.pids()
        self._run.kill()
        await asyncio.to_thread(self._run.wait)
        give_up_at = time.monotonic() + 10
        while any(is_running(pid) for pid in children.values()):
            assert time.monotonic() < give_up_at, f"outlived run.py: {children}"
            await asyncio.sleep(0.02)

    async def ready(self, session: aiohttp.ClientSession) -> None:
        """Wait until every service says that it is ready, the storefront too."""
        give_up_at = time.monotonic() + START_SECONDS
        while not await self.all_ready(session, TARGETS):
            assert self._run is not None
            assert self._run.poll() is None, self.log_end()
            assert time.monotonic() < give_up_at, self.log_end()
            await asyncio.sleep(0.05)

    async def all_ready(
        self, session: aiohttp.ClientSession, names: Iterable[str] = SERVICES
    ) -> bool:
        """Whether each of these is ready now: those that keep data, if none are named."""
        return all(await asyncio.gather(*(self.is_ready(session, name) for name in names)))

    async def stop(self) -> int:
        """Stop the shop by SIGTERM; returns its exit code."""
        assert self._run is not None
        self._run.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self._run.wait, START_SECONDS)

    def clean_up(self) -> None:
        """Leave no process behind, whatever happened."""
        if self._run is not None and self._run.poll() is None:
            children = self.pids()
            self._run.kill()
            self._run.wait()
            for pid in children.values():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._log.close()

    def log_end(self) -> str:
        """The last of what was logged."""
        return (self.folder / "run.log").read_text(errors="replace")[-4000:]

    async def is_ready(self, session: aiohttp.ClientSession, name: str) -> bool:
        """Whether one service is ready now."""
        try:
            timeout = aiohttp.ClientTimeout(total=1.0)
            async with session.get(f"{self.url(name)}/readyz", timeout=timeout) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
