"""The kinds of call that the shop's resources make: reads, pages of a list, and writes."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from .backoff import Backoff
from .errors import ShopError, retry_after
from .models import Page
from .transport import Transport
from .wire import Answer, Parameter

T = TypeVar("T")

_WRITE_ATTEMPT_TIMEOUT = 6.0
"""Seconds. A service asks its peers before it answers, and answers 202 if they take too long."""
_LINK = re.compile(r"<([^>]*)>([^<]*)")
_NEXT = re.compile(r';\s*rel="?next"?(?:[\s;,]|$)', re.IGNORECASE)


class Calls:
    """Calls through a transport, which is there while the client is open."""

    def __init__(self, timeout: float) -> None:
        """Give each call `timeout` seconds in all."""
        self.transport: Transport | None = None
        self._timeout = timeout
        self._backoff = Backoff(0.05, 1.0)

    async def read(
        self, service: str, path: str, params: Mapping[str, Parameter] | None = None
    ) -> Answer:
        """Return what is at `path`. Raises ShopError."""
        return await self._request(service, "GET", path, params=params, deadline=self._timeout)

    async def page(
        self, service: str, path: str, type_: type[list[T]], params: Mapping[str, Parameter]
    ) -> Page[T]:
        """Return one page of the list at `path`. Raises ShopError."""
        answer = await self.read(service, path, params)
        page = Page(answer.decode(type_))
        page.next = _next(answer)
        return page

    async def iterate(
        self, service: str, path: str, type_: type[list[T]], params: Mapping[str, Parameter]
    ) -> AsyncIterator[T]:
        """Yield the items of the list at `path`, from this page and all that follow it.

        Raises ShopError when a page cannot be read.
        """
        page = await self.page(service, path, type_, params)
        while True:
            for each in page:
                yield each
            if page.next is None:
                return
            page = await self.page(service, path, type_, {**params, "after": page.next})

    async def write(
        self,
        service: str,
        method: str,
        path: str,
        *,
        json: Any = None,
        idempotency_key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Have something changed once, and return the answer. Raises ShopError.

        A POST carries an idempotency key, the same one in every repeat. While the answer is 202
        (accepted, not settled) the call is repeated; if it is still 202 at the deadline, that
        answer is returned.
        """
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._timeout
        if method == "POST" and idempotency_key is None:
            idempotency_key = str(uuid4())
        unsettled: Answer | None = None
        repeats = 0
        while True:
            try:
                answer = await self._request(
                    service,
                    method,
                    path,
                    json=json,
                    headers=headers,
                    idempotency_key=idempotency_key,
                    deadline=ends_at - loop.time(),
                    attempt_timeout=_WRITE_ATTEMPT_TIMEOUT,
                )
            except ShopError as error:
                if unsettled is None or error.is_rejection:
                    raise
                return unsettled
            if answer.status != 202:
                return answer
            unsettled = answer
            repeats += 1
            wait = max(self._backoff.delay(repeats), retry_after(answer.headers) or 0.0)
            if wait >= ends_at - loop.time():
                return unsettled
            await asyncio.sleep(wait)

    async def _request(self, service: str, method: str, path: str, **options: Any) -> Answer:
        if self.transport is None:
            raise RuntimeError("A ShopClient is used inside `async with`")
        return await self.transport.request(service, method, path, **options)


def _next(answer: Answer) -> str | None:
    """Return the `after` of the next page, None if there is none.

    Nothing else of the link is used: the host that it names is never called.
    """
    for header in answer.headers.getall("Link", []):
        for target, attributes in _LINK.findall(header):
            if _NEXT.search(attributes):
                after = parse_qs(urlsplit(target).query).get("after")
                return after[0] if after else None
    return None
