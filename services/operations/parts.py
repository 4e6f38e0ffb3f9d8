"""The parts of a shop: which processes `run.py` keeps running, and how each is told its place."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import ROOT
from .supervisor import Child


@dataclass(frozen=True)
class Part:
    """One process of the shop: what runs it, and its port as an offset from the base port."""

    name: str
    module: str
    offset: int
    page: str = ""
    """What a person calls the page at its root, if it has one."""
    demo_flag: bool = False
    """Whether it takes `--demo`, which fills a new shop with something to look at."""

    @property
    def is_registry(self) -> bool:
        """Whether it is the one whose address all the others are told."""
        return self.name == "registry"


REGISTRY = Part("registry", "registry", 0, page="dashboard")

PARTS: tuple[Part, ...] = (
    REGISTRY,
    Part("cart", "services.cart", 1),
    Part("catalog", "services.catalog", 2, demo_flag=True),
    Part("order", "services.order", 3),
    Part("payment", "services.payment", 4),
    Part("storefront", "services.storefront", 80, page="shop"),
)


@dataclass(frozen=True)
class Place:
    """Where a shop runs: its ports, addresses and folder (absolute)."""

    base_port: int = 8000
    data_dir: Path = ROOT / "data"
    host: str = "127.0.0.1"
    advertise: str | None = None
    demo: bool = True

    @property
    def local_host(self) -> str:
        """The host by which this machine reaches what listens on `host`."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104

    @property
    def is_default(self) -> bool:
        """Whether the registry is where everybody looks for it who is told nothing."""
        return (self.local_host, self.base_port) == (Place.host, Place.base_port)

    def port(self, part: Part) -> int:
        return self.base_port + part.offset

    def local_url(self, part: Part) -> str:
        """The address that this machine's processes use."""
        return f"http://{_bracketed(self.local_host)}:{self.port(part)}"

    def public_url(self, part: Part) -> str:
        """The address that people are shown."""
        return f"http://{_bracketed(self.advertise or self.local_host)}:{self.port(part)}"


def children(place: Place, parts: Sequence[Part] = PARTS) -> list[Child]:
    """The processes of a shop at this place, in the order of `parts`."""
    return [
        Child(
            name=part.name,
            command=(sys.executable, "-m", part.module, *_arguments(place, part)),
            host=place.local_host,
            port=place.port(part),
            # The others tell the registry that they leave, so it has to outlive them.
            stops_last=part.is_registry,
        )
        for part in parts
    ]


def _arguments(place: Place, part: Part) -> list[str]:
    arguments = ["--host", place.host, "--port", str(place.port(part))]
    if not part.is_registry:
        arguments += ["--registry", place.local_url(REGISTRY)]
    if place.advertise:
        arguments += ["--advertise", place.advertise]
    if part.demo_flag and place.demo:
        arguments.append("--demo")
    return [*arguments, "--data-dir", str(place.data_dir), "--stop-with-parent"]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
