"""The keys that customers' tokens are signed with. Every service of a shop holds the same set.

A set is never edited, only merged with another, and in which order does not matter. So any service
that has kept one can give it back to a registry that has lost its own. No key says itself when it
ends: that follows from when the next one was made.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from itertools import pairwise
from typing import Annotated

import msgspec

from . import wire
from .clock import seconds_after

SIGNS_AFTER_SECONDS = 10.0
"""How old a key is before it signs while there is another: until then everybody who is there has
heard of it, with the heartbeats.
"""
KEPT_LONGER_SECONDS = 24 * 3600.0
"""For how long a key verifies beyond the use of the last token that it can have signed: a
storefront that was cut off from the registry has signed with it for longer.
"""
LONGEST_TOKEN = 10**9
"""Seconds."""
MAX_KEYS = 100
"""In a set, so that it fits in a request."""

Moment = Annotated[
    str,
    wire.like(
        r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z", "a time such as 2026-11-23T09:15:02.123Z"
    ),
]


class TokenKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A random key of 32 bytes; `kid` names it in the tokens that it has signed."""

    kid: wire.Id
    secret: Annotated[str, wire.like(r"^[A-Za-z0-9_-]{43}\Z", "32 bytes in base64url")]
    created_at: Moment

    def __post_init__(self) -> None:
        """Raises ValueError for a day that no calendar has."""
        datetime.fromisoformat(self.created_at)


class TokenKeys(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a shop, oldest first.

    `longest_token` is how long a token is of use at most, in seconds: until it expires, and from
    then on to be renewed. From the moment `older_ended_at`
    on, what was signed before it is refused: tokens of older keys, and those that are signed with
    the operator key, as release 0.1.0 did.
    """

    keys: Annotated[tuple[TokenKey, ...], msgspec.Meta(max_length=MAX_KEYS)] = ()
    longest_token: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_TOKEN)] = 0
    older_ended_at: Moment | None = None

    def __post_init__(self) -> None:
        """Raises ValueError where older keys have ended, and there is no newer one."""
        ended = self.older_ended_at
        if ended and not any(key.created_at >= ended for key in self.keys):
            raise ValueError("Expected a key that was made when the older ones ended")

    @property
    def version(self) -> str:
        """The same for the same set, and another for another. It tells nothing of the keys."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:16]

    def find(self, kid: str) -> TokenKey | None:
        """The key of that name."""
        return next((key for key in self.keys if key.kid == kid), None)

    def signing_key(self, now: str) -> TokenKey | None:
        """The key that signs: the newest that everybody has heard of. None if there is no key."""
        known = [key for key in self.keys if _is_known(key, now)] or self.keys[:1]
        return known[-1] if known else None

    def is_complete(self, now: str) -> bool:
        """Whether a key that is not in the set is not one of the shop's. It may be one while all
        in the set are new: then the registry was emptied, and is still taking the others back.
        """
        return self.older_ended_at is not None or any(_is_known(key, now) for key in self.keys)

    def ends(self) -> dict[str, str | None]:
        """From when on each key verifies no more: not before every token that it has signed is
        of no more use. None for the newest.
        """
        more = SIGNS_AFTER_SECONDS + self.longest_token + KEPT_LONGER_SECONDS
        ends: dict[str, str | None] = {key.kid: None for key in self.keys}
        for key, following in pairwise(self.keys):
            ends[key.kid] = seconds_after(following.created_at, more)
        return ends

    def merged(self, other: TokenKeys) -> TokenKeys:
        """All that is in either, but for what the other has ended."""
        ended = max(self.older_ended_at or "", other.older_ended_at or "")
        by_kid = {key.kid: key for key in (*self.keys, *other.keys) if key.created_at >= ended}
        keys = sorted(by_kid.values(), key=lambda key: (key.created_at, key.kid))
        return TokenKeys(
            keys=tuple(keys[-MAX_KEYS:]),
            longest_token=max(self.longest_token, other.longest_token),
            older_ended_at=ended or None,
        )

    def without_ended(self, now: str) -> TokenKeys:
        """Without the keys that verify no more."""
        ends = self.ends()
        keys = tuple(key for key in self.keys if (ends[key.kid] or now) >= now)
        return msgspec.structs.replace(self, keys=keys)

    def with_key(self, kid: str, *, now: str, end_older: bool = False) -> TokenKeys:
        """With a key of that name, a new one unless it is there. `end_older` ends what was signed
        before it was made.
        """
        key = self.find(kid) or new_key(kid, now=self._next_moment(now))
        ended = key.created_at if end_older else None
        return self.merged(TokenKeys(keys=(key,), older_ended_at=ended))

    def _next_moment(self, now: str) -> str:
        """`now`, or later where the clock is behind the newest key."""
        newest = self.keys[-1].created_at if self.keys else ""
        return max(now, seconds_after(newest, 0.001)) if newest else now


def new_key(kid: str, *, now: str) -> TokenKey:
    """A key that nobody can guess, made `now`."""
    return TokenKey(kid=kid, secret=secrets.token_urlsafe(32), created_at=now)


def new_kid() -> str:
    """A name for a key, which no other has."""
    return secrets.token_hex(8)


def _is_known(key: TokenKey, now: str) -> bool:
    return seconds_after(key.created_at, SIGNS_AFTER_SECONDS) <= now
