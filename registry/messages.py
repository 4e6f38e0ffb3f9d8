"""What goes over the wire to and from the registry. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from services.common.core import wire
from services.common.core.token_keys import TokenKeys

from .model import DEFAULT_TTL, DesiredState, Instance

MAX_META_LEVELS = 8

Text = Annotated[
    str, wire.like(r"^[^\x00-\x1f\x7f]*\Z", "one line of text"), msgspec.Meta(max_length=200)
]


class NewRegistration(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What an instance says of itself; its lease lasts `ttl` seconds, 6 unless it says.
    `token_keys` are those that it has kept: a registry that was emptied takes them back.
    """

    url: Annotated[str, msgspec.Meta(max_length=300)]
    version: Text | None = None
    meta: Annotated[dict[str, Any], msgspec.Meta(max_length=50)] = {}
    ttl: wire.Seconds = msgspec.field(default_factory=lambda: wire.Seconds(DEFAULT_TTL))
    token_keys: TokenKeys = TokenKeys()

    def __post_init__(self) -> None:
        """Raises ValueError for a `meta` that is nested so deeply that some cannot read it."""
        if not _is_within(self.meta, MAX_META_LEVELS):
            raise ValueError(f"Expected meta of at most {MAX_META_LEVELS} levels")


class Heartbeat(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The lease that an instance was given, and which keys of tokens it has."""

    lease: Text
    token_keys_version: Text | None = None


class Deregistration(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A removal; with a lease, only of the instance that holds it."""

    lease: Text | None = None


class StateChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """With a lease it is the instance's own request, without one the operator's override."""

    state: DesiredState
    lease: Text | None = None


class Watch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The changes to return (those after `index` in `epoch`), how many seconds to wait for one, and
    who asks.
    """

    epoch: Text | None = None
    index: Annotated[int, msgspec.Meta(ge=0, le=wire.MAX_INTEGER)] = 0
    wait: Annotated[int, msgspec.Meta(ge=0, le=60)] = 0
    as_: Text | None = msgspec.field(name="as", default=None)


class Report(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An instance that could not be reached, and what happened."""

    service: wire.Id
    instance_id: wire.Id
    what: Text


class AbsentInstance(msgspec.Struct, frozen=True, kw_only=True):
    """An instance that is not registered, but has an override of the operator."""

    service: str
    instance_id: str
    state: Literal["down"] = "down"
    reason: str


@dataclass(frozen=True, slots=True)
class RegisteredInstance(Instance):
    """The answer to a registration: the instance, and what it needs to stay one."""

    lease: str
    heartbeat_every: float
    index: int
    epoch: str
    shop: str
    token_keys: TokenKeys


@dataclass(frozen=True, slots=True)
class RenewedInstance(Instance):
    """The answer to a heartbeat; `token_keys` is there if the instance has others."""

    token_keys: TokenKeys | None = None


class TokenKeyChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Whether what was signed before the key was made ends at once."""

    end_older: bool = False


class TokenKeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A key that tokens are signed with, without its secret. `signs_from` on it signs, unless a
    newer one does; `ends_at` is null for the newest.
    """

    kid: str
    created_at: str
    signs_from: str
    ends_at: str | None


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """Services, each with all its instances; all services if it is a reset."""

    index: int
    epoch: str
    reset: bool
    shop: str
    services: dict[str, list[Instance]]


class OneService(msgspec.Struct, frozen=True, kw_only=True):
    """One service's instances."""

    index: int
    service: str
    instances: list[Instance]


def _is_within(value: Any, levels: int) -> bool:
    """Whether a JSON value is nested in at most so many levels."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return True
    return levels > 0 and all(_is_within(each, levels - 1) for each in value)
