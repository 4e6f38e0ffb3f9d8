"""The one function that takes a payment's next step, and what it asks of the order service.

Only a definite answer settles anything: a code that the protocol lists, that names our ids. After
anything else the step is taken again.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from aiohttp import web

from client.errors import ShopError
from services.common.clock import utc_now
from services.common.keys import DATABASE
from services.common.money import as_decimal
from services.common.peers import ask, definite_refusal
from services.common.recovery import NotKnown, Step
from services.common.refusal import Refusal
from services.common.tracing import current_request_id

from . import moves, store
from .model import PaymentRow

REFUSALS = frozenset(
    {
        (404, "order_not_found"),
        (422, "amount_mismatch"),
        (409, "order_closed"),
        (409, "already_paid"),
    }
)
"""The order service's answers that fail a payment."""


class Noticed(msgspec.Struct, frozen=True):
    """The order is this payment's."""

    order_id: str
    payment_id: str
    user_id: str
    status: Literal["PAID", "REFUNDED"]


class Refunded(msgspec.Struct, frozen=True):
    """The order is refunded."""

    order_id: str
    payment_id: str
    status: Literal["REFUNDED"]


def make_step(app: web.Application) -> Step:
    """The step function of an application's payments."""
    database = app[DATABASE]

    async def step(payment_id: str) -> bool:
        payment = await database.read(store.get_payment, payment_id)
        if payment.status == "PENDING":
            answer = await notify_order(app, payment)
            if isinstance(answer, Refusal):
                await database.write(moves.fail, payment, answer, utc_now(), current_request_id())
            else:
                await database.write(
                    moves.complete, payment, answer.user_id, utc_now(), current_request_id()
                )
            return True
        if payment.status == "REFUNDING":
            await refund_order(app, payment)
            await database.write(moves.finish_refund, payment, utc_now())
            return True
        return False

    return step


async def notify_order(app: web.Application, payment: PaymentRow) -> Noticed | Refusal:
    """Tell the order that this payment pays it. Raises NotKnown."""
    notice = {
        "payment_id": payment.payment_id,
        "amount": as_decimal(payment.amount_cents),
        "user_id": payment.user_id,
    }
    path = f"/orders/{payment.order_id}/payment"
    try:
        noticed = await ask(app, Noticed, "order", "POST", path, body=notice)
    except ShopError as error:
        ids = {"order_id": payment.order_id, "payment_id": payment.payment_id}
        return definite_refusal(error, REFUSALS, **ids)
    _require_ours(payment, noticed)
    return noticed


async def refund_order(app: web.Application, payment: PaymentRow) -> None:
    """Tell the order that its payment is being refunded. Raises NotKnown."""
    notice = {"payment_id": payment.payment_id}
    path = f"/orders/{payment.order_id}/refund"
    try:
        refunded = await ask(app, Refunded, "order", "POST", path, body=notice)
    except ShopError as error:
        raise NotKnown(str(error)) from None
    _require_ours(payment, refunded)


def _require_ours(payment: PaymentRow, answer: Noticed | Refunded) -> None:
    if (answer.order_id, answer.payment_id) != (payment.order_id, payment.payment_id):
        raise NotKnown("order answered for another payment")
