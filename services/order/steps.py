"""The one function that takes an order's next step. The request handlers and the recovery worker
both use it.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from aiohttp import web

from services.common.core.clock import utc_now
from services.common.core.rejection import Rejection
from services.common.core.tracing import current_request_id
from services.common.durable.recovery import Inconclusive, Step, Taken
from services.common.web.keys import DATABASE, Resource

from . import store, transitions
from .model import Order, StockState
from .peers import Peers, ReservationAction

NO_EXPIRY_SECONDS = 10.0
"""How long after a start no order expires, so that payments made before the start arrive first."""

_STOCK_STEPS: dict[StockState, tuple[ReservationAction, StockState, str]] = {
    "COMMIT_DUE": ("commit", "COMMITTED", "stock committed"),
    "RELEASE_DUE": ("release", "RELEASED", "stock released"),
    "RETURN_DUE": ("return", "RETURNED", "stock returned"),
}


class ExpiryGate:
    """Whether orders may expire yet."""

    def __init__(self, wait_seconds: float) -> None:
        self._open_at = time.monotonic() + wait_seconds

    @property
    def is_open(self) -> bool:
        return time.monotonic() >= self._open_at


GATE: web.AppKey[ExpiryGate] = web.AppKey("expiry_gate", ExpiryGate)


def expiry_gate(wait_seconds: float) -> Resource:
    """A resource: the gate, which stays closed for `wait_seconds` after the application starts."""

    async def context(app: web.Application) -> AsyncIterator[None]:
        app[GATE] = ExpiryGate(wait_seconds)
        yield

    return context


def make_step(app: web.Application) -> Step:
    """The step function of an application's orders."""
    database = app[DATABASE]
    peers = Peers(app)

    async def step(order_id: str, seen: Order | None) -> Taken | None:
        order = seen if seen else await database.lookup(store.get_order, order_id)
        if order.status == "CREATED" and app[GATE].is_open and order.expires_at <= utc_now():
            expired = await database.write(
                transitions.expire_order, order_id, utc_now(), current_request_id()
            )
            if expired is not None:
                return Taken(expired)
        taken, inconclusive = None, None
        try:
            taken = await step_stock(order)
        except Inconclusive as reason:
            inconclusive = reason  # closing the cart does not wait for the catalog
        if order.cart_state == "DUE":
            left_version = await peers.close_cart(order)
            closed = await database.write(
                transitions.mark_cart_closed, order_id, left_version, utc_now()
            )
            taken = Taken(closed)
        if inconclusive is not None:
            raise inconclusive
        return taken

    async def step_stock(order: Order) -> Taken | None:
        if order.stock_state == "REQUESTED":
            return await reserve(order)
        if order.stock_state not in _STOCK_STEPS:
            return None
        action, target, cause = _STOCK_STEPS[order.stock_state]
        await peers.change_reservation(order.order_id, action)
        moved = await database.write(transitions.finish_stock, order, target, cause, utc_now())
        return Taken(moved)

    async def reserve(order: Order) -> Taken:
        answer = await peers.reserve(order)
        now, request_id = utc_now(), current_request_id()
        if isinstance(answer, Rejection):
            settled = database.write(transitions.reject_order, order, answer, now, request_id)
        else:
            settled = database.write(transitions.hold_stock, order, *answer, now, request_id)
        return Taken(*await settled)

    return step
