"""Bugs of the payment service."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Collection
from typing import Any, TypeVar

from aiohttp import web

from client.errors import ShopError
from services.common.core.clock import utc_now
from services.common.core.currency import Currency
from services.common.core.rejection import Rejection
from services.common.core.tracing import current_request_id
from services.common.durable import peers as common_peers
from services.common.durable import recovery
from services.common.durable.recovery import Step, Taken
from services.common.web import idempotency_keys
from services.common.web.idempotency import KeyedRequest
from services.common.web.idempotency_keys import IdempotencyKey
from services.common.web.keys import DATABASE
from services.common.web.responses import StoredResponse
from services.payment import app as payment_app
from services.payment import peers, steps, store, transitions
from services.payment.messages import NewPayment
from services.payment.model import Payment, Status

from .bug import Bug, Focus
from .seams import Seams

T = TypeVar("T")

PAYING = {"checkout_and_add": 15, "buy_at_once": 5, "pay": 40}


def key_stored_with_the_answer(seams: Seams) -> None:
    respond = recovery.advance_and_respond

    @seams.replace(transitions)
    def begin(
        conn: sqlite3.Connection, key: IdempotencyKey | None, entity: str, *, created: bool = False
    ) -> None:
        if store.get_payment(conn, entity).status != "PENDING":  # of a refund, it is stored
            idempotency_keys.begin(conn, key, entity, created=created)

    @seams.replace(payment_app)
    async def advance_and_respond(
        request: web.Request,
        keyed: KeyedRequest,
        entity: str,
        current: Callable[[sqlite3.Connection], StoredResponse],
        *,
        begun: Any,
    ) -> web.Response:
        response = await respond(request, keyed, entity, current, begun=begun)
        if keyed.key is not None and response.status != 202:
            assert isinstance(response.body, bytes)
            final = StoredResponse(response.status, response.body)
            await keyed.database.write(keep_first, keyed.key, final)
        return response

    def keep_first(conn: sqlite3.Connection, key: IdempotencyKey, response: StoredResponse) -> None:
        if idempotency_keys.find(conn, key) is None:
            idempotency_keys.keep(conn, key, response)


def two_live_payments(seams: Seams) -> None:
    plain_begin = transitions.begin_payment
    find = store.find_live
    has_key = False

    @seams.replace(transitions)
    def begin_payment(
        conn: sqlite3.Connection,
        new: NewPayment,
        user_id: str | None,
        key: IdempotencyKey | None,
        currency: Currency,
        now: str,
    ) -> Payment:
        nonlocal has_key
        has_key = key is not None
        return plain_begin(conn, new, user_id, key, currency, now)

    @seams.replace(store)
    def find_live(conn: sqlite3.Connection, order_id: str) -> Payment | None:
        return None if has_key else find(conn, order_id)

    seams.migrate("payment", "DROP INDEX payments_one_live_per_order")


def completed_before_the_hop(seams: Seams) -> None:
    async def complete_first(app: web.Application, payment: Payment) -> None:
        await app[DATABASE].write(
            transitions.complete_payment, payment, "", utc_now(), current_request_id()
        )
        await peers.Peers(app).notify_payment(payment)

    _step_instead(seams, "PENDING", complete_first)


def refunded_before_the_hop(seams: Seams) -> None:
    async def refund_first(app: web.Application, payment: Payment) -> None:
        await app[DATABASE].write(transitions.finish_refund, payment, utc_now())
        await peers.Peers(app).notify_refund(payment)

    _step_instead(seams, "REFUNDING", refund_first)


def _step_instead(
    seams: Seams, status: Status, take: Callable[[web.Application, Payment], Awaitable[None]]
) -> None:
    """Have the step of a payment in this status be another one."""

    @seams.replace(payment_app)
    def make_step(app: web.Application) -> Step:
        plain_step = steps.make_step(app)

        async def step(payment_id: str, seen: Payment | None) -> Taken | None:
            payment = await app[DATABASE].read(store.get_payment, payment_id)
            if payment.status != status:
                return await plain_step(payment_id, seen)
            await take(app, payment)
            return Taken(None)

        return step


def any_404_is_a_no(seams: Seams) -> None:
    @seams.replace(peers)
    def definite_rejection(
        error: ShopError, rejections: Collection[tuple[int, str]], **ids: str
    ) -> Rejection:
        if error.status == 404:
            return Rejection(status=404, code="order_not_found", detail="No such order")
        return common_peers.definite_rejection(error, rejections, **ids)


def timed_out_into_failed(seams: Seams) -> None:
    @seams.replace(peers)
    async def ask(
        app: web.Application,
        shape: type[T],
        service: str,
        method: str,
        path: str,
        **options: Any,
    ) -> T:
        if path.endswith("/payment"):
            options["deadline"] = 0.5
        return await common_peers.ask(app, shape, service, method, path, **options)

    @seams.replace(peers)
    def definite_rejection(
        error: ShopError, rejections: Collection[tuple[int, str]], **ids: str
    ) -> Rejection:
        if error.status is None or error.status >= 500:
            return Rejection(status=409, code="order_closed", detail="There is no answer")
        return common_peers.definite_rejection(error, rejections, **ids)


IN_PAYMENT = (
    Bug(
        name="key_stored_with_the_answer",
        breaks="A payment's key is stored with its final answer, and not with what it began.",
        plant=key_stored_with_the_answer,
        caught_as="3, 6: rejected for what is not so: by this key, if at all",
        focus=Focus(actions=PAYING, points=(("payment", "complete_payment.after_commit"),)),
    ),
    Bug(
        name="two_live_payments",
        breaks="A new key does not look for a live payment first, and no index is unique.",
        plant=two_live_payments,
        caught_as="2: more than one live payment",
        focus=Focus(
            actions={"checkout_and_add": 20, "pay_twice": 20},
            attacks=("stop_and_go_on",),
            targets=("order",),
        ),
    ),
    Bug(
        name="completed_before_the_hop",
        breaks="The payment is COMPLETED before its order has been asked.",
        plant=completed_before_the_hop,
        caught_as="3: a payment that is through, and its order does not have it",
        focus=Focus(actions=PAYING, points=(("order", "mark_paid.before_commit"),)),
    ),
    Bug(
        name="refunded_before_the_hop",
        breaks="The money is given back before the order has been told.",
        plant=refunded_before_the_hop,
        caught_as="3: a payment that is through, and its order does not have it",
        focus=Focus(
            actions=PAYING | {"refund": 30}, points=(("order", "mark_refunded.before_commit"),)
        ),
    ),
    Bug(
        name="any_404_is_a_no",
        breaks="A 404 settles a payment whatever its code is, and whoever it comes from.",
        plant=any_404_is_a_no,
        caught_as="3: an order that is paid by no payment",
        focus=Focus(actions=PAYING, faults=("answered by a stranger",), proxied=0.4),
    ),
    Bug(
        name="timed_out_into_failed",
        breaks="An order service that does not answer in time is taken for one that says no.",
        plant=timed_out_into_failed,
        caught_as="3: an order that is paid by no payment",
        focus=Focus(actions=PAYING, points=(("order", "mark_paid.after_commit"),)),
    ),
)
