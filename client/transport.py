"""Sends a call to whichever instance of a service can take it, and again where that is harmless.

The services use it for their own calls, too. The key goes to instances that the registry named and
to nobody else: redirects are never followed.
"""

import asyncio
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from .attempts import Attempts, is_inconclusive
from .backoff import Backoff
from .discovery import Discovery, Instance
from .errors import OutcomeUnknown, ShopError, Unavailable, error_from_answer
from .wire import Answer, Parameter, json_body, read_answer, with_query

__all__ = ["Answer", "Transport", "open_session"]

ATTEMPT_TIMEOUT = 3.0
_CONNECT_TIMEOUT = 1.0
_CONNECTIONS = 256
_KEEPALIVE = 30.0
"""Seconds for which an idle connection is kept: less than the 75 that the services keep theirs."""

_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
_SAFE = frozenset({"GET", "HEAD"})
_IDEMPOTENT = _SAFE | {"PUT", "DELETE"}


@dataclass(frozen=True)
class _Call:
    """What stays the same over all attempts at one call."""

    service: str
    method: str
    target: str
    headers: CIMultiDict[str] = field(repr=False)
    body: bytes | None = field(repr=False)
    accept: Collection[int]
    at_once: float


class _Dropped(aiohttp.ClientError):
    """The connection ended before the answer did."""


def open_session() -> aiohttp.ClientSession:
    """Return a session that keeps no cookies and reads no proxy from the environment.

    One for a whole program is meant; the caller closes it.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=_KEEPALIVE),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        headers={"User-Agent": "tuckshop-client"},
    )


class Transport:
    """Makes calls to services by name."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        discovery: Discovery,
        api_key: str | None,
        *,
        context_headers: Callable[[], Mapping[str, str]] = dict,
        backoff: Backoff | None = None,
    ) -> None:
        """Call the instances that `discovery` finds, with `api_key` or with none.

        `context_headers` is asked once a call for headers that come from its surroundings
        (X-Request-ID, traceparent). `backoff` paces the repeats at one instance.
        """
        self._session = session
        self._discovery = discovery
        self._api_key = api_key
        self._context_headers = context_headers
        self._backoff = backoff or Backoff(0.05, 1.0)

    async def request(
        self,
        service: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, Parameter] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        repeatable: bool | None = None,
        retries: bool = True,
        deadline: float = 10.0,
        attempt_timeout: float = ATTEMPT_TIMEOUT,
        patience: float = math.inf,
        accept: Collection[int] = (),
        at_once: float = math.inf,
    ) -> Answer:
        """Return the service's 2xx or 304 answer, or one whose status is in `accept`.

        `path` is percent-encoded already and may hold a query of its own. `json` is anything
        that msgspec encodes, Decimals as exact numbers; `content` a body sent as it is. `headers`
        win over those that are sent otherwise. `deadline` and `attempt_timeout` are seconds, for
        the whole call and for each attempt at it; a body that has more bytes than `at_once` is
        left to be read on, outside of them, from the answer's `rest`.

        A call that was certainly not carried out (no connection, 421, 429, 503 with Retry-After)
        is made again, at another instance first, until `deadline`; it waits `patience` seconds at
        most for one that can take it. A call that may have been carried out is made again only if
        it is `repeatable`: by default GET, HEAD, PUT, DELETE and whatever has an
        `idempotency_key`. `retries=False` makes one attempt only.

        Raises a ShopError for any other answer: OutcomeUnknown when some attempt at something
        that has an effect may have been carried out, Unavailable when certainly none was.
        """
        if repeatable is None:
            repeatable = method in _IDEMPOTENT or idempotency_key is not None
        call = _Call(
            service,
            method,
            with_query(path, params),
            self._call_headers(service, json is not None, headers, idempotency_key),
            content if json is None else json_body(json),
            accept,
            at_once,
        )
        attempts = Attempts(
            self._discovery,
            self._backoff,
            service,
            deadline=deadline,
            patience=patience,
            repeatable=repeatable,
            retries=retries,
        )
        while True:
            instance = await attempts.next_instance()
            try:
                return await self._attempt(call, instance, attempts.remaining(attempt_timeout))
            except ShopError as error:
                attempts.failed(instance, error)

    def _call_headers(
        self,
        service: str,
        is_json: bool,
        extra: Mapping[str, str] | None,
        idempotency_key: str | None,
    ) -> CIMultiDict[str]:
        headers = CIMultiDict({"X-Request-ID": str(uuid4())})
        if self._api_key is not None:
            headers["X-API-Key"] = self._api_key
        headers.update(self._context_headers())
        headers["Tuckshop-Service"] = service
        if is_json:
            headers["Content-Type"] = "application/json"
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        headers.update(extra or {})
        return headers

    async def _attempt(self, call: _Call, instance: Instance, seconds: float) -> Answer:
        """Send the call once; raises a ShopError for what is no answer to return."""
        try:
            answer = await self._send(call, instance, seconds)
        except _NOT_SENT as error:
            raise self._lost(call, instance, "could not be reached", "unreachable") from error
        except TimeoutError as error:
            what = f"did not answer within {seconds:.3g} s"
            raise self._lost(call, instance, what, "timeout") from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._lost(call, instance, "hung up before answering", "disconnected") from error
        if answer.status == 421:
            self._discovery.failed(instance, f"it is not the {call.service} of this shop")
        elif answer.status == 503:
            self._discovery.failed(instance)
        else:
            self._discovery.worked(instance)
        if 200 <= answer.status < 300 or answer.status == 304 or answer.status in call.accept:
            return answer
        if answer.rest is not None:
            answer.rest.close()
        refusal = error_from_answer(answer.status, answer.headers, answer.body)
        refusal.request_id = refusal.request_id or call.headers["X-Request-ID"]
        refusal.maybe_done = call.method not in _SAFE and is_inconclusive(refusal)
        raise refusal

    async def _send(self, call: _Call, instance: Instance, seconds: float) -> Answer:
        try:
            url = URL(f"{URL(instance.url).origin()}{call.target}", encoded=True)
        except ValueError as error:
            raise aiohttp.InvalidURL(instance.url) from error
        headers = call.headers.copy()
        if self._discovery.shop is not None:
            headers["Tuckshop-Shop"] = self._discovery.shop
        connect = min(_CONNECT_TIMEOUT, seconds * 0.8)
        async with asyncio.timeout(seconds):
            response = await self._session.request(
                call.method,
                url,
                data=call.body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, connect=connect, ceil_threshold=math.inf),
                middlewares=(_once,),
            )
            return await read_answer(response, call.at_once)

    def _lost(self, call: _Call, instance: Instance, what: str, code: str) -> ShopError:
        """Return the error for an attempt without an answer, and note that the instance failed."""
        self._discovery.failed(instance, what)
        may_be_done = code != "unreachable" and call.method not in _SAFE
        kind = OutcomeUnknown if may_be_done else Unavailable
        return kind(
            f"{call.service} at {instance.url} {what}",
            code=code,
            request_id=call.headers["X-Request-ID"],
            maybe_done=may_be_done,
        )


async def _once(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from repeating a request by itself when a pooled connection drops.

    If its second attempt cannot connect, that hides that the first one was sent.
    """
    try:
        return await send(request)
    except _NOT_SENT:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Dropped(str(error)) from error
