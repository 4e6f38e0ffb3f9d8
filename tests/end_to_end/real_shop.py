"""The real thing: `python run.py` as a process, its parts as processes of their own."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError

from services.operations.run.deployment import SERVICES as DEPLOYED

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
OPERATOR = "secret-key-123"
PATIENCE = 40.0
"""Seconds that a slow machine may take for what takes one or two."""


class RealShop:
    """One start of `run.py`; what it logs is kept in a file and read from there."""

    def __init__(self, folder: Path, base_port: int, *, root: Path = ROOT) -> None:
        """Start the shop of the checkout in `root` on the data in `folder`."""
        self.folder = folder
        self.base_port = base_port
        self._log = folder.parent / f"run-{time.monotonic_ns()}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "run.py", "--log-format", "json"),
                    *("--base-port", str(base_port), "--data-dir", str(folder)),
                ],
                cwd=root,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def registry_url(self) -> str:
        return self.url("registry")

    def url(self, name: str) -> str:
        """Where a service of the shop listens."""
        (offset,) = [service.offset for service in DEPLOYED if service.name == name]
        return f"http://127.0.0.1:{self.base_port + offset}"

    def said(self, message: str) -> list[dict[str, Any]]:
        """The lines logged so far that have this message."""
        return [line for line in self._lines() if line["message"] == message]

    def pids(self) -> dict[str, int]:
        """The process of each service, as it was last started."""
        return {line["service"]: line["pid"] for line in self.said("listening")}

    def said_ready_again(self, name: str) -> bool:
        """Whether it has said that a service is ready again."""
        return any(line["message"].startswith(f"{name} is ready again") for line in self._lines())

    def ready(self) -> RealShop:
        """Wait until it says that everything is ready."""

        def is_ready() -> bool:
            assert self.process.poll() is None, self._log.read_text()
            return bool(self.said("ready"))

        until(is_ready, self._log.read_text)
        return self

    def stop(self) -> int:
        """Stop it as SIGTERM does, and return its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End all its processes with SIGKILL, at once."""
        for pid in (self.process.pid, *self.pids().values()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def _lines(self) -> list[dict[str, Any]]:
        *whole, _ = self._log.read_bytes().split(b"\n")
        return [json.loads(line) for line in whole if line.startswith(b"{")]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """What `python run.py` with these arguments comes to."""
    return subprocess.run(
        [sys.executable, "run.py", *arguments],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def environment() -> dict[str, str]:
    """This process's, without what would lead to another shop."""
    settings = ("API_KEY", "REGISTRY_URL", "CURRENCY")
    return {name: text for name, text in os.environ.items() if name not in settings}


def free_base_port() -> int:
    """A base port, none of whose ports is in use, below those that the system hands out itself.
    Tests that run side by side find different ones.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        base_port = random.randrange(20_000 + 100 * worker, 30_000, 100 * workers)
        if all(is_free(base_port + service.offset) for service in DEPLOYED):
            return base_port


def call(
    method: str, url: str, body: object = None, *, key: str | None = OPERATOR
) -> tuple[int, Any]:
    """What curl does: the status and the JSON of the answer, its numbers exact."""
    headers = {} if key is None else {"X-API-Key": key}
    data = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, json.loads(answer.read(), parse_float=Decimal)
    except HTTPError as rejection:
        with rejection:
            return rejection.code, json.loads(rejection.read())


def is_running(pid: int) -> bool:
    """Whether there is such a process; one that has ended and that nobody has asked for is not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True


def until(condition: Callable[[], T], details: Callable[[], object] = str) -> T:
    """Wait for a condition; returns what it was, once true."""
    give_up_at = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < give_up_at, details()
        time.sleep(0.02)
    return value


def is_free(port: int) -> bool:
    """Whether nothing listens on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
