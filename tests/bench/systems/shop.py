"""The shop as it is started by everybody: `python run.py`, with its log as text."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.operations.run.deployment import SERVICES
from tests.end_to_end.real_shop import PATIENCE, ROOT, call, environment, free_base_port

from ..load.job import Dialect, Target
from ..processes import memory

BOUNDS = {
    "CUSTOMER_RATE": "1000000",
    "CUSTOMER_BURST": "1000000",
    "ADDRESS_REQUESTS": "0",
    "SECONDS_TO_PAY": "86400",
}
"""A load generator is one address, and its customers buy faster than people."""
PRODUCTS = 100
STOCK = 10_000_000
SOLD = ("catalog", "cart", "order", "payment")
LISTED = re.compile(r"^ +([a-z]+) +http://\S+ +(\d+) ", re.MULTILINE)
"""A line of the table that it shows once all are ready: the service, its URL and its process."""


class Shop:
    """One that runs, of the checkout in `root`."""

    def __init__(self, folder: Path, *, name: str = "shop", root: Path = ROOT) -> None:
        """Start it on the data in `folder`, and wait until it says that it is ready."""
        self.name = name
        self.folder = folder
        self.base_port = free_base_port()
        self._log = folder.parent / f"{folder.name}-{time.monotonic_ns()}.log"
        self._products: list[tuple[int, float]] = []
        began = time.perf_counter()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "run.py"),
                    *("--base-port", str(self.base_port), "--data-dir", str(folder)),
                ],
                cwd=root,
                env={**environment(), **BOUNDS},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self.pids = {**self._ready(), "run.py": self._process.pid}
        except BaseException:
            self.stop()
            raise
        self.seconds_to_start = time.perf_counter() - began

    @property
    def target(self) -> Target:
        """Its services, asked directly."""
        return Target(
            name=self.name,
            dialect=Dialect.SHOP,
            ports={name: self._port(name) for name in SOLD},
            products=self._products,
        )

    def through_the_storefront(self, guests: int) -> Target:
        """The same through the storefront, by so many guests whose sessions begin now."""
        return Target(
            name=f"{self.name}'s storefront",
            dialect=Dialect.SHOP,
            ports=dict.fromkeys(SOLD, self._port("storefront")),
            products=self._products,
            prefix="/api",
            names_services=False,
            guests=[self._session() for _ in range(guests)],
        )

    def url(self, name: str) -> str:
        """Where a service listens."""
        return f"http://127.0.0.1:{self._port(name)}"

    def memory(self) -> int:
        """The bytes that all its processes take together."""
        return sum(map(memory, self.pids.values()))

    def stock_up(self) -> None:
        """Have 100 products, those of the demo and more like them, with stock that lasts."""
        products = self.products()
        for number in range(len(products), PRODUCTS):
            like = products[number % len(products)]
            product = {"name": like["name"], "description": like["description"]}
            self._tell("/products", {**product, "price": float(str(like["price"]))})
        for product in self.products():
            self._tell(f"/products/{product['id']}/stock", {"delta": STOCK, "reason": "bench"})
        self.look_at_products()

    def look_at_products(self, there_are: int = PRODUCTS) -> None:
        """Take what is bought from all over what there is."""
        ids = ",".join(str(1 + number * there_are // PRODUCTS) for number in range(PRODUCTS))
        self._products = [
            (each["id"], float(each["price"])) for each in self.products(f"ids={ids}&")
        ]

    def products(self, which: str = "") -> list[dict[str, Any]]:
        """The first 100 products."""
        status, products = call("GET", f"{self.url('catalog')}/products?{which}limit={PRODUCTS}")
        assert status == 200, products
        return list(products)

    def audit(self) -> subprocess.CompletedProcess[str]:
        """What `python run.py audit` comes to."""
        return subprocess.run(
            [sys.executable, "run.py", "audit", "--data-dir", str(self.folder)],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def stop(self) -> None:
        """End it as SIGTERM does, or at once if that takes too long."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ready(self) -> Mapping[str, int]:
        give_up_at = time.monotonic() + PATIENCE
        names = {service.name for service in SERVICES}
        while time.monotonic() < give_up_at and self._process.poll() is None:
            found = {name: int(pid) for name, pid in LISTED.findall(self._log.read_text())}
            if found.keys() >= names:
                return found
            time.sleep(0.005)
        raise AssertionError(self._log.read_text())

    def _port(self, name: str) -> int:
        (offset,) = [service.offset for service in SERVICES if service.name == name]
        return self.base_port + offset

    def _session(self) -> tuple[str, str]:
        status, session = call("POST", f"{self.url('storefront')}/api/session", key=None)
        assert status == 200, session
        return session["user_id"], session["token"]

    def _tell(self, path: str, body: Mapping[str, object]) -> None:
        status, answer = call("POST", self.url("catalog") + path, body)
        assert status in (200, 201), answer
