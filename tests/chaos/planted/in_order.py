"""Bugs of the order service."""

from __future__ import annotations

import sqlite3
from typing import Any

from services.common.storage.transition import State, StateMachine
from services.common.web import idempotency_keys
from services.common.web.idempotency import KeyedRequest
from services.common.web.idempotency_keys import IdempotencyKey
from services.common.web.responses import StoredResponse
from services.order import placement, store, transitions
from services.order.model import Order, OrderPayment, Placement, order_closed

from .bug import LOST, Bug, Focus
from .seams import Seams

PAYING = {"checkout_and_add": 15, "buy_at_once": 5, "pay": 40}


def answer_over_any_state(seams: Seams) -> None:
    @seams.replace(transitions)
    def transition(
        conn: sqlite3.Connection,
        machine: StateMachine,
        entity_id: str,
        before: State,
        after: State,
        now: str,
        **columns: str | int | None,
    ) -> sqlite3.Row:
        changes = dict(zip(machine.state_columns, after, strict=True)) | {"updated_at": now}
        written = {**changes, **columns}
        row: sqlite3.Row = conn.execute(
            f"UPDATE {machine.table} SET {' = ?, '.join(written)} = ?"
            f" WHERE {machine.id_column} = ? RETURNING *",
            (*written.values(), entity_id),
        ).fetchone()
        return row


def closed_by_the_clock(seams: Seams) -> None:
    pay = transitions.mark_paid

    @seams.replace(transitions)
    def mark_paid(conn: sqlite3.Connection, payment: OrderPayment, now: str) -> Order:
        order = store.find_order(conn, payment.order_id)
        if order is not None and order.expires_at <= now:
            raise order_closed(order, payment_id=payment.payment_id)
        return pay(conn, payment, now)


def no_return_from_commit_due(seams: Seams) -> None:
    refund = transitions.mark_refunded

    @seams.replace(transitions)
    def mark_refunded(conn: sqlite3.Connection, order_id: str, payment_id: str, now: str) -> Order:
        committed = store.get_order(conn, order_id).stock_state != "COMMIT_DUE"
        order = refund(conn, order_id, payment_id, now)
        if committed:
            return order
        transitions.finish_stock(conn, order, "RETURNED", "nothing to return", now)
        return store.get_order(conn, order_id)


def repeated_notification_rejected(seams: Seams) -> None:
    @seams.replace(Order)
    def is_paid_by(self: Order, payment: OrderPayment) -> bool:
        return False


def cancel_settles_no_key(seams: Seams) -> None:
    @seams.replace(transitions)
    def settle(conn: sqlite3.Connection, entity: str, response: StoredResponse) -> None:
        if store.get_order(conn, entity).status != "CANCELLED":
            idempotency_keys.settle(conn, entity, response)


def key_stored_apart(seams: Seams) -> None:
    plain_run = KeyedRequest.run

    @seams.replace(placement)
    def begin(
        conn: sqlite3.Connection, key: IdempotencyKey | None, entity: str, *, created: bool = False
    ) -> None:
        if not created:
            idempotency_keys.begin(conn, key, entity)

    @seams.replace(KeyedRequest)
    async def run(self: KeyedRequest, unit: Any, *args: Any, **kwargs: Any) -> Any:
        result = await plain_run(self, unit, *args, **kwargs)
        if isinstance(result, Placement) and result.created:
            await self.database.write(
                idempotency_keys.begin, self.key, result.order.order_id, created=True
            )
        return result


def history_rewritten(seams: Seams) -> None:
    seams.migrate(
        "order",
        """
        DROP TRIGGER order_events_only_grow;
        CREATE TRIGGER one_event_for_each_status BEFORE INSERT ON order_events
        WHEN EXISTS (SELECT 1 FROM order_events WHERE order_id = NEW.order_id
                        AND status = NEW.status)
        BEGIN
            UPDATE order_events SET stock_state = NEW.stock_state, cause = NEW.cause, at = NEW.at
             WHERE order_id = NEW.order_id AND status = NEW.status;
            SELECT RAISE (IGNORE);
        END;
        """,
    )


IN_ORDER = (
    Bug(
        name="answer_over_any_state",
        breaks="An answer is written without looking at the state that its question came from.",
        plant=answer_over_any_state,
        caught_as="1: cancelled, and the order is",
        focus=Focus(actions={"cancel_on_the_way": 10}),
    ),
    Bug(
        name="closed_by_the_clock",
        breaks="An order past its deadline rejects its payment, whatever is written.",
        plant=closed_by_the_clock,
        caught_as="3: an order that is paid by no payment",
        focus=Focus(
            actions={"checkout_and_add": 15, "pay": 60},
            points=(("payment", "complete_payment.before_commit"),),
            seconds_to_pay=1.0,
        ),
    ),
    Bug(
        name="no_return_from_commit_due",
        breaks="What is refunded before its stock was committed has nothing to return.",
        plant=no_return_from_commit_due,
        caught_as="5: .*'REFUNDED', 'RETURNED', '(HELD|COMMITTED)'",
        focus=Focus(
            actions=PAYING | {"refund": 40}, attacks=("stop_and_go_on",), targets=("catalog",)
        ),
    ),
    Bug(
        name="repeated_notification_rejected",
        breaks="The payment that has paid an order is told that the order is paid already.",
        plant=repeated_notification_rejected,
        caught_as="3: an order that is paid by no payment",
        focus=Focus(actions=PAYING, faults=(LOST,), proxied=0.2),
    ),
    Bug(
        name="cancel_settles_no_key",
        breaks="A cancel takes an order out of REQUESTED, and its key stays without an answer.",
        plant=cancel_settles_no_key,
        caught_as="6: a key without a final answer",
        focus=Focus(actions={"cancel_on_the_way": 10}),
    ),
    Bug(
        name="key_stored_apart",
        breaks="The key of a checkout is stored in a transaction after the order's.",
        plant=key_stored_apart,
        caught_as="6: .* orders of named items",
        focus=Focus(actions={"buy_at_once": 10}, points=(("order", "place_order.after_commit"),)),
    ),
    Bug(
        name="history_rewritten",
        breaks="An order's history keeps one line for each status: the last.",
        plant=history_rewritten,
        caught_as="7: the history that was read",
        focus=Focus(
            actions=PAYING | {"look": 60}, points=(("catalog", "commit_reservation.before_commit"),)
        ),
    ),
)
