"""The processes of a shop that `run.py` runs, and their ports, addresses and data folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import DATA_DIR
from .supervisor import Child


@dataclass(frozen=True)
class Service:
    """One process of the shop: its Python module, and its port as an offset from the base port."""

    name: str
    module: str
    offset: int
    page: str = ""
    """The name of the page at its root, for people; empty if it has none."""
    demo_flag: bool = False
    """Whether it takes the flag `--demo`, which fills a new shop with demo products."""

    @property
    def is_registry(self) -> bool:
        """Whether it is the registry, whose address all others need."""
        return self.name == "registry"


REGISTRY = Service("registry", "registry", 0, page="dashboard")

SERVICES: tuple[Service, ...] = (
    REGISTRY,
    Service("cart", "services.cart", 1),
    Service("catalog", "services.catalog", 2, demo_flag=True),
    Service("order", "services.order", 3),
    Service("payment", "services.payment", 4),
    Service("storefront", "services.storefront", 80, page="shop"),
)


@dataclass(frozen=True)
class Deployment:
    """Where a shop runs: its ports, its addresses and its data folder (an absolute path)."""

    base_port: int = 8000
    data_dir: Path = DATA_DIR
    host: str = "127.0.0.1"
    advertise: str | None = None
    demo: bool = True

    @property
    def local_host(self) -> str:
        """The host by which this machine reaches the services."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104

    @property
    def is_default(self) -> bool:
        """Whether the registry is at the address that commands use by default."""
        return (self.local_host, self.base_port) == (Deployment.host, Deployment.base_port)

    def port(self, service: Service) -> int:
        return self.base_port + service.offset

    def local_url(self, service: Service) -> str:
        """The address that this machine's processes use."""
        return f"http://{_bracketed(self.local_host)}:{self.port(service)}"

    def public_url(self, service: Service) -> str:
        """The address that people are shown."""
        return f"http://{_bracketed(self.advertise or self.local_host)}:{self.port(service)}"


def children(deployment: Deployment, services: Sequence[Service] = SERVICES) -> list[Child]:
    """The processes of a deployment, in the order of `services`."""
    return [
        Child(
            name=service.name,
            command=(sys.executable, "-m", service.module, *_arguments(deployment, service)),
            host=deployment.local_host,
            port=deployment.port(service),
            # The others deregister when they stop, so the registry has to outlive them.
            stops_last=service.is_registry,
        )
        for service in services
    ]


def _arguments(deployment: Deployment, service: Service) -> list[str]:
    arguments = ["--host", deployment.host, "--port", str(deployment.port(service))]
    if not service.is_registry:
        arguments += ["--registry", deployment.local_url(REGISTRY)]
    if deployment.advertise:
        arguments += ["--advertise", deployment.advertise]
    if service.demo_flag and deployment.demo:
        arguments.append("--demo")
    return [*arguments, "--data-dir", str(deployment.data_dir), "--stop-with-parent"]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
