"""The one function that takes a payment's next step. The request handlers and the recovery worker
both use it.
"""

from __future__ import annotations

from aiohttp import web

from services.common.core.clock import utc_now
from services.common.core.rejection import Rejection
from services.common.core.tracing import current_request_id
from services.common.durable.recovery import Step, Taken
from services.common.web.keys import DATABASE

from . import store, transitions
from .model import Payment
from .peers import Peers


def make_step(app: web.Application) -> Step:
    """The step function of an application's payments."""
    database = app[DATABASE]
    peers = Peers(app)

    async def step(payment_id: str, seen: Payment | None) -> Taken | None:
        payment = seen if seen else await database.lookup(store.get_payment, payment_id)
        if payment.status == "PENDING":
            return await settle_with_order(payment)
        if payment.status == "REFUNDING":
            await peers.notify_refund(payment)
            return Taken(*await database.write(transitions.finish_refund, payment, utc_now()))
        return None

    async def settle_with_order(payment: Payment) -> Taken:
        answer = await peers.notify_payment(payment)
        now, request_id = utc_now(), current_request_id()
        if isinstance(answer, Rejection):
            settled = database.write(transitions.fail_payment, payment, answer, now, request_id)
        else:
            settled = database.write(
                transitions.complete_payment, payment, answer.user_id, now, request_id
            )
        return Taken(*await settled)

    return step
