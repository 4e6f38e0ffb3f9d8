"""The one function that takes a payment's next step, and what it asks of the order service.

Only a definite answer settles anything: a code that the protocol lists, that names our ids. After
anything else the step is taken again.
"""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec
from aiohttp import web

from client.errors import ShopError
from services.common.clock import utc_now
from services.common.errors import Problem
from services.common.keys import DATABASE, SETTINGS, TRANSPORT
from services.common.money import as_decimal
from services.common.recovery import NotKnown, Step
from services.common.tracing import current_request_id
from services.common.wire import build, parse_json

from . import moves, store
from .model import PaymentRow, Refusal

T = TypeVar("T")

REFUSALS = {
    "order_not_found": 404,
    "amount_mismatch": 422,
    "order_closed": 409,
    "already_paid": 409,
}
"""The order service's codes that fail a payment, each with its status."""


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
    try:
        noticed = await _post(app, f"/orders/{payment.order_id}/payment", notice, Noticed)
    except ShopError as error:
        ours = (error.problem.get("order_id"), error.problem.get("payment_id"))
        if REFUSALS.get(error.code) == error.status and ours == _ids(payment):
            known = {"status": error.status, "code": error.code, "detail": error.detail}
            return build(known, Refusal)
        raise NotKnown(str(error)) from None
    _require_ours(payment, noticed.order_id, noticed.payment_id)
    return noticed


async def refund_order(app: web.Application, payment: PaymentRow) -> None:
    """Tell the order that its payment is being refunded. Raises NotKnown."""
    notice = {"payment_id": payment.payment_id}
    try:
        refunded = await _post(app, f"/orders/{payment.order_id}/refund", notice, Refunded)
    except ShopError as error:
        raise NotKnown(str(error)) from None
    _require_ours(payment, refunded.order_id, refunded.payment_id)


async def _post(app: web.Application, path: str, body: object, shape: type[T]) -> T:
    answer = await app[TRANSPORT].request(
        "order", "POST", path, json=body, repeatable=True, deadline=app[SETTINGS].peer_deadline
    )
    try:
        return build(parse_json(answer.body), shape)
    except Problem as problem:
        raise NotKnown(f"order answered something else: {problem.detail}") from None


def _ids(payment: PaymentRow) -> tuple[str, str]:
    return (payment.order_id, payment.payment_id)


def _require_ours(payment: PaymentRow, *ids: str) -> None:
    if ids != _ids(payment):
        raise NotKnown("order answered for another payment")
