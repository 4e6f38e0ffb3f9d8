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
from services.common.durable.recovery import Inconclusive, Step
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

    async def step(order_id: str) -> bool:
        order = await database.read(store.get_order, order_id)
        if order.status == "CREATED" and app[GATE].is_open and order.expires_at <= utc_now():
            expired = await database.write(
                transitions.expire_order, order_id, utc_now(), current_request_id()
            )
            if expired:
                return True
        stock_moved, inconclusive = False, None
        try:
            stock_moved = await step_stock(order)
        except Inconclusive as reason:
            inconclusive = reason  # closing the cart does not wait for the catalog
        if order.cart_state == "DUE":
            left_version = await peers.close_cart(order)
            await database.write(transitions.mark_cart_closed, order_id, left_version, utc_now())
        if inconclusive is not None:
            raise inconclusive
        return stock_moved or order.cart_state == "DUE"

    async def step_stock(order: Order) -> bool:
        if order.stock_state == "REQUESTED":
            await reserve(order)
        elif order.stock_state in _STOCK_STEPS:
            action, target, cause = _STOCK_STEPS[order.stock_state]
            await peers.change_reservation(order.order_id, action)
            await database.write(transitions.finish_stock, order, target, cause, utc_now())
        else:
            return False
        return True

    async def reserve(order: Order) -> None:
        answer = await peers.reserve(order)
        request_id = current_request_id()
        if isinstance(answer, Rejection):
            await database.write(transitions.reject_order, order, answer, utc_now(), request_id)
        else:
            await database.write(transitions.hold_stock, order, *answer, utc_now(), request_id)

    return step
