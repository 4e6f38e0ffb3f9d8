"""The gateway: passes each call to the shop's own address on to the service that owns its path.

A call is passed on with the caller's credential and never with the shop's key. So the service
rejects what a customer may not do, and a mistake here cannot give a customer more rights.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from weakref import WeakValueDictionary

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from client import errors
from client.transport import Answer, Transport
from services.common.core.errors import Misdirected, OutcomeUnknown, Unavailable
from services.common.core.logs import logger
from services.common.core.settings import Settings
from services.common.core.tracing import onward_headers
from services.common.web.addresses import address_of
from services.common.web.admission import customer_of
from services.common.web.keys import DISCOVERY, KEYRING, PRINCIPAL, SESSION, SETTINGS
from services.common.web.request import held
from services.common.web.routing import Access, Handler, Route

from .headers import PREFIX, forwarded_headers, forwarded_target, returned_headers

OWNERS = {
    "/products": "catalog",
    "/products/{rest:.*}": "catalog",
    "/categories": "catalog",
    "/cart/{rest:.*}": "cart",
    "/orders": "order",
    "/orders/{rest:.*}": "order",
    "/pay": "payment",
    "/payments": "payment",
    "/payments/{rest:.*}": "payment",
}
RECEIPT = "/receipts/{token}"
"""The order service's: for anyone who has the link, and in no log, since it is the key itself."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

CALLS_AT_ONCE = 60
"""Calls to each service; bounded, so that one that hangs leaves connections for the others."""
CALLS_OF_A_CALLER = 4
"""Of them, for a customer, or for an address that shows no key: whoever asks for much at once waits
for their own, and others are served in between.
"""
ATTEMPT_SECONDS = 5.0
"""For an attempt at what may be repeated; what may not has all the time that there is."""
REST_SECONDS = 10.0
"""For each further piece of an answer that is not read whole."""
BYTES_AT_ONCE = 2**20
"""An answer up to this size is read completely before it is passed on, so that the call can be
repeated if it breaks off; a larger answer is streamed.
"""


class Gateway:
    """Passes calls on, and responds itself if a service does not answer."""

    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._transport = transport
        # A call may wait this long for a slot, and again for an instance of its service. The
        # deadline of the call contains the second wait only, so the first is subtracted.
        self._max_wait = settings.peer_deadline
        self._deadline = settings.request_deadline - self._max_wait
        self._slots: dict[str, asyncio.Semaphore] = defaultdict(
            partial(asyncio.Semaphore, CALLS_AT_ONCE)
        )
        # One is there while somebody has it or waits for it.
        self._own: WeakValueDictionary[tuple[str, str], asyncio.Semaphore] = WeakValueDictionary()

    async def forward(self, service: str, request: web.Request, body: bytes) -> web.StreamResponse:
        """The service's answer to a request. Raises Unavailable, OutcomeUnknown, Malformed.

        No slot is held while the answer is written: a reader may take its time for that.
        """
        async with self.turn(service, request):
            try:
                answer = await self._ask(service, request, body)
            except errors.ShopError as error:
                answer = _rejection(service, request, error)
        return _returned(request, answer)

    async def read(self, service: str, path: str, request: web.Request) -> bytes:
        """What a service shows to anyone, on behalf of a request. Raises ShopError, Unavailable."""
        async with self.turn(service, request):
            answer = await self._transport.request(
                service,
                "GET",
                path,
                deadline=self._deadline,
                attempt_timeout=ATTEMPT_SECONDS,
                max_wait=self._max_wait,
            )
        return answer.body

    @asynccontextmanager
    async def turn(self, service: str, request: web.Request) -> AsyncIterator[None]:
        """A turn to call a service on behalf of a request. Raises Unavailable if there is none."""
        caller = _caller(request)
        slots = [self._slots[service]]
        if caller is not None:
            own = asyncio.Semaphore(CALLS_OF_A_CALLER)
            slots.insert(0, self._own.setdefault((service, caller), own))
        async with AsyncExitStack() as turn:
            try:
                async with asyncio.timeout(self._max_wait):
                    for each in slots:
                        await turn.enter_async_context(each)
            except TimeoutError:
                raise Unavailable(
                    f"Too many are waiting for the {service} service: nothing was done; "
                    "send it again",
                    code="overloaded",
                    extensions={"service": service},
                ) from None
            yield

    async def _ask(self, service: str, request: web.Request, body: bytes) -> Answer:
        headers = forwarded_headers(request)
        repeatable = request.method in ("GET", "HEAD", "PUT", "DELETE") or (
            request.method == "POST" and "Idempotency-Key" in headers
        )
        return await self._transport.request(
            service,
            request.method,
            forwarded_target(request),
            content=body or None,
            headers=headers,
            repeatable=repeatable,
            deadline=self._deadline,
            attempt_timeout=ATTEMPT_SECONDS if repeatable else self._deadline,
            max_wait=self._max_wait,
            read_limit=BYTES_AT_ONCE,
        )


