"""How one attempt at a call gets to an instance, and its answer back: here by a request of its own.

Transport decides which instance an attempt goes to, and what follows when it fails.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from .wire import Answer, read_answer

_CONNECT_TIMEOUT = 1.0
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


class NotSent(Exception):
    """The instance could not be reached: certainly nothing was done."""


class BrokenOff(Exception):
    """The answer did not come whole: what was asked for may have been done."""


@dataclass(slots=True)
class Sending:
    """One attempt: what is sent to the instance at `url`, and for how many seconds its answer is
    waited for. `is_json` says that the body is JSON which this client has written, and `is_repeat`
    that there was an attempt at this call before.
    """

    url: str
    method: str
    target: str
    headers: CIMultiDict[str] = field(repr=False)
    body: bytes | None = field(repr=False)
    seconds: float
    read_limit: float = math.inf
    is_json: bool = False
    is_repeat: bool = False


Send = Callable[[Sending], Awaitable[Answer]]
"""Brings an attempt to its instance and returns the answer, whatever its status is.

Raises NotSent, BrokenOff, and TimeoutError once the attempt's `seconds` are over.
"""


class Requests:
    """Sends each attempt as a request of its own."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def send(self, sending: Sending) -> Answer:
        """Send an attempt, and read its answer."""
        try:
            async with asyncio.timeout(sending.seconds):
                return await read_answer(await self.begin(sending), sending.read_limit)
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError) as error:
            raise BrokenOff(str(error)) from error

    async def begin(self, sending: Sending) -> aiohttp.ClientResponse:
        """Send an attempt, and return its answer, of which only the head is there.

        Redirects are not followed. Raises NotSent, and aiohttp's errors.
        """
        connect = min(_CONNECT_TIMEOUT, sending.seconds * 0.8)
        try:
            return await self._session.request(
                sending.method,
                _address(sending),
                data=sending.body,
                headers=sending.headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, connect=connect, ceil_threshold=math.inf),
                middlewares=(_send_once,),
            )
        except _NEVER_SENT as error:
            raise NotSent(str(error)) from error


def _address(sending: Sending) -> URL:
    try:
        return URL(f"{_origin(sending.url)}{sending.target}", encoded=True)
    except ValueError as error:
        raise aiohttp.InvalidURL(sending.url) from error


@lru_cache(maxsize=256)
def _origin(url: str) -> URL:
    """The part of an instance's URL that all calls to it begin with. Raises ValueError."""
    return URL(url).origin()


async def _send_once(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a request by itself when a pooled connection drops.

    Its second attempt may fail to connect, and would hide that the first one was sent.
    """
    try:
        return await send(request)
    except _NEVER_SENT:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _ConnectionDropped(str(error)) from error


class _ConnectionDropped(aiohttp.ClientError):
    """The connection was closed before the answer was complete."""
