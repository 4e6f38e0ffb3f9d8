"""The moves of an order on its row: the legal ones only, over the state they were decided in, and
with the final answer of the request that placed it.
"""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.common.app import KIT_SCHEMA
from services.common.clock import utc_now
from services.common.idempotency import Key, begin, find
from services.order import moves, store
from services.order.model import MOVES, IllegalMove, Order

from .orders import ITEM, REFUSAL, TOTAL, P, order_in, paid_by, place

SCHEMA = KIT_SCHEMA + Path(store.__file__).with_name("schema.sql").read_text()
Move = Callable[[sqlite3.Connection, Order], None]
STOCK_STATES = sorted({state[1] for move in MOVES for state in move})


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    """A database of orders, in memory: nothing here is about the disk."""
    conn = sqlite3.connect(":memory:", isolation_level=None)
    conn.row_factory = sqlite3.Row
    conn.executescript(SCHEMA)
    yield conn
    conn.close()


def keyed(conn: sqlite3.Connection, text: str = "one") -> tuple[Order, Key]:
    """An order that was placed under a key."""
    key = Key("customer ada", "POST", "/orders", text, "what was asked")
    order = place(conn)
    begin(conn, key, order.order_id, success=201)
    return order, key


def now(conn: sqlite3.Connection, order: Order) -> Order:
    return store.get_order(conn, order.order_id)


def hold(conn: sqlite3.Connection, order: Order) -> None:
    moves.hold(conn, order, [ITEM], TOTAL, utc_now(), "a request")


def reject(conn: sqlite3.Connection, order: Order) -> None:
    moves.reject(conn, order, REFUSAL, utc_now(), "a request")


def cancel(conn: sqlite3.Connection, order: Order) -> None:
    moves.cancel(conn, order.order_id, "customer_request", utc_now(), "a request")


def expire(conn: sqlite3.Connection, order: Order) -> None:
    moves.expire(conn, order.order_id, "2999-01-01T00:00:00.000Z", "a request")


@pytest.mark.parametrize("stock_state", STOCK_STATES)
def test_a_move_that_no_order_makes_raises_and_changes_nothing(
    conn: sqlite3.Connection, stock_state: str
) -> None:
    order = order_in(conn, stock_state)
    for target in {state for move in MOVES for state in move}:
        if (order.state, target) not in MOVES:
            with pytest.raises(IllegalMove):
                store.change(conn, order, target, "no cause", utc_now())
    assert now(conn, order) == order


@pytest.mark.parametrize("status", ["CREATED", "PAID", "REFUNDED", "CANCELLED", "REJECTED"])
@pytest.mark.parametrize("stock_state", STOCK_STATES)
def test_the_schema_knows_no_other_states(
    conn: sqlite3.Connection, status: str, stock_state: str
) -> None:
    order = order_in(conn, "HELD")
    sql = "UPDATE orders SET status = ?, stock_state = ?, payment_id = ?, refusal = ?"
    paid, rejected = status in ("PAID", "REFUNDED"), status == "REJECTED"
    values = (status, stock_state, P if paid else None, "{}" if rejected else None)
    if any((status, stock_state) in move for move in MOVES):
        conn.execute(sql, values)
    else:
        with pytest.raises(sqlite3.IntegrityError):
            conn.execute(sql, values)
        assert now(conn, order) == order


@pytest.mark.parametrize("answer", [hold, reject])
@pytest.mark.parametrize("meanwhile", [cancel, expire, hold, reject])
def test_the_catalogs_answer_is_dropped_when_the_order_has_moved_on(
    conn: sqlite3.Connection, answer: Move, meanwhile: Move
) -> None:
    asked = place(conn)
    meanwhile(conn, asked)
    moved_on, history = now(conn, asked), store.list_events(conn, asked.order_id)
    answer(conn, asked)
    assert now(conn, asked) == moved_on
    assert store.list_events(conn, asked.order_id) == history


def test_a_commit_that_is_answered_after_a_refund_is_dropped(conn: sqlite3.Connection) -> None:
    asked = order_in(conn, "COMMIT_DUE")
    moves.refund(conn, asked.order_id, P, utc_now())
    assert store.change(conn, asked, ("PAID", "COMMITTED"), "late", utc_now()) is None
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
def test_whatever_takes_an_order_out_of_requested_stores_its_keys_final_answer(
    conn: sqlite3.Connection, settle: Move, status: int, code: bytes
) -> None:
    order, key = keyed(conn)
    other, others_key = keyed(conn, "two")
    settle(conn, order)
    stored, others = find(conn, key), find(conn, others_key)
    assert stored is not None
    assert stored.answer is not None
    assert (stored.entity, stored.answer.status) == (order.order_id, status)
    assert code in stored.answer.body
    assert others is not None
    assert (others.entity, others.answer) == (other.order_id, None)


@pytest.mark.parametrize("later", [cancel, expire])
def test_what_comes_after_it_was_held_leaves_the_keys_answer_as_it_is(
    conn: sqlite3.Connection, later: Move
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
        moves.pay(conn, paid_by(order), utc_now())
    causes = [event.cause for event in store.list_events(conn, order.order_id)]
    assert causes.count("paid") == 1


@pytest.mark.parametrize("before_held", [cancel, expire, reject])
def test_a_version_whose_order_came_to_nothing_before_it_was_held_is_another_order(
    conn: sqlite3.Connection, before_held: Move
) -> None:
    first = place(conn, cart_version=1)
    before_held(conn, first)
    assert place(conn, cart_version=1).order_id != first.order_id


@pytest.mark.parametrize("after_held", [cancel, expire])
def test_a_version_whose_order_was_held_is_that_order_whatever_became_of_it(
    conn: sqlite3.Connection, after_held: Move
) -> None:
    first = place(conn, cart_version=1)
    hold(conn, first)
    after_held(conn, first)
    assert place(conn, cart_version=1) == now(conn, first)


def test_a_user_has_one_order_whose_cart_is_not_closed_whoever_writes(
    conn: sqlite3.Connection,
) -> None:
    place(conn, cart_version=1)
    other = place(conn)
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        conn.execute(
            "UPDATE orders SET cart_version = 2, cart_state = 'OPEN' WHERE order_id = ?",
            (other.order_id,),
        )


def test_a_carts_version_is_one_live_order_whoever_writes(conn: sqlite3.Connection) -> None:
    first = place(conn, cart_version=1)
    hold(conn, first)
    store.mark_cart_closed(conn, first.order_id, 2, utc_now())
    other = order_in(conn, "HELD")
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        conn.execute(
            "UPDATE orders SET cart_version = 1, cart_state = 'DUE' WHERE order_id = ?",
            (other.order_id,),
        )


def test_a_cart_is_closed_once_and_keeps_the_version_it_left(conn: sqlite3.Connection) -> None:
    order = place(conn, cart_version=1)
    hold(conn, order)
    for version in (2, 9):
        store.mark_cart_closed(conn, order.order_id, version, utc_now())
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
def test_a_version_is_free_before_its_stock_is_held_and_never_after_whoever_writes(
    conn: sqlite3.Connection, stock_state: str, cart_state: str
) -> None:
    order_in(conn, stock_state, cart_version=1)
    left = 2 if cart_state == "CLOSED" else None
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        conn.execute("UPDATE orders SET cart_state = ?, cart_left_version = ?", (cart_state, left))
