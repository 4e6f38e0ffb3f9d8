"""What the measuring has to know of each system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ..load.job import Target


class System(Protocol):
    """One that runs."""

    @property
    def name(self) -> str:
        """As the table has it."""

    @property
    def target(self) -> Target:
        """How the load generator reaches it."""

    @property
    def pids(self) -> Mapping[str, int]:
        """Its processes by name."""

    def stop(self) -> None:
        """End it."""
