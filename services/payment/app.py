"""The payment service's routes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from aiohttp import web

from services.common import wire
from services.common.app import service_app
from services.common.clock import utc_now
from services.common.errors import Conflict
from services.common.idempotency import BEGUN, KEY, Answer, attempt
from services.common.keys import DATABASE, PRINCIPAL, SETTINGS
from services.common.paging import page_response
from services.common.recovery import RECOVERY, advance_and_answer, recovery
from services.common.routing import Access, Nothing, Route, path_uuid
from services.common.settings import Settings
from services.common.tracing import current_request_id

from . import moves, store
from .model import Pay, Payment, PaymentQuery, PaymentRow, Receipt, no_such_payment
from .steps import make_step


def create_app(settings: Settings) -> web.Application:
    """The payment service."""
    return service_app(
        settings,
        ROUTES,
        database="payments.db",
        schema=Path(__file__).parent / "schema.sql",
        peers=["order"],
        resources=[recovery(lambda _app: store.due_payments, make_step)],
    )


async def pay(request: web.Request, pay: Pay) -> web.Response:
    """Pay an order, for exactly its total. 202 while the order service cannot be reached: the
    payment is finished in the background, and a repeat with the same key tells how it stands.
    """
    payment_id = request.get(BEGUN)
    if payment_id is None:
        begun = await _begin_payment(request, pay)
        if isinstance(begun, Answer):
            return begun.response()
        payment_id = begun.payment_id
    request_id = current_request_id()

    def as_it_stands(conn: sqlite3.Connection) -> Answer:
        return store.get_payment(conn, payment_id).pay_answer(request_id)

    return await advance_and_answer(request, payment_id, as_it_stands)


async def _begin_payment(request: web.Request, pay: Pay) -> PaymentRow | Answer:
    for last_look in (False, True):
        try:
            return await attempt(
                request,
                moves.begin_payment,
                pay,
                request[PRINCIPAL].user_id,
                request.get(KEY),
                request.app[SETTINGS].currency,
                utc_now(),
            )
        except moves.StillPending as pending:
            if last_look:
                raise Conflict(
                    f"Another payment of order {pay.order_id} is under way",
                    code="payment_in_progress",
                    headers={"Retry-After": "1"},
                    passing=True,
                    about={"order_id": pay.order_id},
                ) from None
            await _advance(request, pending.payment_id)
    raise AssertionError("the second look either answers or raises")


async def get_payment(request: web.Request, _parameters: Nothing) -> web.Response:
    """One payment."""
    payment_id = _payment_id(request)
    payment = await request.app[DATABASE].read(store.get_payment, payment_id)
    if not request[PRINCIPAL].may_act_for(payment.user_id):
        raise no_such_payment(payment_id)
    return web.json_response(body=wire.encode(payment.view()))


async def list_payments(request: web.Request, query: PaymentQuery) -> web.Response:
    """Payments, newest first; a customer's own."""
    payments, after = await request.app[DATABASE].read(
        store.list_payments, query, request[PRINCIPAL].user_id
    )
    return page_response(request, payments, after)


async def refund(request: web.Request, _parameters: Nothing) -> web.Response:
    """Give the money back, and the stock with it. 202 while the order service cannot be reached:
    the refund is finished in the background. Repeated: as it stands.
    """
    payment_id = _payment_id(request)
    if request.get(BEGUN) is None:
        payment = await request.app[DATABASE].read(store.get_payment, payment_id)
        if payment.status == "PENDING":
            await _advance(request, payment_id)
        begun = await attempt(request, moves.begin_refund, payment_id, request.get(KEY), utc_now())
        if isinstance(begun, Answer):
            return begun.response()
    return await advance_and_answer(
        request, payment_id, lambda conn: store.get_payment(conn, payment_id).refund_answer()
    )


async def _advance(request: web.Request, payment_id: str) -> None:
    within = request.app[SETTINGS].peer_deadline + 1.0
    await request.app[RECOVERY].advance(payment_id, within=within)


def _payment_id(request: web.Request) -> str:
    return path_uuid(request, "payment_id", "payment_not_found", "There is no payment {}")


CUSTOMER = Access.CUSTOMER
ROUTES = [
    Route(
        "POST",
        "/pay",
        pay,
        CUSTOMER,
        takes=Pay,
        query_or_body=True,
        gives=Receipt,
        refusals=(
            "order_not_found",
            "amount_mismatch",
            "order_closed",
            "already_paid",
            "payment_in_progress",
        ),
        idempotent=True,
    ),
    Route("GET", "/payments", list_payments, CUSTOMER, takes=PaymentQuery, gives=list[Payment]),
    Route(
        "GET",
        "/payments/{payment_id}",
        get_payment,
        CUSTOMER,
        gives=Payment,
        refusals=("payment_not_found",),
    ),
    Route(
        "POST",
        "/payments/{payment_id}/refund",
        refund,
        gives=Payment,
        refusals=("payment_not_found", "payment_not_refundable"),
        idempotent=True,
    ),
]
