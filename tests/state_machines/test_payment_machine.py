"""Payments, orders and their stock under late, repeated and lost messages and kills; and with bugs,
each of which has to be found.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection

import pytest
from aiohttp import web

from client.errors import ShopError
from services.common import idempotency
from services.common.keys import DATABASE
from services.common.recovery import advance_and_answer
from services.common.refusal import Refusal
from services.order import moves
from services.order.model import Order, State
from services.order.store import change, get_order
from services.payment import app as payment_app
from services.payment import moves as payment_moves
from services.payment import steps
from services.payment.model import PaymentRow

from .exploration import explore, explore_far, find
from .payment_machine import PaymentMachine


def test_money_and_stock_agree_whatever_happens() -> None:
    explore(PaymentMachine)


@pytest.mark.chaos
@pytest.mark.timeout(0)
def test_money_and_stock_agree_however_long_one_looks() -> None:
    explore_far(PaymentMachine)


class WithoutIndex(PaymentMachine):
    """Nothing in the schema keeps a second live payment out."""

    def begin(self) -> None:
        super().begin()
        self.world.rows("payment", "DROP INDEX payments_one_live_per_order")


@pytest.mark.planted
def test_a_second_live_payment_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payment_moves, "live_payment", lambda *_which: None)
    find(WithoutIndex, PaymentMachine.one_live_payment)


@pytest.mark.planted
def test_a_payment_that_is_completed_before_the_order_knows_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def hopeful(_app: object, payment: PaymentRow) -> steps.Noticed:
        return steps.Noticed(payment.order_id, payment.payment_id, "ada", "PAID")

    monkeypatch.setattr(steps, "notify_order", hopeful)
    find(PaymentMachine, PaymentMachine.payments_are_of_paid_orders)


@pytest.mark.planted
def test_a_lost_answer_that_fails_a_payment_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def hasty(error: ShopError, _refusals: Collection[tuple[int, str]], **_ids: str) -> Refusal:
        return Refusal(status=409, code="order_closed", detail=str(error))

    monkeypatch.setattr(steps, "definite_refusal", hasty)
    find(PaymentMachine, PaymentMachine.payments_are_of_paid_orders)


@pytest.mark.planted
def test_an_answer_that_is_written_whatever_the_state_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def blind(
        conn: sqlite3.Connection,
        /,
        order: Order,
        state: State,
        cause: str,
        now: str,
        **columns: str | int | None,
    ) -> Order | None:
        conn.execute(
            "UPDATE orders SET status = ?, stock_state = ?, reason = NULL WHERE order_id = ?",
            (*order.state, order.order_id),
        )
        return change(conn, order, state, cause, now, **columns)

    monkeypatch.setattr(moves, "change", blind)
    find(PaymentMachine, PaymentMachine.what_was_told_is_so)


@pytest.mark.planted
def test_a_refund_that_forgets_the_stock_of_what_was_not_committed_yet_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refund = moves.refund

    def forgetful(conn: sqlite3.Connection, order_id: str, payment_id: str, now: str) -> Order:
        committed = get_order(conn, order_id).stock_state != "COMMIT_DUE"
        order = refund(conn, order_id, payment_id, now)
        if committed or order.stock_state != "RETURN_DUE":
            return order
        return change(conn, order, ("REFUNDED", "RETURNED"), "forgotten", now) or order

    monkeypatch.setattr(moves, "refund", forgetful)
    find(PaymentMachine, PaymentMachine.stock_is_where_the_order_is)


@pytest.mark.planted
def test_a_key_that_is_stored_with_the_answer_and_not_with_the_payment_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def keep_late(
        request: web.Request,
        payment_id: str,
        as_it_stands: Callable[[sqlite3.Connection], idempotency.Answer],
    ) -> web.Response:
        response = await advance_and_answer(request, payment_id, as_it_stands)
        key = request.get(idempotency.KEY)
        if key is not None and response.status != 202:
            answer = await request.app[DATABASE].read(as_it_stands)
            await request.app[DATABASE].write(keep_first, key, answer)
        return response

    def keep_first(
        conn: sqlite3.Connection, key: idempotency.Key, answer: idempotency.Answer
    ) -> None:
        if idempotency.find(conn, key) is None:
            idempotency.keep(conn, key, answer)

    monkeypatch.setattr(payment_moves, "begin", lambda *_, **__: None)
    monkeypatch.setattr(payment_app, "advance_and_answer", keep_late)
    find(PaymentMachine, PaymentMachine.no_other_key_is_blamed)
