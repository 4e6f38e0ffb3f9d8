"""Whatever orders and operators do in whatever order, each unit that was ever stocked is available,
reserved or sold, and the ledger and the reservations say where.
"""

import sqlite3
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import services.catalog
from services.catalog import reservations, store
from services.catalog.model import NewProduct, StockChange
from services.catalog.reservation_rules import Move, Wanted, WantedLine
from services.common.errors import Problem
from services.common.money import Price

SCHEMA = (Path(services.catalog.__file__).parent / "schema.sql").read_text()
NOW = "2026-01-01T00:00:00.000Z"
MOVES: tuple[Move, ...] = ("commit", "release", "return")

ORDER = st.sampled_from(["order 1", "order 2", "order 3"])
PRODUCT = st.integers(1, 2)
QUANTITY = st.integers(1, 6)
STEPS = st.one_of(
    st.tuples(st.just("hold"), ORDER, st.dictionaries(PRODUCT, QUANTITY, min_size=1)),
    st.tuples(st.sampled_from(MOVES), ORDER, st.none()),
    st.tuples(st.just("adjust"), PRODUCT, st.integers(-4, 4)),
)


def take(conn: sqlite3.Connection, what: str, which: object, how: object) -> None:
    """One step, whatever it is answered."""
    with suppress(Problem):
        if what == "hold":
            assert isinstance(which, str)
            assert isinstance(how, dict)
            lines = [WantedLine(product_id=each, quantity=how[each]) for each in how]
            reservations.hold(conn, which, Wanted(lines=lines), "USD", NOW)
        elif what == "adjust":
            assert isinstance(which, int)
            assert isinstance(how, int)
            store.adjust_stock(conn, which, StockChange(delta=how, reason="count"), NOW)
        else:
            [move] = [each for each in MOVES if each == what]
            reservations.move(conn, str(which), move, "USD", NOW)


def held_and_sold(conn: sqlite3.Connection) -> dict[str, Counter[int]]:
    """What the reservations say is reserved and sold, by product."""
    found: dict[str, Counter[int]] = {"HELD": Counter(), "COMMITTED": Counter()}
    lines = conn.execute(
        "SELECT state, product_id, quantity FROM reservations JOIN reservation_lines"
        " USING (order_id) WHERE state IN ('HELD', 'COMMITTED')"
    )
    for state, product_id, quantity in lines:
        found[state][product_id] += quantity
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_no_unit_is_ever_lost_or_made_up(steps: list[tuple[str, object, object]]) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        conn.row_factory = sqlite3.Row
        conn.execute("PRAGMA foreign_keys = ON")
        conn.executescript(SCHEMA)
        for name in ("Pear Drops", "Sherbet Lemons"):
            product = NewProduct(name=name, price=Price(120), stock=8)
            store.add_product(conn, product, "USD", NOW)
        for step in steps:
            take(conn, *step)
            told = held_and_sold(conn)
            for row in conn.execute("SELECT * FROM products").fetchall():
                now = (row["available"], row["reserved"], row["sold"])
                assert min(now) >= 0
                assert now[1:] == (told["HELD"][row["id"]], told["COMMITTED"][row["id"]])
                ledger = conn.execute(
                    "SELECT sum(available), sum(reserved), sum(sold) FROM stock_ledger"
                    " WHERE product_id = ?",
                    (row["id"],),
                ).fetchone()
                assert tuple(ledger) == now
