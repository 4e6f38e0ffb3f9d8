"""The types of the registry: registrations, instances, events, and its errors.

NotFound
├── UnknownService    404 unknown_service
└── UnknownInstance   404 unknown_instance   the instance registers (again)
Conflict
├── Superseded        409 superseded         another has taken its place; it stops
└── TooManyTokenKeys  409 too_many_token_keys
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from services.common.core.errors import Conflict, NotFound

State = Literal["up", "draining", "suspect", "down"]
DesiredState = Literal["up", "draining"]
"""The states that an instance can request for itself, and the operator can set."""
EventName = Literal["registered", "superseded", "removed", "up", "draining", "suspect", "down"]
Name = tuple[str, str]
"""A service, and the id of an instance of it."""

DEFAULT_TTL = 6.0


class UnknownService(NotFound):
    code = "unknown_service"


class UnknownInstance(NotFound):
    code = "unknown_instance"


class Superseded(Conflict):
    code = "superseded"


class TooManyTokenKeys(Conflict):
    code = "too_many_token_keys"


@dataclass(frozen=True, slots=True)
class Registration:
    """What an instance said about itself, and the lease that it got. `ttl` is in seconds."""

    service: str
    instance_id: str
    url: str
    lease: str
    registered_at: str
    version: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    ttl: float = DEFAULT_TTL
    draining: bool = False
    """Whether it is draining at its own request, which ends with the lease."""

    @property
    def name(self) -> Name:
        return (self.service, self.instance_id)

    @property
    def heartbeat_every(self) -> float:
        """Seconds between heartbeats; two in a row may be lost."""
        return self.ttl / 3


@dataclass(frozen=True, slots=True)
class InstanceRecord:
    """What has to be stored about an instance: its registration if there is one, and whether the
    operator has drained it, which can be true without a registration.
    """

    name: Name
    registration: Registration | None
    drained: bool


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance as others see it. Times are in seconds; `reason` says why it is not up."""

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
    """What happened to an instance, at which wall-clock time; `detail` says why or where."""

    what: EventName
    service: str
    instance_id: str
    at: str
    detail: str

    @property
    def name(self) -> Name:
        return (self.service, self.instance_id)


@dataclass(frozen=True, slots=True)
class Changes:
    """The services that changed up to `index`, each with all its instances (none if all are gone).

    With `reset` these are all services.
    """

    index: int
    epoch: str
    reset: bool
    services: dict[str, list[Instance]]
