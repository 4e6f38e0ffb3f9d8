"""The order service's routes."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from aiohttp import web

from services.common import wire
from services.common.app import service_app
from services.common.clock import utc_now
from services.common.errors import Invalid, NotFound, Problem
from services.common.idempotency import Answer, once
from services.common.keys import DATABASE, PRINCIPAL, SETTINGS
from services.common.money import decimal_text
from services.common.paging import page_response
from services.common.recovery import RECOVERY, Due, recovery
from services.common.routing import Access, Nothing, Route, path_uuid
from services.common.settings import Settings
from services.common.tracing import current_request_id

from . import moves, store
from .checkout import SECONDS_TO_PAY, create_order
from .messages import NewOrder, Notice, Noticed, OrderPayment, OrderQuery, RefundNotice
from .model import Order, OrderEvent, OrderView, no_such_order
from .peers import Peers
from .steps import GATE, NO_EXPIRY_SECONDS, ExpiryGate, make_step


@dataclass(frozen=True, kw_only=True)
class OrderSettings(Settings):
    """`seconds_to_pay` is how long an order waits for its payment; `no_expiry` how long after a
    start none expires (seconds).
    """

    seconds_to_pay: float = 15 * 60.0
    no_expiry: float = NO_EXPIRY_SECONDS


def create_app(settings: OrderSettings) -> web.Application:
    """The order service."""

    def make_due(app: web.Application) -> Due:
        return lambda conn: store.due_orders(conn, utc_now(), app[GATE].is_open)

    async def own_settings(app: web.Application) -> AsyncIterator[None]:
        app[GATE] = ExpiryGate(settings.no_expiry)
        app[SECONDS_TO_PAY] = settings.seconds_to_pay
        yield

    return service_app(
        settings,
        ROUTES,
        database="orders.db",
        schema=Path(__file__).parent / "schema.sql",
        peers=["cart", "catalog", "payment"],
        resources=[own_settings, recovery(make_due, make_step)],
    )


async def list_orders(request: web.Request, query: OrderQuery) -> web.Response:
    """Orders, newest first; a customer's own."""
    principal = request[PRINCIPAL]
    if query.user_id is None:
        query = msgspec.structs.replace(query, user_id=principal.user_id)
    elif not principal.may_act_for(query.user_id):
        raise NotFound(f"There is no user {query.user_id}", code="user_not_found")
    orders, after = await request.app[DATABASE].read(store.list_orders, query)
    return page_response(request, orders, after)


async def get_order(request: web.Request, _parameters: Nothing) -> web.Response:
    """One order."""
    order = await _own_order(request)
    return web.json_response(body=wire.encode(order.view()))


async def list_events(request: web.Request, _parameters: Nothing) -> web.Response:
    """Every state that an order was in, with times and causes, oldest first."""
    order = await _own_order(request)
    events = await request.app[DATABASE].read(store.list_events, order.order_id)
    return web.json_response(body=wire.encode(events))


async def cancel_order(request: web.Request, _parameters: Nothing) -> web.Response:
    """Cancel an order that is not paid; its stock goes back on sale. Repeated: the same."""
    order_id = (await _own_order(request)).order_id
    reason = "operator_request" if request[PRINCIPAL].is_operator else "customer_request"
    response = await once(
        request, _shown, moves.cancel, order_id, reason, utc_now(), current_request_id()
    )
    return await _then_advance(request, order_id, response)


async def pay_order(request: web.Request, notice: Notice) -> web.Response:
    """The order is paid, says the payment service. Repeated by the same payment: the same.

    A notice by hand, which does not name the customer, is looked up at the payment service first.
    """
    order_id = _order_id(request)
    try:
        payment = notice.payment(order_id) or await _look_up(request, order_id, notice)
    except Problem as refusal:
        if not refusal.final:
            raise
        answer = Answer.refusal(refusal, current_request_id())
        return await once(request, lambda _: answer, _nothing_to_do)
    response = await once(request, Answer.of, moves.pay, payment, utc_now())
    request.app[RECOVERY].wake()
    return response


async def _look_up(request: web.Request, order_id: str, notice: Notice) -> OrderPayment:
    """The payment that a notice by hand means, as the payment service has it.

    Raises NotFound (`order_not_found`), Conflict (`no_payment`), Invalid (`amount_mismatch`) and
    Unavailable.
    """
    await request.app[DATABASE].read(store.get_order, order_id)
    payment = await Peers(request.app).find_payment(order_id, notice.payment_id)
    if notice.amount not in (None, payment.amount):
        raise Invalid(
            f"Payment {payment.payment_id} is of {decimal_text(payment.amount)}",
            code="amount_mismatch",
        )
    return payment


async def refund_order(request: web.Request, notice: RefundNotice) -> web.Response:
    """The order's payment is being refunded: its stock goes back on sale. Repeated: the same."""
    order_id = _order_id(request)
    response = await once(request, _shown, moves.refund, order_id, notice.payment_id, utc_now())
    return await _then_advance(request, order_id, response)


async def _then_advance(
    request: web.Request, order_id: str, response: web.Response
) -> web.Response:
    """Give what the order now has due a moment before the answer goes out."""
    if response.status < 400:
        within = request.app[SETTINGS].peer_deadline / 2
        await request.app[RECOVERY].advance(order_id, within=within)
    return response


async def _own_order(request: web.Request) -> Order:
    """The order in the path. Raises NotFound for one that is not there, or somebody else's."""
    order = await request.app[DATABASE].read(store.get_order, _order_id(request))
    if not request[PRINCIPAL].may_act_for(order.user_id):
        raise no_such_order(order.order_id)
    return order


def _nothing_to_do(_conn: sqlite3.Connection) -> None:
    """The unit of work of a refusal that the order itself had no part in."""


def _order_id(request: web.Request) -> str:
    return path_uuid(request, "order_id", "order_not_found", "There is no order {}")


def _shown(order: Order) -> Answer:
    return Answer.of(order.view())


CUSTOMER = Access.CUSTOMER
ROUTES = [
    Route(
        "POST",
        "/orders",
        create_order,
        CUSTOMER,
        takes=NewOrder,
        gives=OrderView,
        status=201,
        refusals=(
            "cart_empty",
            "insufficient_stock",
            "price_changed",
            "product_not_found",
            "order_total_zero",
            "order_pending",
            "order_closed",
        ),
        idempotent=True,
    ),
    Route("GET", "/orders", list_orders, CUSTOMER, takes=OrderQuery, gives=list[OrderView]),
    Route(
        "GET",
        "/orders/{order_id}",
        get_order,
        CUSTOMER,
        gives=OrderView,
        refusals=("order_not_found",),
    ),
    Route(
        "GET",
        "/orders/{order_id}/events",
        list_events,
        CUSTOMER,
        gives=list[OrderEvent],
        refusals=("order_not_found",),
    ),
    Route(
        "POST",
        "/orders/{order_id}/cancel",
        cancel_order,
        CUSTOMER,
        gives=OrderView,
        refusals=("order_not_found", "order_not_cancellable"),
        idempotent=True,
    ),
    Route(
        "POST",
        "/orders/{order_id}/payment",
        pay_order,
        takes=Notice,
        gives=Noticed,
        refusals=(
            "order_not_found",
            "amount_mismatch",
            "order_closed",
            "already_paid",
            "no_payment",
        ),
        idempotent=True,
    ),
    Route(
        "POST",
        "/orders/{order_id}/refund",
        refund_order,
        takes=RefundNotice,
        gives=OrderView,
        refusals=("order_not_found", "order_not_refundable"),
        idempotent=True,
    ),
]
