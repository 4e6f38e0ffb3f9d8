"""Whatever is done to a cart in whatever order, each unit is where a plain list of units has it."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing

from hypothesis import given, settings
from hypothesis import strategies as st

from services.cart import store, transitions
from services.cart.messages import CartLine
from services.cart.model import UNANSWERED
from services.common.core.currency import USD
from tests.schemas import in_memory

NOW = "2026-01-01T00:00:00.000Z"

PRODUCT = st.integers(1, 3)
STEPS = st.one_of(
    st.tuples(st.just("add"), PRODUCT, st.integers(1, 5)),
    st.tuples(st.just("set"), PRODUCT, st.integers(0, 6)),
    st.tuples(st.just("close"), st.integers(1, 4), st.integers(0, 12)),
    st.tuples(st.just("clear"), st.just(0), st.just(0)),
)


class PlainCart:
    """The rules of a cart in as few words as they can be said: a list of versions, one a unit."""

    def __init__(self) -> None:
        self.version = 0
        self.closed: set[int] = set()
        self.units: dict[int, list[int]] = {}

    def add(self, product: int, quantity: int) -> None:
        self.version += 1
        self.units[product] = self.units.get(product, []) + [self.version] * quantity

    def set(self, product: int, quantity: int) -> None:
        units = self.units.get(product, [])
        if quantity > len(units):
            self.add(product, quantity - len(units))
        elif quantity < len(units):
            self.version += 1
            self.units[product] = units[:quantity]

    def close(self, order: int, version: int) -> None:
        if order not in self.closed:
            self.closed.add(order)
            self.version += 1
            for product, units in self.units.items():
                self.units[product] = [unit for unit in units if unit > version]

    def clear(self, _product: int, _quantity: int) -> None:
        if any(self.units.values()):
            self.version += 1
            self.units = {}

    def contents(self) -> dict[int, int]:
        return {product: len(units) for product, units in self.units.items() if units}


def stored(conn: sqlite3.Connection) -> dict[str, Callable[[int, int], object]]:
    """The same steps on the cart in SQL."""
    return {
        "add": lambda product, quantity: transitions.add_units(
            conn, "ada", product, quantity, UNANSWERED, USD, NOW
        ),
        "set": lambda product, quantity: transitions.set_units(
            conn, "ada", product, quantity, UNANSWERED, USD, NOW
        ),
        "close": lambda order, version: transitions.close_cart(
            conn, "ada", f"order {order}", version, NOW
        ),
        "clear": lambda _product, _quantity: transitions.clear_cart(
            conn, "ada", UNANSWERED, USD, NOW
        ),
    }


@settings(max_examples=150)
@given(st.lists(STEPS, max_size=25))
def test_a_cart_in_sql_is_what_a_plain_list_of_units_is(steps: list[tuple[str, int, int]]) -> None:
    with closing(in_memory("carts.db")) as conn:
        plain, take = PlainCart(), stored(conn)
        for what, first, second in steps:
            getattr(plain, what)(first, second)
            take[what](first, second)
            cart = store.read_cart(conn, "ada", UNANSWERED, USD)
            assert cart.version == plain.version
            assert {item.product_id: item.quantity for item in cart.items} == plain.contents()
            lines = store.read_lines(conn, "ada")
            assert (lines.version, lines.items) == (
                plain.version,
                [CartLine(product_id=i.product_id, quantity=i.quantity) for i in cart.items],
            )
            if cart.version:
                (items,) = conn.execute("SELECT items FROM carts").fetchone()
                assert json.loads(items) == [
                    {"product_id": item.product_id, "quantity": item.quantity}
                    for item in cart.items
                ]
