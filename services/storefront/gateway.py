"""The way from the shop's own address to its services: each call goes to the one that owns it.

A call travels with the credential that it came with and never with the shop's own: what a customer
may not do is refused by the service, and here there is no key to do it with.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from client import errors
from client.transport import Answer, Transport
from services.common.errors import OutcomeUnknown, Unavailable
from services.common.keys import DISCOVERY, KEYRING, PRINCIPAL, SESSION, SETTINGS
from services.common.logs import logger
from services.common.routing import Access, Handler, Route
from services.common.settings import Settings
from services.common.tracing import onward_headers

from .headers import PREFIX, headers_back, headers_onward, target_onward
from .limits import CUSTOMERS

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
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

CALLS_AT_ONCE = 60
"""To each service: one that hangs must leave connections for the others."""
ATTEMPT_SECONDS = 5.0
"""For an attempt at what may be repeated; what may not has all the time that there is."""
REST_SECONDS = 30.0
BYTES_AT_ONCE = 2**20
"""An answer up to this size is read whole before it is passed on, so that one that breaks off can
be asked for again; a larger one is streamed.
"""


class Gateway:
    """Passes calls on, and answers for a service that does not."""

    def __init__(self, transport: Transport, settings: Settings) -> None:
        self._transport = transport
        # A call waits for its turn as long as for a service to be there, and both fit in here.
        self._patience = settings.peer_deadline
        self._deadline = settings.request_deadline - self._patience
        self._turns: dict[str, asyncio.Semaphore] = defaultdict(
            partial(asyncio.Semaphore, CALLS_AT_ONCE)
        )

    async def pass_on(self, service: str, request: web.Request, body: bytes) -> web.StreamResponse:
        """The service's answer to a request. Raises Unavailable, OutcomeUnknown, Malformed."""
        async with self._turn(service):
            try:
                answer = await self._ask(service, request, body)
            except errors.ShopError as error:
                answer = _refusal(service, request, error)
            return await _passed_back(request, answer)

    @asynccontextmanager
    async def _turn(self, service: str) -> AsyncIterator[None]:
        turns = self._turns[service]
        try:
            async with asyncio.timeout(self._patience):
                await turns.acquire()
        except TimeoutError:
            raise Unavailable(
                f"Too many are waiting for the {service} service: nothing was done, send it again",
                code="overloaded",
                about={"service": service},
            ) from None
        try:
            yield
        finally:
            turns.release()

    async def _ask(self, service: str, request: web.Request, body: bytes) -> Answer:
        key = request.headers.get("Idempotency-Key")
        repeatable = request.method in ("GET", "PUT", "DELETE") or (
            request.method == "POST" and key is not None
        )
        return await self._transport.request(
            service,
            request.method,
            target_onward(request),
            content=body or None,
            headers=headers_onward(request),
            repeatable=repeatable,
            deadline=self._deadline,
            attempt_timeout=ATTEMPT_SECONDS if repeatable else self._deadline,
            patience=self._patience,
            at_once=BYTES_AT_ONCE,
        )


GATEWAY: web.AppKey[Gateway] = web.AppKey("gateway", Gateway)


async def gateway(app: web.Application) -> AsyncIterator[None]:
    """Cleanup context: the gateway, on the application's own connections but without its key."""
    transport = Transport(app[SESSION], app[DISCOVERY], None, context_headers=onward_headers)
    app[GATEWAY] = Gateway(transport, app[SETTINGS])
    yield


def gateway_routes() -> list[Route]:
    """A route for each path and method that goes on to a service."""
    return [
        Route(method, PREFIX + path, _to(service), Access.CUSTOMER, raw=True)
        for path, service in OWNERS.items()
        for method in METHODS
    ]


def _to(service: str) -> Handler:
    async def pass_on(request: web.Request, body: bytes) -> web.StreamResponse:
        if (user_id := request[PRINCIPAL].user_id) is not None:
            request.app[CUSTOMERS].take(user_id)
        return await request.app[GATEWAY].pass_on(service, request, body)

    return pass_on


def _refusal(service: str, request: web.Request, error: errors.ShopError) -> Answer:
    """The service's own refusal. Raises Unavailable or OutcomeUnknown where there is none."""
    if isinstance(error, errors.AuthenticationError):
        # The key was right a moment ago. Has it ended since, or do the shop's own differ?
        request.app[KEYRING].authenticate(request)
    elif error.status is not None and error.status >= 400 and error.status != 421:
        headers = CIMultiDictProxy(CIMultiDict(error.headers))
        return Answer(error.status, headers, error.body)
    logger.warning("no answer to pass back", extra={"from": service, "reason": str(error)})
    if isinstance(error, errors.OutcomeUnknown):
        raise OutcomeUnknown(
            f"The {service} service did not answer in time, and may have done it; ask again, with"
            " the same Idempotency-Key if it had one",
            about={"service": service},
        )
    raise Unavailable(
        f"The {service} service cannot be reached at the moment; nothing was done, send it again",
        about={"service": service},
    )


async def _passed_back(request: web.Request, answer: Answer) -> web.StreamResponse:
    headers = headers_back(answer.headers)
    if answer.rest is None:
        return web.Response(status=answer.status, body=answer.body, headers=headers)
    response = web.StreamResponse(status=answer.status, headers=headers)
    async with answer.rest as rest:
        try:
            async with asyncio.timeout(REST_SECONDS):
                await response.prepare(request)
                await response.write(answer.body)
                async for piece in rest.content.iter_any():
                    await response.write(piece)
        except (aiohttp.ClientError, TimeoutError) as error:
            logger.warning("an answer broke off", extra={"reason": repr(error)})
            if request.transport is not None:
                request.transport.abort()
    return response
