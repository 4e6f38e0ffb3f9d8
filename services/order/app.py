"""The order service's routes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
from aiohttp import web

from services.common.core import wire
from services.common.core.clock import utc_now
from services.common.core.errors import Invalid, Problem
from services.common.core.settings import Settings
from services.common.core.tracing import current_request_id
from services.common.durable.recovery import RECOVERY, Due, advance, recovery
from services.common.process.app import service_app
from services.common.web.idempotency import KeyedRequest
from services.common.web.keys import DATABASE, PRINCIPAL, SETTINGS
from services.common.web.paging import page_response
from services.common.web.routing import Access, Route

from . import store, transitions
from .checkout import ADDRESS_BOUND, CUSTOMER_BOUND, SECONDS_TO_PAY, create_order
from .lookup import order_id_in_path, own_order
from .messages import (
    CANCELLED,
    REFUNDED,
    HoldQuery,
    HoldView,
    NewOrder,
    OrderQuery,
    OrderView,
    PaymentConfirmation,
    PaymentNotification,
    ReceiptLink,
    ReceiptView,
    RefundNotification,
    confirmation_response,
    order_response,
)
from .model import Bound, OrderEvent, OrderPayment, order_not_found, user_not_found
from .peers import Peers
from .receipts import get_receipt, make_receipt, revoke_receipt
from .steps import GATE, NO_EXPIRY_SECONDS, expiry_gate, make_step


@dataclass(frozen=True, kw_only=True)
class OrderSettings(Settings):
    """In seconds: `seconds_to_pay` is how long an order waits for its payment, `no_expiry` how long
    after a start no order expires.

    At once, a customer may have `unpaid_orders` that are not paid, with `unpaid_units` in them; the
    customers whose sessions came from one address `address_unpaid_orders` and
    `address_unpaid_units`. 0 is no bound.
    """

    seconds_to_pay: float = 15 * 60.0
    no_expiry: float = NO_EXPIRY_SECONDS
    unpaid_orders: int = 20
    unpaid_units: int = 1000
    address_unpaid_orders: int = 100
    address_unpaid_units: int = 2000


def create_app(settings: OrderSettings) -> web.Application:
    """The order service."""

    def make_due(app: web.Application) -> Due:
        return lambda conn: store.due_orders(conn, utc_now(), app[GATE].is_open)

    app = service_app(
        settings,
        ROUTES,
        database="orders.db",
        migrations=Path(__file__).parent / "migrations",
        peers=["cart", "catalog", "payment"],
        resources=[expiry_gate(settings.no_expiry), recovery(make_due, make_step)],
        forgets=[transitions.forget_rejected_orders],
    )
    app[SECONDS_TO_PAY] = settings.seconds_to_pay
    app[CUSTOMER_BOUND] = Bound(orders=settings.unpaid_orders, units=settings.unpaid_units)
    app[ADDRESS_BOUND] = Bound(
        orders=settings.address_unpaid_orders, units=settings.address_unpaid_units
    )
    return app


async def list_orders(request: web.Request, query: OrderQuery) -> web.Response:
    """Orders, newest first; a customer gets only their own."""
    principal = request[PRINCIPAL]
    if query.user_id is None:
        query = msgspec.structs.replace(query, user_id=principal.user_id)
    else:
        principal.require_access(query.user_id, user_not_found(query.user_id))
    orders, after = await request.app[DATABASE].read(store.list_orders, query)
    return page_response(request, orders, after)


async def list_holds(request: web.Request, query: HoldQuery) -> web.Response:
    """What unpaid orders hold, for each user or each network; those with most units first."""
    holds, after = await request.app[DATABASE].read(store.list_holds, query)
    return page_response(request, holds, after)


async def get_order(request: web.Request) -> web.Response:
    """One order."""
    return order_response(await own_order(request)).to_web()


async def list_events(request: web.Request) -> web.Response:
    """Every state that an order has been in, with times and causes, oldest first."""
    order = await own_order(request)
    events = await request.app[DATABASE].lookup(store.list_events, order.order_id)
    return web.json_response(body=wire.encode(events))


async def cancel_order(request: web.Request, keyed: KeyedRequest) -> web.Response:
    """Cancel an order that is not paid; its stock becomes available again. A repeat is the same."""
    order_id = (await own_order(request)).order_id
    reason = "operator_request" if request[PRINCIPAL].is_operator else "customer_request"
    response = await keyed.run_once(
        order_response, transitions.cancel_order, order_id, reason, utc_now(), current_request_id()
    )
    # So that the stock is usually released before the response.
    await advance(request, order_id, within=request.app[SETTINGS].nested_deadline)
    return response


async def pay_order(
    request: web.Request, notification: PaymentNotification, keyed: KeyedRequest
) -> web.Response:
    """Note that an order is paid; the payment service calls this. A repeat is the same.

    A person's notification may lack the payment, its amount or the customer: then the payment is
    looked up at the payment service.
    """
    order_id = order_id_in_path(request)
    try:
        payment = notification.payment(order_id) or await _look_up(request, order_id, notification)
    except Problem as problem:
        await keyed.reject(problem)
    response = await keyed.run_once(
        confirmation_response, transitions.mark_paid, payment, utc_now()
    )
    request.app[RECOVERY].wake()
    return response


async def _look_up(
    request: web.Request, order_id: str, notification: PaymentNotification
) -> OrderPayment:
    """Ask the payment service for the payment that an incomplete notification means.

    Raises NotFound (`order_not_found`), Conflict (`no_payment`), Invalid (`amount_mismatch`) and
    Unavailable.
    """
    await request.app[DATABASE].lookup(store.get_order, order_id)
    payment = await Peers(request.app).find_payment(order_id, notification.payment_id)
    if notification.user_id not in (msgspec.UNSET, payment.user_id):
        raise order_not_found(order_id, payment_id=payment.payment_id)
    if notification.amount not in (None, payment.amount):
        raise Invalid(
            f"Payment {payment.payment_id} is of {payment.amount.text}",
            code="amount_mismatch",
        )
    return payment


async def refund_order(
    request: web.Request, notification: RefundNotification, keyed: KeyedRequest
) -> web.Response:
    """Note that an order's payment is being refunded; its stock becomes available again. A repeat
    is the same.
    """
    order_id = order_id_in_path(request)
    response = await keyed.run_once(
        order_response, transitions.mark_refunded, order_id, notification.payment_id, utc_now()
    )
    await advance(request, order_id, within=request.app[SETTINGS].nested_deadline)
    return response


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
        also=(200, 202),
        rejections=(
            "user_not_found",
            "cart_empty",
            "insufficient_stock",
            "price_changed",
            "product_not_found",
            "order_total_zero",
            "order_pending",
            "order_closed",
            "cart_unavailable",
            "too_many_unpaid_orders",
            "too_many_unpaid_units",
            "too_many_unpaid_orders_at_address",
            "too_many_unpaid_units_at_address",
        ),
        idempotent=True,
    ),
    Route(
        "GET",
        "/orders",
        list_orders,
        CUSTOMER,
        takes=OrderQuery,
        gives=list[OrderView],
        rejections=("user_not_found",),
    ),
    Route(
        "GET",
        "/orders/{order_id}",
        get_order,
        CUSTOMER,
        gives=OrderView,
        rejections=("order_not_found",),
    ),
    Route(
        "GET",
        "/orders/{order_id}/events",
        list_events,
        CUSTOMER,
        gives=list[OrderEvent],
        rejections=("order_not_found",),
    ),
    Route(
        "POST",
        "/orders/{order_id}/cancel",
        cancel_order,
        CUSTOMER,
        gives=OrderView,
        shows=CANCELLED,
        rejections=("order_not_found", "order_not_cancellable"),
        idempotent=True,
    ),
    Route(
        "POST",
        "/orders/{order_id}/payment",
        pay_order,
        takes=PaymentNotification,
        gives=PaymentConfirmation,
        rejections=(
            "order_not_found",
            "amount_mismatch",
            "order_closed",
            "already_paid",
            "no_payment",
            "order_not_ready",
        ),
        idempotent=True,
    ),
    Route(
        "POST",
        "/orders/{order_id}/refund",
        refund_order,
        takes=RefundNotification,
        gives=OrderView,
        shows=REFUNDED,
        rejections=("order_not_found", "order_not_refundable"),
        idempotent=True,
    ),
    Route(
        "POST",
        "/orders/{order_id}/receipt",
        make_receipt,
        CUSTOMER,
        gives=ReceiptLink,
        status=201,
        rejections=("order_not_found", "receipt_revoked"),
    ),
    Route(
        "DELETE",
        "/orders/{order_id}/receipt",
        revoke_receipt,
        status=204,
        rejections=("order_not_found",),
    ),
    Route(
        "GET",
        "/receipts/{token}",
        get_receipt,
        Access.PUBLIC,
        gives=ReceiptView,
        rejections=("receipt_not_found",),
        counted=True,
        quiet=True,
    ),
    Route("GET", "/holds", list_holds, takes=HoldQuery, gives=list[HoldView]),
]
