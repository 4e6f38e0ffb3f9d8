"""The moves of a payment on its row: the legal ones only, over the status they were decided in, and
with the final answer of the requests that wait for it.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from services.common.app import KIT_SCHEMA
from services.common.idempotency import Key, Stored, find
from services.common.money import Amount
from services.common.refusal import Refusal
from services.payment import moves, store
from services.payment.model import MOVES, IllegalMove, Pay, PaymentRow, Status

from .orders import some_uuid

SCHEMA = KIT_SCHEMA + Path(store.__file__).with_name("schema.sql").read_text()
STATUSES: list[Status] = ["PENDING", "COMPLETED", "REFUNDING", "REFUNDED", "FAILED"]
CLOSED = Refusal(status=409, code="order_closed", detail="It is closed")
NOW = "2026-01-01T00:00:00.000Z"


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    """A database of payments, in memory: nothing here is about the disk."""
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.row_factory = sqlite3.Row
    conn.executescript(SCHEMA)
    yield conn
    conn.close()


def key_for(path: str, text: str = "one") -> Key:
    return Key("customer ada", "POST", path, text, "what was asked")


def begun(conn: sqlite3.Connection, key: Key | None = None) -> PaymentRow:
    """A payment of ada's that has just been begun."""
    pay = Pay(order_id=some_uuid(), amount=Amount(500))
    return moves.begin_payment(conn, pay, "ada", key, "USD", NOW)


def brought_to(conn: sqlite3.Connection, status: Status, key: Key | None = None) -> PaymentRow:
    """A payment in this status, begun under `key`."""
    payment = begun(conn, key)
    if status == "FAILED":
        moves.fail(conn, payment, CLOSED, NOW, "a request")
    elif status != "PENDING":
        moves.complete(conn, payment, "ada", NOW, "a request")
        if status != "COMPLETED":
            refunding = moves.begin_refund(conn, payment.payment_id, None, NOW)
            if status == "REFUNDED":
                moves.finish_refund(conn, refunding, NOW)
    found = store.get_payment(conn, payment.payment_id)
    assert found.status == status
    return found


def stored(conn: sqlite3.Connection, key: Key) -> tuple[int, bytes] | None:
    """The final answer that is kept under a key."""
    kept = find(conn, key)
    assert isinstance(kept, Stored)
    return (kept.answer.status, kept.answer.body) if kept.answer else None


@pytest.mark.parametrize("status", STATUSES)
def test_a_move_that_no_payment_makes_raises_and_changes_nothing(
    conn: sqlite3.Connection, status: Status
) -> None:
    payment = brought_to(conn, status)
    for target in STATUSES:
        if (status, target) not in MOVES:
            with pytest.raises(IllegalMove):
                store.change(conn, payment, target, NOW)
    assert store.get_payment(conn, payment.payment_id) == payment


@pytest.mark.parametrize("settled", ["COMPLETED", "REFUNDING", "REFUNDED", "FAILED"])
def test_the_orders_answer_is_dropped_when_the_payment_has_moved_on(
    conn: sqlite3.Connection, settled: Status
) -> None:
    key = key_for("/pay")
    now = brought_to(conn, settled, key)
    asked = msgspec.structs.replace(now, status="PENDING")
    answer = stored(conn, key)
    moves.complete(conn, asked, "ada", NOW, "a request")
    moves.fail(conn, asked, CLOSED, NOW, "a request")
    assert store.get_payment(conn, now.payment_id) == now
    assert stored(conn, key) == answer


def test_a_refund_is_finished_once(conn: sqlite3.Connection) -> None:
    refunding = brought_to(conn, "REFUNDING")
    for _ in range(2):
        moves.finish_refund(conn, refunding, NOW)
    assert store.get_payment(conn, refunding.payment_id).refunded_cents == 500


def test_completing_a_payment_stores_its_keys_final_answer(conn: sqlite3.Connection) -> None:
    key = key_for("/pay")
    payment = begun(conn, key)
    assert stored(conn, key) is None
    moves.complete(conn, payment, "ada", NOW, "a request")
    answer = stored(conn, key)
    assert answer is not None
    assert answer[0] == 200
    assert b'"status":"COMPLETED"' in answer[1]


def test_failing_a_payment_stores_its_keys_final_refusal(conn: sqlite3.Connection) -> None:
    key = key_for("/pay")
    moves.fail(conn, begun(conn, key), CLOSED, NOW, "a request")
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
        refunding = moves.begin_refund(conn, payment.payment_id, key, NOW)
    assert [stored(conn, key) for key in keys] == [None, None]
    moves.finish_refund(conn, refunding, NOW)
    answers = [stored(conn, key) for key in keys]
    assert answers[0] == answers[1]
    assert answers[0] is not None
    assert answers[0][0] == 200


@pytest.mark.parametrize("status", ["PENDING", "COMPLETED", "REFUNDING"])
def test_an_order_has_one_live_payment_whoever_writes(
    conn: sqlite3.Connection, status: Status
) -> None:
    live = brought_to(conn, status)
    with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE constraint failed: payments\.order"):
        conn.execute(
            "INSERT INTO payments (payment_id, order_id, amount_cents, currency, status,"
            " created_at, updated_at) VALUES ('p', ?, 500, 'USD', 'PENDING', '', '')",
            (live.order_id,),
        )


@pytest.mark.parametrize("status", ["REFUNDED", "FAILED"])
def test_an_order_may_have_another_payment_after_one_that_is_over(
    conn: sqlite3.Connection, status: Status
) -> None:
    over = brought_to(conn, status)
    pay = Pay(order_id=over.order_id, amount=Amount(500))
    other = moves.begin_payment(conn, pay, "ada", None, "USD", NOW)
    assert (other.status, other.payment_id == over.payment_id) == ("PENDING", False)
