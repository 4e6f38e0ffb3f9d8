"""What the registry speaks of: registrations, instances, events, and its refusals.

NotFound
├── UnknownService    404 unknown_service
└── UnknownInstance   404 unknown_instance   it registers (again)
Conflict
└── Superseded        409 superseded         another has taken its place; it stops
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from services.common.errors import Conflict, NotFound

State = Literal["up", "draining", "suspect", "down"]
Word = Literal["up", "draining"]
"""What an instance or the operator can say of an instance."""
What = Literal["registered", "superseded", "removed", "up", "draining", "suspect", "down"]
Name = tuple[str, str]
"""A service, and an instance's id in it."""

DEFAULT_TTL = 6.0


class UnknownService(NotFound):
    code = "unknown_service"


class UnknownInstance(NotFound):
    code = "unknown_instance"


class Superseded(Conflict):
    code = "superseded"


@dataclass(frozen=True, slots=True)
class Registration:
    """What an instance said of itself, and the lease it was given for that. `ttl` is in seconds."""

    service: str
    instance_id: str
    url: str
    lease: str
    registered_at: str
    version: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    ttl: float = DEFAULT_TTL
    draining: bool = False
    """Its own word, which ends with the lease."""

    @property
    def name(self) -> Name:
        return (self.service, self.instance_id)

    @property
    def heartbeat_every(self) -> float:
        """Seconds; two heartbeats in a row may be lost."""
        return self.ttl / 3


@dataclass(frozen=True, slots=True)
class Standing:
    """What has to be stored of an instance: its registration, if it is there, and the operator's
    word, which can be there without it.
    """

    name: Name
    registration: Registration | None
    drained: bool


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance as others are told of it. Times are in seconds; `reason` is why it is not up."""

    service: str
    instance_id: str
    url: str
    state: State
    version: str | None
    meta: Mapping[str, Any]
    ttl: float
    expires_in: float
    registered_at: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an instance, at a wall-clock time; `detail` says why or where."""

    what: What
    service: str
    instance_id: str
    at: str
    detail: str

    @property
    def name(self) -> Name:
        return (self.service, self.instance_id)


@dataclass(frozen=True, slots=True)
class Changes:
    """The services that changed up to `index`, each whole; empty when its last instance is gone.

    With `reset` they are all that there are.
    """

    index: int
    epoch: str
    reset: bool
    services: dict[str, list[Instance]]
