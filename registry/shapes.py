"""What the registry's routes take and give."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from services.common import wire

from .model import DEFAULT_TTL, Instance, Word

MOST_META_LEVELS = 8

Id = Annotated[
    str, wire.like(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z", "1 to 128 of A-Z a-z 0-9 . _ -")
]
Text = Annotated[
    str, wire.like(r"^[^\x00-\x1f\x7f]*\Z", "one line of text"), msgspec.Meta(max_length=200)
]


class NewRegistration(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What an instance says of itself; its lease lasts `ttl` seconds, 6 unless it says."""

    url: Annotated[str, msgspec.Meta(max_length=300)]
    version: Text | None = None
    meta: Annotated[dict[str, Any], msgspec.Meta(max_length=50)] = {}
    ttl: wire.Seconds = msgspec.field(default_factory=lambda: wire.Seconds(DEFAULT_TTL))

    def __post_init__(self) -> None:
        """Raises ValueError for a `meta` that not everybody could read."""
        if not _is_within(self.meta, MOST_META_LEVELS):
            raise ValueError(f"Expected meta of at most {MOST_META_LEVELS} levels")


class Lease(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The lease that an instance was given."""

    lease: Text


class Leaving(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """With a lease, only the instance that holds it is taken out."""

    lease: Text | None = None


class StateWord(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """With a lease the instance's own word, without one the operator's."""

    state: Word
    lease: Text | None = None


class Watch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """From where on to tell, for how many seconds to wait for it, and who is asking."""

    epoch: Text | None = None
    index: Annotated[int, msgspec.Meta(ge=0, le=wire.LARGEST_INTEGER)] = 0
    wait: Annotated[int, msgspec.Meta(ge=0, le=60)] = 0
    as_: Text | None = msgspec.field(name="as", default=None)


class Report(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An instance that could not be reached, and what happened."""

    service: Id
    instance_id: Id
    what: Text


class Away(msgspec.Struct, frozen=True, kw_only=True):
    """An instance that is not registered, but that the operator has a word for."""

    service: str
    instance_id: str
    state: Literal["down"] = "down"
    reason: str


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a registration, beside the instance itself."""

    lease: str
    heartbeat_every: float
    index: int
    epoch: str
    shop: str


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """Services with their instances, each whole; all of them after a reset."""

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
