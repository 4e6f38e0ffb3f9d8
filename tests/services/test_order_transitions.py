"""Transitions of an order's row: the legal ones alone, over the state they were decided in, and
with the final response of the requests that wait for it.
"""

import sqlite3
from collections.abc import Callable, Iterator

import pytest

from services.common.core.clock import utc_now
from services.common.storage.transition import IllegalTransition, StaleState, transition
from services.common.web.idempotency_keys import IdempotencyKey, begin, find
from services.order import store, transitions
from services.order.model import TRANSITIONS, Order
from tests.schemas import in_memory

from .orders import ITEM, REJECTION, TOTAL, P, order_in, paid_by, place

Unit = Callable[[sqlite3.Connection, Order], None]
STOCK_STATES = sorted({state[1] for pair in TRANSITIONS for state in pair})


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    """A database of orders, in memory: nothing here is about the disk."""
    conn = in_memory("orders.db")
    yield conn
    conn.close()


def keyed(conn: sqlite3.Connection, text: str = "one") -> tuple[Order, IdempotencyKey]:
    """An order that was placed under a key."""
    key = IdempotencyKey("customer ada", "POST", "/orders", text, "what was asked")
    order = place(conn)
    begin(conn, key, order.order_id, created=True)
    return order, key


def now(conn: sqlite3.Connection, order: Order) -> Order:
    return store.get_order(conn, order.order_id)


def hold(conn: sqlite3.Connection, order: Order) -> None:
    transitions.hold_stock(conn, order, [ITEM], TOTAL, utc_now(), "a request")


def reject(conn: sqlite3.Connection, order: Order) -> None:
    transitions.reject_order(conn, order, REJECTION, utc_now(), "a request")


def cancel(conn: sqlite3.Connection, order: Order) -> None:
    transitions.cancel_order(conn, order.order_id, "customer_request", utc_now(), "a request")


def expire(conn: sqlite3.Connection, order: Order) -> None:
    transitions.expire_order(conn, order.order_id, "2999-01-01T00:00:00.000Z", "a request")


@pytest.mark.parametrize("stock_state", STOCK_STATES)
def test_an_illegal_transition_of_an_order_raises_and_changes_nothing(
    conn: sqlite3.Connection, stock_state: str
) -> None:
    order = order_in(conn, stock_state)
    for target in {state for pair in TRANSITIONS for state in pair}:
        if (order.state, target) not in TRANSITIONS:
            with pytest.raises(IllegalTransition):
                transition(conn, transitions.ORDERS, order.order_id, order.state, target, utc_now())
    assert now(conn, order) == order


@pytest.mark.parametrize("status", ["CREATED", "PAID", "REFUNDED", "CANCELLED", "REJECTED"])
@pytest.mark.parametrize("stock_state", STOCK_STATES)
def test_the_schema_allows_no_other_states(
    conn: sqlite3.Connection, status: str, stock_state: str
) -> None:
    order = order_in(conn, "HELD")
    sql = "UPDATE orders SET status = ?, stock_state = ?, payment_id = ?, rejection = ?"
    paid, rejected = status in ("PAID", "REFUNDED"), status == "REJECTED"
    values = (status, stock_state, P if paid else None, "{}" if rejected else None)
    if any((status, stock_state) in pair for pair in TRANSITIONS):
        conn.execute(sql, values)
    else:
        with pytest.raises(sqlite3.IntegrityError):
            conn.execute(sql, values)
        assert now(conn, order) == order


@pytest.mark.parametrize("answer", [hold, reject])
@pytest.mark.parametrize("meanwhile", [cancel, expire, hold, reject])
def test_the_catalogs_answer_is_dropped_when_the_order_has_moved_on(
    conn: sqlite3.Connection, answer: Unit, meanwhile: Unit
) -> None:
    asked = place(conn)
    meanwhile(conn, asked)
    moved_on, history = now(conn, asked), store.list_events(conn, asked.order_id)
    with pytest.raises(StaleState):
        answer(conn, asked)
    assert now(conn, asked) == moved_on
    assert store.list_events(conn, asked.order_id) == history


def test_a_commit_that_is_answered_after_a_refund_is_dropped(conn: sqlite3.Connection) -> None:
    asked = order_in(conn, "COMMIT_DUE")
    transitions.mark_refunded(conn, asked.order_id, P, utc_now())
    with pytest.raises(StaleState):
        transitions.finish_stock(conn, asked, "COMMITTED", "late", utc_now())
    assert now(conn, asked).state == ("REFUNDED", "RETURN_DUE")


