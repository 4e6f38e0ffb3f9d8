"""Who is let in at the header of a request, before its body is read.

A gate looks at a request whose caller is known, and raises TooManyRequests. What it gives out, a
place for one, is given back when the answer has been sent: `request[HELD]` sees to that.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from aiohttp import web

from ..core.errors import TooManyRequests
from .addresses import address_of
from .auth import NOT_AT_ALL, Principal, WrongKey
from .keys import KEYRING, PRINCIPAL
from .request import held
from .token_buckets import TokenBuckets

Gate = Callable[[web.Request], None]

GATES: web.AppKey[list[Gate]] = web.AppKey("gates", list)
"""What every request passes but those of routes that are `ungated`."""
WRONG_KEYS: web.AppKey[TokenBuckets] = web.AppKey("wrong_keys", TokenBuckets)
"""How often an address may come with a wrong key."""


def authenticate(request: web.Request, *, expired: timedelta = NOT_AT_ALL) -> Principal:
    """Who is calling; a token may have `expired` so long ago. Raises Unauthorized without a right
    key.

    An address that has come with too many wrong ones is told TooManyRequests for a further one. A
    right key is looked at first, so it is never held up by what others try from the same address.
    """
    try:
        return request.app[KEYRING].authenticate(request, expired=expired)
    except WrongKey:
        request.app[WRONG_KEYS].take(address_of(request))
        raise


def admit(request: web.Request) -> None:
    """Let a request in through every gate. Raises TooManyRequests."""
    for gate in request.app[GATES]:
        gate(request)


class Places:
    """Places for requests at once: `most` for each name, or as many as are wanted where it is 0."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._taken)

    def take(self, name: str, request: web.Request) -> None:
        """Take a place of `name` until the answer to `request` has been sent.

        Raises TooManyRequests where there is none.
        """
        taken = self._taken.get(name, 0)
        if 0 < self._most <= taken:
            raise TooManyRequests(
                f"At most {self._most} requests at once; wait for the answer to one of them",
                headers={"Retry-After": "1"},
            )
        self._taken[name] = taken + 1
        held(request).callback(self._give_back, name)

    def _give_back(self, name: str) -> None:
        if self._taken[name] == 1:
            del self._taken[name]
        else:
            self._taken[name] -= 1


def customer_of(request: web.Request) -> str | None:
    """The customer who sent a request that has been authenticated; None for anybody else."""
    principal = request.get(PRINCIPAL)
    return None if principal is None else principal.user_id


def places_for_customers(most: int) -> Gate:
    """A gate that lets each customer have `most` requests at once in this process."""
    places = Places(most)

    def gate(request: web.Request) -> None:
        if (user_id := customer_of(request)) is not None:
            places.take(user_id, request)

    return gate
