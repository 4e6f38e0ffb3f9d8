"""The stand-in for what many would write instead (tests/bench/stand_in), and its environment."""

from __future__ import annotations

import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from services.operations.install.environment import RUNTIME_LOCK, Environment
from tests.end_to_end.real_shop import OPERATOR, PATIENCE, environment, free_base_port

from ..load.job import Dialect, Target

CODE = Path(__file__).resolve().parents[1] / "stand_in"
SERVICES = ("catalog", "cart", "order", "payment")


def installed() -> Path:
    """The interpreter of an environment of its own, in which its packages are; made at first use.

    Raises OperationError.
    """
    own = Environment(CODE)
    if not own.has(RUNTIME_LOCK):
        own.install(RUNTIME_LOCK, subprocess.call)
    return own.python


class StandIn:
    """One that runs, its files in `folder`."""

    name = "stand-in"

    def __init__(self, folder: Path, products: Sequence[dict[str, Any]]) -> None:
        """Start it with these products, and wait until each service answers."""
        python, base_port = installed(), free_base_port()
        self._ports = {name: base_port + number for number, name in enumerate(SERVICES)}
        self._products = [(each["id"], float(each["price"])) for each in products]
        self._log = (folder / "log").open("wb")
        self._running = {name: self._start(name, python, folder) for name in SERVICES}
        try:
            for name in SERVICES:
                self._wait_for(name)
            _fill(folder / "products.db", products)
        except BaseException:
            self.stop()
            raise

    @property
    def target(self) -> Target:
        return Target(
            name=self.name,
            dialect=Dialect.STAND_IN,
            ports=self._ports,
            products=self._products,
            names_services=False,
        )

    @property
    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self._running.items()}

    def stop(self) -> None:
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            process.wait(PATIENCE)
        self._log.close()

    def _start(self, name: str, python: Path, folder: Path) -> subprocess.Popen[bytes]:
        urls = {
            f"{peer.upper()}_SERVICE_URL": f"http://127.0.0.1:{port}"
            for peer, port in self._ports.items()
        }
        return subprocess.Popen(
            [
                *(python, "-m", "uvicorn", "main:app", "--app-dir", CODE / name),
                *("--port", str(self._ports[name])),
            ],
            cwd=folder,
            # A proxy is for others than oneself.
            env={**environment(), **urls, "API_KEY": OPERATOR, "NO_PROXY": "127.0.0.1"},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def _wait_for(self, name: str) -> None:
        give_up_at = time.monotonic() + PATIENCE
        url = f"http://127.0.0.1:{self._ports[name]}/openapi.json"
        while True:
            assert self._running[name].poll() is None, Path(self._log.name).read_text()
            try:
                with urllib.request.urlopen(url, timeout=PATIENCE):
                    return
            except urllib.error.URLError:
                assert time.monotonic() < give_up_at, f"the stand-in's {name} does not start"
            time.sleep(0.02)


def _fill(path: Path, products: Sequence[dict[str, Any]]) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.executemany(
            "INSERT INTO products (id, name, price, stock) VALUES (?, ?, ?, ?)",
            [(each["id"], each["name"], float(each["price"]), each["stock"]) for each in products],
        )
