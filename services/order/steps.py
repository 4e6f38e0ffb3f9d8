"""The one function that takes an order's next step: the request handlers and the recovery worker
call the same.
"""

from __future__ import annotations

import time

from aiohttp import web

from services.common.clock import utc_now
from services.common.keys import DATABASE
from services.common.recovery import NotKnown, Step
from services.common.refusal import Refusal
from services.common.tracing import current_request_id

from . import moves, store
from .model import Order, StockState
from .peers import Peers, ReservationMove

NO_EXPIRY_SECONDS = 10.0
"""After a start, payments that were made before it come first; only then do orders expire."""

_RESERVATION_MOVES: dict[StockState, tuple[ReservationMove, StockState, str]] = {
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


def make_step(app: web.Application) -> Step:
    """The step function of an application's orders."""
    database = app[DATABASE]
    peers = Peers(app)

    async def step(order_id: str) -> bool:
        order = await database.read(store.get_order, order_id)
        if order.status == "CREATED" and app[GATE].is_open and order.expires_at <= utc_now():
            await database.write(moves.expire, order_id, utc_now(), current_request_id())
            return True
        stock_moved, not_known = False, None
        try:
            stock_moved = await step_stock(order)
        except NotKnown as reason:
            not_known = reason  # the cart's close does not wait for the catalog
        if order.cart_state == "DUE":
            left_version = await peers.close_cart(order)
            await database.write(store.mark_cart_closed, order_id, left_version, utc_now())
        if not_known is not None:
            raise not_known
        return stock_moved or order.cart_state == "DUE"

    async def step_stock(order: Order) -> bool:
        if order.stock_state == "REQUESTED":
            answer = await peers.reserve(order)
            if isinstance(answer, Refusal):
                await database.write(moves.reject, order, answer, utc_now(), current_request_id())
            else:
                await database.write(moves.hold, order, *answer, utc_now(), current_request_id())
            return True
        if order.stock_state in _RESERVATION_MOVES:
            move, target, cause = _RESERVATION_MOVES[order.stock_state]
            await peers.move_reservation(order.order_id, move)
            await database.write(store.change, order, (order.status, target), cause, utc_now())
            return True
        return False

    return step
