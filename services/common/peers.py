"""Calls to a peer that our own next step rests on.

Only a definite answer settles anything: a success of the right shape, or a refusal whose code was
agreed on, that names our ids. After anything else the question is asked again.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from aiohttp import web

from client.errors import ShopError

from .errors import Invalid, Malformed
from .keys import SETTINGS, TRANSPORT
from .recovery import NotKnown
from .refusal import Refusal
from .wire import build, parse_json

T = TypeVar("T")


async def ask(
    app: web.Application,
    shape: type[T],
    service: str,
    method: str,
    path: str,
    *,
    body: object = None,
    query: dict[str, str] | None = None,
    deadline: float | None = None,
) -> T:
    """Make a call that may be repeated, and return its success as a `shape`.

    `deadline` is in seconds; `peer_deadline` unless given.

    Raises ShopError for anything else; a success of another shape is one, too.
    """
    answer = await app[TRANSPORT].request(
        service,
        method,
        path,
        params=query,
        json=body,
        repeatable=True,
        deadline=deadline or app[SETTINGS].peer_deadline,
    )
    try:
        return build(parse_json(answer.body), shape)
    except (Malformed, Invalid) as error:
        raise ShopError(f"{service} answered something else: {error.detail}") from None


def definite_refusal(
    error: ShopError, refusals: Collection[tuple[int, str]], **ids: str
) -> Refusal:
    """The refusal that `error` is: one of `refusals` (status and code), naming `ids`.

    Raises NotKnown where it is anything else.
    """
    named = all(error.problem.get(name) == value for name, value in ids.items())
    if (error.status, error.code) not in refusals or not named:
        raise NotKnown(str(error))
    try:
        return build(parse_json(error.body), Refusal)
    except (Malformed, Invalid) as wrong:
        raise NotKnown(f"{error}, in a shape of its own: {wrong.detail}") from None