@pytest.mark.parametrize(
    ("settle", "status", "code"),
    [
        (hold, 201, b'"stock_state":"HELD"'),
        (reject, 409, b'"code":"insufficient_stock"'),
        (cancel, 409, b'"code":"order_closed"'),
        (expire, 409, b'"code":"order_closed"'),
    ],
)
def test_every_transition_out_of_requested_stores_the_final_answer_of_the_key(
    conn: sqlite3.Connection, settle: Unit, status: int, code: bytes
) -> None:
    order, key = keyed(conn)
    other, others_key = keyed(conn, "two")
    settle(conn, order)
    stored, others = find(conn, key), find(conn, others_key)
    assert stored is not None
    assert stored.response is not None
    assert (stored.entity, stored.response.status) == (order.order_id, status)
    assert code in stored.response.body
    assert others is not None
    assert (others.entity, others.response) == (other.order_id, None)


@pytest.mark.parametrize("later", [cancel, expire])
def test_no_transition_after_held_changes_the_answer_of_the_key(
    conn: sqlite3.Connection, later: Unit
) -> None:
    order, key = keyed(conn)
    hold(conn, order)
    before = find(conn, key)
    later(conn, order)
    assert find(conn, key) == before


@pytest.mark.parametrize("stock_state", ["COMMIT_DUE", "RETURN_DUE", "RELEASE_DUE", "NONE"])
def test_an_expiry_does_nothing_to_an_order_that_waits_for_no_payment(
    conn: sqlite3.Connection, stock_state: str
) -> None:
    order = order_in(conn, stock_state)
    expire(conn, order)
    assert now(conn, order) == order


def test_an_order_is_due_for_expiry_only_when_it_may_expire(conn: sqlite3.Connection) -> None:
    order = order_in(conn, "HELD")
    later = "2999-01-01T00:00:00.000Z"
    assert store.due_orders(conn, later, False) == []
    assert store.due_orders(conn, later, True) == [order.order_id]
    assert store.due_orders(conn, order.created_at, True) == []


def test_an_order_is_paid_once_and_by_one_payment(conn: sqlite3.Connection) -> None:
    order = order_in(conn, "HELD")
    for _ in range(2):
        transitions.mark_paid(conn, paid_by(order), utc_now())
    causes = [event.cause for event in store.list_events(conn, order.order_id)]
    assert causes.count("paid") == 1


@pytest.mark.parametrize("before_held", [cancel, expire, reject])
def test_a_cart_version_whose_order_was_never_held_becomes_another_order(
    conn: sqlite3.Connection, before_held: Unit
) -> None:
    first = place(conn, cart_version=1)
    before_held(conn, first)
    assert place(conn, cart_version=1).order_id != first.order_id


@pytest.mark.parametrize("after_held", [cancel, expire])
def test_a_cart_version_whose_order_was_held_is_that_order_for_good(
    conn: sqlite3.Connection, after_held: Unit
) -> None:
    first = place(conn, cart_version=1)
    hold(conn, first)
    after_held(conn, first)
    assert place(conn, cart_version=1) == now(conn, first)


def test_the_schema_allows_a_user_one_order_whose_cart_is_not_closed(
    conn: sqlite3.Connection,
) -> None:
    place(conn, cart_version=1)
    other = place(conn)
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        conn.execute(
            "UPDATE orders SET cart_version = 2, cart_state = 'OPEN' WHERE order_id = ?",
            (other.order_id,),
        )


def test_the_schema_allows_a_cart_version_one_live_order(conn: sqlite3.Connection) -> None:
    first = place(conn, cart_version=1)
    hold(conn, first)
    transitions.mark_cart_closed(conn, first.order_id, 2, utc_now())
    other = order_in(conn, "HELD")
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        conn.execute(
            "UPDATE orders SET cart_version = 1, cart_state = 'DUE' WHERE order_id = ?",
            (other.order_id,),
        )


def test_a_cart_is_closed_once_and_keeps_the_version_it_left(conn: sqlite3.Connection) -> None:
    order = place(conn, cart_version=1)
    hold(conn, order)
    transitions.mark_cart_closed(conn, order.order_id, 2, utc_now())
    with pytest.raises(StaleState):
        transitions.mark_cart_closed(conn, order.order_id, 9, utc_now())
    (left,) = conn.execute("SELECT cart_left_version FROM orders").fetchone()
    assert (now(conn, order).cart_state, left) == ("CLOSED", 2)


@pytest.mark.parametrize(
    ("stock_state", "cart_state"),
    [
        *(("REQUESTED", used_up) for used_up in ("DUE", "CLOSED")),
        *(("HELD", not_used_up) for not_used_up in ("OPEN", "FREE")),
        *(("RELEASED", not_used_up) for not_used_up in ("OPEN", "FREE")),
        *(("NONE", not_free) for not_free in ("OPEN", "DUE")),
    ],
)
def test_the_schema_frees_a_cart_version_only_before_its_stock_is_held(
    conn: sqlite3.Connection, stock_state: str, cart_state: str
) -> None:
    order_in(conn, stock_state, cart_version=1)
    left = 2 if cart_state == "CLOSED" else None
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        conn.execute("UPDATE orders SET cart_state = ?, cart_left_version = ?", (cart_state, left))
