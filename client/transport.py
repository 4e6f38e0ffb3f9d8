"""Sends a call to an instance that can take it, and repeats it where that is harmless.

The services use it for their own calls, too. The key is sent only to instances that the registry
has named: redirects are never followed.
"""

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp
from multidict import CIMultiDict

from .attempts import Attempts, is_inconclusive
from .backoff import Backoff
from .discovery import Discovery, Instance
from .errors import OutcomeUnknown, ShopError, Unavailable, error_from_answer
from .sending import BrokenOff, NotSent, Requests, Send, Sending
from .wire import Answer, Parameter, json_body, with_query

__all__ = ["Answer", "Transport", "open_session"]

ATTEMPT_TIMEOUT = 3.0
"""Seconds for one attempt at a call, unless the call says otherwise."""
_CONNECTIONS = 256
_KEEPALIVE = 30.0
"""Seconds for which an idle connection is kept: less than the 75 for which the services do."""

_SAFE = frozenset({"GET", "HEAD"})
_IDEMPOTENT = _SAFE | {"PUT", "DELETE"}


@dataclass(slots=True)
class _Call:
    """What is the same in all attempts at one call."""

    service: str
    method: str
    target: str
    headers: CIMultiDict[str] = field(repr=False)
    body: bytes | None = field(repr=False)
    is_json: bool
    accept: Collection[int]
    read_limit: float


def open_session() -> aiohttp.ClientSession:
    """Return a session that keeps no cookies and takes no proxy from the environment.

    A program needs only one. The caller closes it.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=_KEEPALIVE),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        headers={"User-Agent": "tuckshop-client"},
    )


class Transport:
    """Calls services by their names."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        discovery: Discovery,
        api_key: str | None,
        *,
        context_headers: Callable[[], Mapping[str, str]] = dict,
        backoff: Backoff | None = None,
        send: Send | None = None,
    ) -> None:
        """Call the instances that `discovery` finds, with `api_key` or without a key.

        `context_headers` returns the headers that a call takes over from what it is part of
        (X-Request-ID, traceparent). `backoff` gives the pauses between attempts at one instance.
        `send` brings an attempt to its instance; by default each is a request of its own.
        """
        self._discovery = discovery
        self._api_key = api_key
        self._context_headers = context_headers
        self._backoff = backoff or Backoff(0.05, 1.0)
        self._send = send or Requests(session).send

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
        max_wait: float = math.inf,
        accept: Collection[int] = (),
        read_limit: float = math.inf,
    ) -> Answer:
        """Return the service's answer if its status is 2xx, 304 or in `accept`.

        `path` is already percent-encoded and may have a query. `json` is a value that msgspec can
        encode, with Decimals as exact numbers; `content` is a body that is sent as it is.
        `headers` override those that are sent otherwise.

        `deadline` is in seconds for the whole call, `attempt_timeout` in seconds for each attempt.
        If the body of the answer has more than `read_limit` bytes, the remainder is read from the
        answer's `rest`, and these limits do not apply to it.

        A call that was certainly not carried out (no connection, 421, 429, 503 with Retry-After)
        is repeated, at another instance first, until the deadline. It waits at most `max_wait`
        seconds for an instance that can take it. A call that may have been carried out is repeated
        only if it is `repeatable`: by default GET, HEAD, PUT, DELETE and every call with an
        `idempotency_key`. With `retries=False` there is only one attempt.

        Raises a ShopError for any other answer: OutcomeUnknown if an attempt that changes
        something may have been carried out, Unavailable if certainly none was.
        """
        if repeatable is None:
            repeatable = method in _IDEMPOTENT or idempotency_key is not None
        call = _Call(
            service,
            method,
            with_query(path, params),
            self._call_headers(service, json is not None, headers, idempotency_key),
            content if json is None else json_body(json),
            json is not None,
            accept,
            read_limit,
        )
        attempts = Attempts(
            self._discovery,
            self._backoff,
            service,
            deadline=deadline,
            max_wait=max_wait,
            repeatable=repeatable,
            retries=retries,
        )
        is_repeat = False
        while True:
            instance = await attempts.next_instance()
            sending = self._sending(
                call, instance, attempts.remaining(attempt_timeout), is_repeat=is_repeat
            )
            try:
                return await self._attempt(call, instance, sending)
            except ShopError as error:
                attempts.failed(instance, error)
            is_repeat = True

    def _call_headers(
        self,
        service: str,
        is_json: bool,
        extra: Mapping[str, str] | None,
        idempotency_key: str | None,
    ) -> CIMultiDict[str]:
        headers = CIMultiDict(self._context_headers())
        if "X-Request-ID" not in headers:
            headers["X-Request-ID"] = str(uuid4())
        if self._api_key is not None:
            headers["X-API-Key"] = self._api_key
        headers["Tuckshop-Service"] = service
        if is_json:
            headers["Content-Type"] = "application/json"
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        headers.update(extra or {})
        return headers

    def _sending(
        self, call: _Call, instance: Instance, seconds: float, *, is_repeat: bool
    ) -> Sending:
        headers = call.headers.copy()
        if self._discovery.shop is not None:
            headers["Tuckshop-Shop"] = self._discovery.shop
        return Sending(
            instance.url,
            call.method,
            call.target,
            headers,
            call.body,
            seconds,
            call.read_limit,
            is_json=call.is_json,
            is_repeat=is_repeat,
        )

    async def _attempt(self, call: _Call, instance: Instance, sending: Sending) -> Answer:
        """Send the call once. Raises a ShopError if there is no answer to return."""
        try:
            answer = await self._send(sending)
        except NotSent as error:
            raise self._no_answer(call, instance, "could not be reached", "unreachable") from error
        except TimeoutError as error:
            what = f"did not answer within {sending.seconds:.3g} s"
            raise self._no_answer(call, instance, what, "timeout") from error
        except BrokenOff as error:
            what = "closed the connection before it answered"
            raise self._no_answer(call, instance, what, "disconnected") from error
        if answer.status == 421:
            self._discovery.failed(instance, f"it is not the {call.service} service of this shop")
        elif answer.status == 503:
            self._discovery.failed(instance)
        else:
            self._discovery.worked(instance)
        if 200 <= answer.status < 300 or answer.status == 304 or answer.status in call.accept:
            return answer
        if answer.rest is not None:
            answer.rest.close()
        failure = error_from_answer(answer.status, answer.headers, answer.body)
        failure.request_id = failure.request_id or call.headers["X-Request-ID"]
        failure.may_have_been_done = call.method not in _SAFE and is_inconclusive(failure)
        raise failure

    def _no_answer(self, call: _Call, instance: Instance, what: str, code: str) -> ShopError:
        """Note that the instance failed, and return the error for an attempt without an answer."""
        self._discovery.failed(instance, what)
        may_have_been_done = code != "unreachable" and call.method not in _SAFE
        kind = OutcomeUnknown if may_have_been_done else Unavailable
        return kind(
            f"{call.service} at {instance.url} {what}",
            code=code,
            request_id=call.headers["X-Request-ID"],
            may_have_been_done=may_have_been_done,
        )