GATEWAY: web.AppKey[Gateway] = web.AppKey("gateway", Gateway)


async def gateway(app: web.Application) -> AsyncIterator[None]:
    """Cleanup context: the gateway, on the application's own connections but without its key."""
    transport = Transport(app[SESSION], app[DISCOVERY], None, context_headers=onward_headers)
    app[GATEWAY] = Gateway(transport, app[SETTINGS])
    yield


def gateway_routes() -> list[Route]:
    """A route for each path and method that is passed on to a service."""
    return [
        *(
            Route(method, PREFIX + path, _forward_to(service), Access.CUSTOMER, raw=True)
            for path, service in OWNERS.items()
            for method in METHODS
        ),
        Route(
            "GET",
            PREFIX + RECEIPT,
            _forward_to("order"),
            Access.PUBLIC,
            raw=True,
            counted=True,
            quiet=True,
        ),
    ]


def _forward_to(service: str) -> Handler:
    async def forward(request: web.Request, body: bytes) -> web.StreamResponse:
        return await request.app[GATEWAY].forward(service, request, body)

    return forward


def _caller(request: web.Request) -> str | None:
    """Who is to wait for their own calls; None for the operator."""
    if PRINCIPAL in request:
        return customer_of(request)
    return f"at {address_of(request)}"  # no user's id has a space


def _rejection(service: str, request: web.Request, error: errors.ShopError) -> Answer:
    """The service's own rejection. Raises Unavailable or OutcomeUnknown if there is none."""
    if isinstance(error, errors.AuthenticationError):
        # It was valid here: either it has expired since (raises), or the services' keys differ.
        request.app[KEYRING].authenticate(request)
    elif error.status is not None and error.status != Misdirected.status and _is_problem(error):
        headers = CIMultiDictProxy(CIMultiDict(error.headers))
        return Answer(error.status, headers, error.body)
    logger.warning("no answer from a service", extra={"from": service, "reason": str(error)})
    if isinstance(error, errors.OutcomeUnknown):
        raise OutcomeUnknown(
            f"The {service} service did not answer in time, and may have done it; ask again, with"
            " the same Idempotency-Key if it had one",
            extensions={"service": service},
        )
    raise Unavailable(
        f"The {service} service cannot be reached at the moment; nothing was done, send it again",
        extensions={"service": service},
    )


def _is_problem(error: errors.ShopError) -> bool:
    """Whether a service has answered; whatever else has its port now does not know problems."""
    media = CIMultiDict(error.headers).get("Content-Type", "")
    return media.partition(";")[0].strip() == "application/problem+json"


def _returned(request: web.Request, answer: Answer) -> web.Response:
    headers = returned_headers(answer.headers)
    if request.method == "HEAD" and "Content-Length" in answer.headers:
        headers["Content-Length"] = answer.headers["Content-Length"]  # of the body that a GET has
    if answer.rest is None:
        return web.Response(status=answer.status, body=answer.body, headers=headers)
    held(request).callback(answer.rest.close)
    return web.Response(status=answer.status, body=_pieces(request, answer), headers=headers)


async def _pieces(request: web.Request, answer: Answer) -> AsyncIterator[bytes]:
    """An answer that is too large to be read whole, piece by piece."""
    yield answer.body
    if answer.rest is None:
        return
    try:
        while True:
            async with asyncio.timeout(REST_SECONDS):
                piece = await answer.rest.content.readany()
            if not piece:
                return
            yield piece
    except (aiohttp.ClientError, TimeoutError) as error:
        logger.warning("an answer broke off", extra={"reason": repr(error)})
        if request.transport is not None:
            request.transport.abort()
