"""What each service forgets, and what its schema keeps whoever deletes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from services.cart import store as carts
from services.cart import transitions as cart
from services.cart.messages import CartView
from services.cart.model import CatalogSnapshot, KnownProduct
from services.catalog import transitions as catalog
from services.catalog.messages import NewLine, NewReservation
from services.common.core.clock import hours_before, seconds_after, utc_now
from services.common.core.currency import USD
from services.common.core.money import OwnCurrency, Price
from services.common.core.rejection import Rejection
from services.common.durable.purge import Forget
from services.common.web.idempotency_keys import IdempotencyKey, begin, find, forget_old_keys
from services.order import store as orders
from services.order import transitions as order
from tests.schemas import in_memory

from .orders import REJECTION, order_in, place

NOW = utc_now()
WEEK, YEAR = 7 * 24 * 3600, 365 * 24 * 3600
MANY = 1000
DROPS = KnownProduct(id=1, name="Pear Drops", price=Price(250, USD), currency=OwnCurrency(USD.code))
KNOWN = CatalogSnapshot({DROPS.id: DROPS})
KEPT = (
    *("REQUESTED", "HELD", "COMMIT_DUE", "COMMITTED"),
    *("RETURN_DUE", "RETURNED", "RELEASE_DUE", "RELEASED"),
)


@pytest.fixture
def orders_db() -> Iterator[sqlite3.Connection]:
    conn = in_memory("orders.db")
    yield conn
    conn.close()


@pytest.fixture
def products_db() -> Iterator[sqlite3.Connection]:
    conn = in_memory("products.db")
    conn.execute(
        "INSERT INTO products (name, description, category, price_minor, currency, minor_per_major,"
        " available, created_at, updated_at, sort_name, search_text)"
        " VALUES ('Pear Drops', '', 'sweets', 250, 'USD', 100, 5, '', '', '', '')"
    )
    yield conn
    conn.close()


@pytest.fixture
def carts_db() -> Iterator[sqlite3.Connection]:
    conn = in_memory("carts.db")
    yield conn
    conn.close()


def count(conn: sqlite3.Connection, table: str) -> int:
    return int(conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def later(seconds: float) -> str:
    return seconds_after(utc_now(), seconds)


# orders


def test_a_rejected_order_goes_whole_after_a_week(orders_db: sqlite3.Connection) -> None:
    key = IdempotencyKey("customer ada", "POST", "/orders", "one", "what was asked")
    rejected = place(orders_db)
    begin(orders_db, key, rejected.order_id, created=True)
    order.reject_order(orders_db, rejected, REJECTION, utc_now(), "a request")
    assert order.forget_rejected_orders(orders_db, later(WEEK - 60), MANY) == 0
    assert find(orders_db, key) is not None
    forget_old_keys(orders_db, later(WEEK + 60), MANY)
    assert order.forget_rejected_orders(orders_db, later(WEEK + 60), MANY) == 1
    for table in ("orders", "order_events", "idempotency_keys"):
        assert count(orders_db, table) == 0, table


def test_only_so_many_go_at_once_and_the_oldest_first(orders_db: sqlite3.Connection) -> None:
    ids = [order_in(orders_db, "NONE").order_id for _ in range(3)]
    for age, order_id in enumerate(ids):
        orders_db.execute(
            "UPDATE orders SET updated_at = ? WHERE order_id = ?",
            (hours_before(NOW, age), order_id),
        )
    assert order.forget_rejected_orders(orders_db, later(WEEK + 60), 2) == 2
    assert orders.find_order(orders_db, ids[0]) is not None
    assert order.forget_rejected_orders(orders_db, later(WEEK + 60), 2) == 1


@pytest.mark.parametrize("stock_state", KEPT)
def test_no_other_order_goes_however_old(orders_db: sqlite3.Connection, stock_state: str) -> None:
    kept = order_in(orders_db, stock_state)
    events = count(orders_db, "order_events")
    assert order.forget_rejected_orders(orders_db, later(10 * YEAR), MANY) == 0
    assert orders.find_order(orders_db, kept.order_id) == kept
    assert count(orders_db, "order_events") == events


@pytest.mark.parametrize("stock_state", KEPT)
def test_no_other_order_is_deleted_whoever_deletes_it(
    orders_db: sqlite3.Connection, stock_state: str
) -> None:
    order_in(orders_db, stock_state)
    with pytest.raises(sqlite3.IntegrityError, match="only an order that was rejected"):
        orders_db.execute("DELETE FROM orders")


@pytest.mark.parametrize("stock_state", [*KEPT, "NONE"])
def test_no_history_is_deleted_while_its_order_is_there(
    orders_db: sqlite3.Connection, stock_state: str
) -> None:
    order_in(orders_db, stock_state)
    with pytest.raises(sqlite3.IntegrityError, match="a history only grows"):
        orders_db.execute("DELETE FROM order_events WHERE id = (SELECT max(id) FROM order_events)")


def test_a_carts_version_stays_free_after_its_order_is_forgotten(
    orders_db: sqlite3.Connection,
) -> None:
    order_in(orders_db, "NONE", cart_version=3)
    order.forget_rejected_orders(orders_db, later(WEEK + 60), MANY)
    assert place(orders_db, cart_version=3).cart_state == "OPEN"


# reservations


def wants(quantity: int) -> NewReservation:
    return NewReservation(lines=[NewLine(product_id=1, quantity=quantity)])


def test_a_rejected_reservation_goes_a_day_after_its_order(
    products_db: sqlite3.Connection,
) -> None:
    answer = catalog.reserve_stock(products_db, "an order", wants(6), USD, utc_now())
    assert isinstance(answer, Rejection)
    day = 24 * 3600
    forget = catalog.forget_rejected_reservations
    assert forget(products_db, later(WEEK + day - 60), MANY) == 0
    assert catalog.reserve_stock(products_db, "an order", wants(6), USD, utc_now()) == answer
    assert forget(products_db, later(WEEK + day + 60), MANY) == 1
    assert count(products_db, "reservations") == 0


@pytest.mark.parametrize("actions", [(), ("commit",), ("release",), ("commit", "return")])
def test_no_other_reservation_goes(products_db: sqlite3.Connection, actions: tuple[str]) -> None:
    catalog.reserve_stock(products_db, "an order", wants(1), USD, utc_now())
    for action in actions:
        catalog.change_reservation(products_db, "an order", action, USD, utc_now())  # type: ignore[arg-type]
    assert catalog.forget_rejected_reservations(products_db, later(10 * YEAR), MANY) == 0
    products_db.execute("PRAGMA foreign_keys = OFF")
    with pytest.raises(sqlite3.IntegrityError, match="only a reservation that was rejected"):
        products_db.execute("DELETE FROM reservations")


def test_a_tombstone_stays_and_a_late_hold_finds_it(products_db: sqlite3.Connection) -> None:
    catalog.change_reservation(products_db, "an order", "release", USD, utc_now())
    assert catalog.forget_rejected_reservations(products_db, later(10 * YEAR), MANY) == 0
    with pytest.raises(sqlite3.IntegrityError):
        products_db.execute("DELETE FROM reservations")


def test_a_reservation_that_goes_is_not_looked_for_in_the_whole_ledger(
    products_db: sqlite3.Connection,
) -> None:
    plan = products_db.execute(
        "EXPLAIN QUERY PLAN SELECT 1 FROM stock_ledger WHERE order_id = 'an order'"
    ).fetchall()
    assert "stock_ledger_by_order" in plan[0]["detail"]


# carts


def put(conn: sqlite3.Connection, user_id: str, quantity: int) -> CartView:
    return cart.set_units(conn, user_id, 1, quantity, KNOWN, USD, utc_now())


def read(conn: sqlite3.Connection, user_id: str) -> CartView:
    return carts.read_cart(conn, user_id, KNOWN, USD)


def test_a_cart_that_was_empty_for_a_year_goes(carts_db: sqlite3.Connection) -> None:
    put(carts_db, "ada", 2)
    put(carts_db, "ada", 0)
    assert cart.forget_empty_carts(carts_db, later(YEAR - 60), MANY) == 0
    assert cart.forget_empty_carts(carts_db, later(YEAR + 60), MANY) == 1
    assert count(carts_db, "cart") == 0


def test_a_cart_with_something_in_it_stays(carts_db: sqlite3.Connection) -> None:
    put(carts_db, "ada", 2)
    cart.clear_cart(carts_db, "ada", KNOWN, USD, utc_now())
    put(carts_db, "ada", 1)
    assert cart.forget_empty_carts(carts_db, later(10 * YEAR), MANY) == 0
    assert [item.quantity for item in read(carts_db, "ada").items] == [1]


def test_a_cart_that_is_made_anew_begins_above_all_that_were_forgotten(
    carts_db: sqlite3.Connection,
) -> None:
    for user_id, changes in (("ada", 5), ("ben", 9)):
        for quantity in range(changes - 1, -1, -1):
            put(carts_db, user_id, quantity)
    before = read(carts_db, "ada").version
    highest = read(carts_db, "ben").version
    assert cart.forget_empty_carts(carts_db, later(YEAR + 60), MANY) == 2
    assert read(carts_db, "ada").version == highest >= before
    assert put(carts_db, "ada", 1).version == highest + 1
    assert put(carts_db, "cleo", 1).version == highest + 1
    assert put(carts_db, "cleo", 2).version == highest + 2


def test_a_version_is_given_once_whoever_writes(carts_db: sqlite3.Connection) -> None:
    put(carts_db, "ada", 1)
    put(carts_db, "ada", 0)
    (version,) = carts_db.execute("SELECT version FROM cart").fetchone()
    carts_db.execute("DELETE FROM cart")
    for statement in (
        "INSERT INTO cart (user_id, version, created_at, updated_at) VALUES ('ada', :v, '', '')",
        "UPDATE forgotten_carts SET version = :v - 1",
        "DELETE FROM forgotten_carts",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="given once"):
            carts_db.execute(statement, {"v": version})


def test_what_was_closed_stays_closed(carts_db: sqlite3.Connection) -> None:
    put(carts_db, "ada", 1)
    cart.close_cart(carts_db, "ada", "an order", 1, utc_now())
    cart.forget_empty_carts(carts_db, later(YEAR + 60), MANY)
    put(carts_db, "ada", 1)
    closed = cart.close_cart(carts_db, "ada", "an order", 1, utc_now())
    assert [item.quantity for item in closed.items] == [1]
    with pytest.raises(sqlite3.IntegrityError, match="stays closed"):
        carts_db.execute("DELETE FROM cart_closes")


def test_a_close_of_a_forgotten_cart_leaves_it_above_what_was_ordered(
    carts_db: sqlite3.Connection,
) -> None:
    ordered = put(carts_db, "ada", 1).version
    put(carts_db, "ada", 0)
    cart.forget_empty_carts(carts_db, later(YEAR + 60), MANY)
    assert cart.close_cart(carts_db, "ada", "an order", ordered, utc_now()).version > ordered


@pytest.mark.parametrize(
    ("file", "forget", "index"),
    [
        ("orders.db", order.forget_rejected_orders, "orders_rejected"),
        ("orders.db", forget_old_keys, "idempotency_keys_by_age"),
        ("products.db", catalog.forget_rejected_reservations, "reservations_rejected"),
        ("carts.db", cart.forget_empty_carts, "cart_empty"),
    ],
)
def test_what_may_go_is_found_by_an_index_with_nothing_else_in_it(
    file: str, forget: Forget, index: str
) -> None:
    conn = in_memory(file)
    statements: list[str] = []
    conn.set_trace_callback(statements.append)
    forget(conn, NOW, MANY)
    conn.set_trace_callback(None)
    (statement,) = [each for each in statements if each.startswith("DELETE")]
    plan = [row["detail"] for row in conn.execute(f"EXPLAIN QUERY PLAN {statement}")]
    (made,) = conn.execute("SELECT sql FROM sqlite_master WHERE name = ?", (index,)).fetchone()
    conn.close()
    assert any(f"INDEX {index} " in step for step in plan), plan
    assert "WHERE" in made
