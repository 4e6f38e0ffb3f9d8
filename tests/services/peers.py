"""Peers that answer as a test has them answer, and a look at the rows of a running service."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from services.common.durable.recovery import RECOVERY
from services.common.web.keys import DATABASE
from tests.shop import Shop, until

Answers = Callable[[web.Request], web.StreamResponse]


async def rows(shop: Shop, service: str, sql: str, *values: object) -> list[dict[str, Any]]:
    """The rows that a query finds in a running service's database."""
    return await shop.app(service)[DATABASE].read(
        lambda conn: [dict(row) for row in conn.execute(sql, values)]
    )


async def write(shop: Shop, service: str, sql: str, *values: object) -> None:
    """Write to a running service's database, behind its back."""

    def unit(conn: Any) -> None:
        conn.execute(sql, values)

    await shop.app(service)[DATABASE].write(unit)


async def order_is(shop: Shop, order_id: str, *state: str) -> Any:
    """Wait until an order has this status, or status and stock state; returns it."""
    shop.app("order")[RECOVERY].nudge()

    async def reached() -> Any:
        order = (await shop.call("order", "GET", f"/orders/{order_id}")).json
        return state == (order["status"], order.get("stock_state"))[: len(state)] and order

    return await until(reached)


async def payment_is(shop: Shop, payment_id: str, status: str) -> Any:
    """Wait until a payment has this status; returns it."""
    shop.app("payment")[RECOVERY].nudge()

    async def reached() -> Any:
        payment = (await shop.call("payment", "GET", f"/payments/{payment_id}")).json
        return status == payment["status"] and payment

    return await until(reached)


def problem(status: int, code: str | None, **about: Any) -> web.Response:
    """A problem document as a service renders it; without a code, as something else would."""
    body = {"status": status, "detail": "As the test has it", **about}
    if code is not None:
        body["code"] = code
    return web.json_response(body, status=status, content_type="application/problem+json")


class Peer:
    """A stand-in that answers what `answers` says, and remembers what it was asked."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.calls: list[tuple[str, Any]] = []
        self.busy = 0
        self.busiest = 0
        self.open = asyncio.Event()
        self.open.set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else None
        self.calls.append((f"{request.method} {request.path}", body))
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            await self.open.wait()
            return self.answers(request)
        finally:
            self.busy -= 1

    async def asked(self, times: int = 1) -> None:
        """Wait until it has been asked so often."""
        await until(lambda: len(self.calls) >= times)


class Proxy:
    """Stands before a running service and passes calls on: those to a path that `meddles_with`, a
    pattern, finds only once it is `open`, and without their answers if it `loses_answers`.
    """

    def __init__(self, shop: Shop, service: str) -> None:
        self._session = shop.session
        self._url = shop.urls[service]
        self.calls: list[str] = []
        self.answered: list[tuple[str, int]] = []
        self.delays = ""
        self.loses_answers = False
        self.open = asyncio.Event()
        self.open.set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        call = f"{request.method} {request.path}"
        self.calls.append(call)
        meddles = re.search(self.delays, request.path) is not None
        if meddles:
            await self.open.wait()
        headers = {k: v for k, v in request.headers.items() if k not in ("Host", "Content-Length")}
        async with self._session.request(
            request.method, self._url + request.path_qs, data=body, headers=headers
        ) as answer:
            passed_on = web.Response(
                status=answer.status,
                body=await answer.read(),
                content_type=answer.content_type,
                headers={k: v for k, v in answer.headers.items() if k == "Retry-After"},
            )
        self.answered.append((call, passed_on.status))
        if meddles and self.loses_answers and request.transport is not None:
            request.transport.abort()
        return passed_on

    async def asked(self, call: str) -> None:
        """Wait until this call has come, such as `POST /orders`."""
        await until(lambda: call in self.calls)


async def put_proxy_before(shop: Shop, service: str) -> Proxy:
    """Have a stand-in before a service that runs; who starts after this finds only that."""
    proxy = Proxy(shop, service)
    shop.runners[f"{service} itself"] = shop.runners.pop(service)
    shop.urls[f"{service} itself"] = shop.urls.pop(service)
    await shop.stand_in(service, proxy.serve)
    return proxy
