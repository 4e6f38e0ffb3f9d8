"""Calls to a peer on which our own next step depends.

Only a definite answer settles anything: a success of the right shape, or a rejection with our ids
and a code that services/README.md lists. After any other answer the call is made again.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from aiohttp import web

from client.errors import ShopError

from ..core.errors import Invalid, Malformed
from ..core.rejection import Rejection, read_rejection
from ..core.wire import read_as
from ..web.keys import SETTINGS, TRANSPORT
from .recovery import Inconclusive

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
    """Make a call that may be repeated, and return the body of its success as a `shape`.

    `deadline` is in seconds, by default the setting `peer_deadline`. Raises ShopError for any other
    answer, also for a success of another shape.
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
        return read_as(answer.body, shape, app[SETTINGS].currency)
    except (Malformed, Invalid) as error:
        raise ShopError(f"{service} answered something else: {error.detail}") from None


def definite_rejection(
    error: ShopError, rejections: Collection[tuple[int, str]], **ids: str
) -> Rejection:
    """`error` as a Rejection, if it is one of `rejections` (status and code) and names `ids`.

    Raises Inconclusive for any other error.
    """
    named = all(error.problem.get(name) == value for name, value in ids.items())
    if (error.status, error.code) not in rejections or not named:
        raise Inconclusive(str(error))
    try:
        return read_rejection(error.body)
    except (Malformed, Invalid) as wrong:
        raise Inconclusive(f"{error}, in a shape of its own: {wrong.detail}") from None
