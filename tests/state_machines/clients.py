"""What clients ask the services, and what they are told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from client.wire import json_body

from .network import Reply

T = TypeVar("T")

REUSED = "idempotency_key_reused"
PASSING = {"request_in_progress", "payment_in_progress"}
"""The rejections of the moment, which are not the end of a request."""


class Ask(NamedTuple):
    """A request that a client makes; one with a `key` any number of times for one effect."""

    to: str
    method: str
    path: str
    body: str = ""
    key: str | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        """Which key this is, whatever is asked."""
        return (self.to, self.method, self.path, self.key or "")


@dataclass(frozen=True)
class Heard:
    """An answer that a client was given."""

    ask: Ask
    reply: Reply

    @property
    def json(self) -> Any:
        return json.loads(self.reply.body)

    @property
    def code(self) -> str | None:
        """What is wrong, where something is."""
        return str(self.json["code"]) if self.reply.status >= 400 else None

    @property
    def final(self) -> bool:
        """Whether this is what the client will be told for good."""
        settled = self.reply.status != 202 and self.reply.status < 500
        return settled and self.code not in PASSING


def newest(things: Iterable[T], which: int) -> T:
    """One of some things, counted around from the last."""
    found = list(things)
    return found[-1 - which % len(found)]


def body(**members: Any) -> str:
    """A request's JSON."""
    return json_body(members).decode()
