"""The payment service's routes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from aiohttp import web

from services.common.core import wire
from services.common.core.clock import utc_now
from services.common.core.errors import Conflict
from services.common.core.settings import Settings
from services.common.core.tracing import current_request_id
from services.common.durable.recovery import advance, advance_and_respond, recovery
from services.common.process.app import service_app
from services.common.web.idempotency import KeyedRequest
from services.common.web.keys import DATABASE, PRINCIPAL, SETTINGS
from services.common.web.paging import page_response
from services.common.web.parameters import path_uuid
from services.common.web.responses import StoredResponse
from services.common.web.routing import Access, Route

from . import store, transitions
from .messages import (
    NewPayment,
    PaymentQuery,
    PaymentView,
    Receipt,
    pay_response,
    refund_response,
)
from .model import Payment, StillPending, payment_not_found
from .steps import make_step


def create_app(settings: Settings) -> web.Application:
    """The payment service."""
    return service_app(
        settings,
        ROUTES,
        database="payments.db",
        migrations=Path(__file__).parent / "migrations",
        peers=["order"],
        resources=[recovery(lambda _app: store.due_payments, make_step)],
    )


async def pay(request: web.Request, new: NewPayment, keyed: KeyedRequest) -> web.Response:
    """Pay an order, exactly its total.

    202 if the order service cannot be reached: the payment is completed in the background, and a
    repeat with the same key gets its current state.
    """
    begun = None if keyed.resumes else await _begin_payment(request, new, keyed)
    payment_id = begun.payment_id if begun else str(keyed.resumes)
    request_id = current_request_id()

    def current(conn: sqlite3.Connection) -> StoredResponse:
        return pay_response(store.get_payment(conn, payment_id), request_id)

    return await advance_and_respond(request, keyed, payment_id, current, begun=begun)


async def _begin_payment(request: web.Request, new: NewPayment, keyed: KeyedRequest) -> Payment:
    """The payment that the request begins, or (without a key) of the order's live one.

    If another payment of the order is PENDING, its steps are taken first. Raises Conflict
    (`payment_in_progress`) if it is PENDING after that.
    """

    async def begin() -> Payment:
        return await keyed.run(
            transitions.begin_payment,
            new,
            request[PRINCIPAL].user_id,
            keyed.key,
            request.app[SETTINGS].currency,
            utc_now(),
        )

    try:
        return await begin()
    except StillPending as pending:
        await advance(request, pending.payment_id)
    try:
        return await begin()
    except StillPending:
        raise Conflict(
            f"Another payment of order {new.order_id} is under way",
            code="payment_in_progress",
            headers={"Retry-After": "1"},
            transient=True,
            extensions={"order_id": new.order_id},
        ) from None


async def get_payment(request: web.Request) -> web.Response:
    """One payment."""
    payment_id = _payment_id(request)
    payment = await request.app[DATABASE].lookup(store.get_payment, payment_id)
    request[PRINCIPAL].require_access(payment.user_id, payment_not_found(payment_id))
    return web.json_response(body=wire.encode(PaymentView.of(payment)))


async def list_payments(request: web.Request, query: PaymentQuery) -> web.Response:
    """Payments, newest first; a customer gets only their own."""
    payments, after = await request.app[DATABASE].read(
        store.list_payments, query, request[PRINCIPAL].user_id
    )
    return page_response(request, payments, after)


async def refund(request: web.Request, keyed: KeyedRequest) -> web.Response:
    """Refund a payment; the order's stock becomes available again.

    202 if the order service cannot be reached: the refund is completed in the background. A repeat
    gets the payment's current state.
    """
    payment_id, begun = _payment_id(request), None
    if keyed.resumes is None:
        payment = await request.app[DATABASE].lookup(store.get_payment, payment_id)
        if payment.status == "PENDING":
            await advance(request, payment_id)
        begun = await keyed.run(transitions.begin_refund, payment_id, keyed.key, utc_now())

    def current(conn: sqlite3.Connection) -> StoredResponse:
        return refund_response(store.get_payment(conn, payment_id))

    return await advance_and_respond(request, keyed, payment_id, current, begun=begun)


def _payment_id(request: web.Request) -> str:
    return path_uuid(request, "payment_id", "payment_not_found", "There is no payment {}")


CUSTOMER = Access.CUSTOMER
ROUTES = [
    Route(
        "POST",
        "/pay",
        pay,
        CUSTOMER,
        takes=NewPayment,
        query_or_body=True,
        gives=Receipt,
        also=(202,),
        rejections=(
            "order_not_found",
            "amount_mismatch",
            "order_closed",
            "already_paid",
            "payment_in_progress",
        ),
        idempotent=True,
    ),
    Route("GET", "/payments", list_payments, CUSTOMER, takes=PaymentQuery, gives=list[PaymentView]),
    Route(
        "GET",
        "/payments/{payment_id}",
        get_payment,
        CUSTOMER,
        gives=PaymentView,
        rejections=("payment_not_found",),
    ),
    Route(
        "POST",
        "/payments/{payment_id}/refund",
        refund,
        gives=PaymentView,
        shows={"PaymentView.status": "REFUNDED", "refunded_amount": 240},
        also=(202,),
        rejections=("payment_not_found", "payment_not_refundable"),
        idempotent=True,
    ),
]
