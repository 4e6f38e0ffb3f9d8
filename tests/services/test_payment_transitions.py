"""Transitions of a payment's row: the legal ones alone, over the state they were decided in, and
with the final response of the requests that wait for it.
"""

import sqlite3
from collections.abc import Iterator

import msgspec
import pytest

from services.common.core.currency import USD
from services.common.core.money import Amount
from services.common.core.rejection import Rejection
from services.common.storage.transition import IllegalTransition, StaleState, transition
from services.common.web.idempotency_keys import IdempotencyKey, StoredKey, find
from services.payment import store, transitions
from services.payment.messages import NewPayment
from services.payment.model import TRANSITIONS, Payment, Status
from tests.schemas import in_memory

from .orders import some_uuid

STATUSES: list[Status] = ["PENDING", "COMPLETED", "REFUNDING", "REFUNDED", "FAILED"]
CLOSED = Rejection(status=409, code="order_closed", detail="It is closed")
NOW = "2026-01-01T00:00:00.000Z"


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    """A database of payments, in memory: nothing here is about the disk."""
    conn = in_memory("payments.db")
    yield conn
    conn.close()


def key_for(path: str, text: str = "one") -> IdempotencyKey:
    return IdempotencyKey("customer ada", "POST", path, text, "what was asked")


def begun(conn: sqlite3.Connection, key: IdempotencyKey | None = None) -> Payment:
    """A payment of ada's that has just been begun."""
    new = NewPayment(order_id=some_uuid(), amount=Amount(500, USD))
    return transitions.begin_payment(conn, new, "ada", key, USD, NOW)


def brought_to(
    conn: sqlite3.Connection, status: Status, key: IdempotencyKey | None = None
) -> Payment:
    """A payment in this status, begun under `key`."""
    payment = begun(conn, key)
    if status == "FAILED":
        transitions.fail_payment(conn, payment, CLOSED, NOW, "a request")
    elif status != "PENDING":
        transitions.complete_payment(conn, payment, "ada", NOW, "a request")
        if status != "COMPLETED":
            refunding = transitions.begin_refund(conn, payment.payment_id, None, NOW)
            if status == "REFUNDED":
                transitions.finish_refund(conn, refunding, NOW)
    found = store.get_payment(conn, payment.payment_id)
    assert found.status == status
    return found


def stored(conn: sqlite3.Connection, key: IdempotencyKey) -> tuple[int, bytes] | None:
    """The final response that is kept under a key."""
    kept = find(conn, key)
    assert isinstance(kept, StoredKey)
    return (kept.response.status, kept.response.body) if kept.response else None


@pytest.mark.parametrize("status", STATUSES)
def test_an_illegal_transition_of_a_payment_raises_and_changes_nothing(
    conn: sqlite3.Connection, status: Status
) -> None:
    payment = brought_to(conn, status)
    for target in STATUSES:
        if ((status,), (target,)) not in TRANSITIONS:
            with pytest.raises(IllegalTransition):
                transition(
                    conn, transitions.PAYMENTS, payment.payment_id, (status,), (target,), NOW
                )
    assert store.get_payment(conn, payment.payment_id) == payment


@pytest.mark.parametrize("settled", ["COMPLETED", "REFUNDING", "REFUNDED", "FAILED"])
def test_the_orders_answer_is_dropped_when_the_payment_has_moved_on(
    conn: sqlite3.Connection, settled: Status
) -> None:
    key = key_for("/pay")
    now = brought_to(conn, settled, key)
    asked = msgspec.structs.replace(now, status="PENDING")
    answer = stored(conn, key)
    with pytest.raises(StaleState):
        transitions.complete_payment(conn, asked, "ada", NOW, "a request")
    with pytest.raises(StaleState):
        transitions.fail_payment(conn, asked, CLOSED, NOW, "a request")
    assert store.get_payment(conn, now.payment_id) == now
    assert stored(conn, key) == answer


def test_a_refund_is_finished_once(conn: sqlite3.Connection) -> None:
    refunding = brought_to(conn, "REFUNDING")
    transitions.finish_refund(conn, refunding, NOW)
    with pytest.raises(StaleState):
        transitions.finish_refund(conn, refunding, NOW)
    assert store.get_payment(conn, refunding.payment_id).refunded_minor == 500


def test_completing_a_payment_stores_its_keys_final_answer(conn: sqlite3.Connection) -> None:
    key = key_for("/pay")
    payment = begun(conn, key)
    assert stored(conn, key) is None
    transitions.complete_payment(conn, payment, "ada", NOW, "a request")
    answer = stored(conn, key)
    assert answer is not None
    assert answer[0] == 200
    assert b'"status":"COMPLETED"' in answer[1]


def test_failing_a_payment_stores_its_keys_final_rejection(conn: sqlite3.Connection) -> None:
    key = key_for("/pay")
    transitions.fail_payment(conn, begun(conn, key), CLOSED, NOW, "a request")
    answer = stored(conn, key)
    assert answer is not None
    assert answer[0] == 409
    assert b'"code":"order_closed"' in answer[1]


def test_finishing_a_refund_stores_the_final_answer_of_every_key_that_waits_for_it(
    conn: sqlite3.Connection,
) -> None:
    payment = brought_to(conn, "COMPLETED")
    keys = [key_for(f"/payments/{payment.payment_id}/refund", text) for text in ("one", "two")]
    for key in keys:
        refunding = transitions.begin_refund(conn, payment.payment_id, key, NOW)
    assert [stored(conn, key) for key in keys] == [None, None]
    transitions.finish_refund(conn, refunding, NOW)
    answers = [stored(conn, key) for key in keys]
    assert answers[0] == answers[1]
    assert answers[0] is not None
    assert answers[0][0] == 200


@pytest.mark.parametrize("status", ["PENDING", "COMPLETED", "REFUNDING"])
def test_the_schema_allows_an_order_one_live_payment(
    conn: sqlite3.Connection, status: Status
) -> None:
    live = brought_to(conn, status)
    with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE constraint failed: payments\.order"):
        conn.execute(
            "INSERT INTO payments (payment_id, order_id, amount_minor, currency, status,"
            " created_at, updated_at) VALUES ('p', ?, 500, 'USD', 'PENDING', '', '')",
            (live.order_id,),
        )


@pytest.mark.parametrize("status", ["REFUNDED", "FAILED"])
def test_an_order_may_have_another_payment_after_a_failed_one(
    conn: sqlite3.Connection, status: Status
) -> None:
    over = brought_to(conn, status)
    new = NewPayment(order_id=over.order_id, amount=Amount(500, USD))
    other = transitions.begin_payment(conn, new, "ada", None, USD, NOW)
    assert (other.status, other.payment_id == over.payment_id) == ("PENDING", False)
