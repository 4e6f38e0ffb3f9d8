"""A cart and its orders under late, repeated and lost messages and kills; and with bugs, each of
which has to be found.
"""

from __future__ import annotations

import math
import sqlite3
from contextlib import suppress

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from services.cart import store as carts
from services.cart.model import Cart
from services.common import idempotency
from services.order import store as orders

from .cart_machine import PRODUCT, CartMachine
from .exploration import explore, explore_far, find


def test_each_unit_is_in_one_order_whatever_happens() -> None:
    explore(CartMachine)


@pytest.mark.chaos
@pytest.mark.timeout(0)
def test_each_unit_is_in_one_order_however_long_one_looks() -> None:
    explore_far(CartMachine)


def two_browsers(stuck_after: int) -> type[CartMachine]:
    """Each puts in and checks out, now and then with the network stuck after so many hops: nothing
    else is in the way of what is looked for.
    """

    class TwoBrowsers(CartMachine):
        kill = lose_one = slow_down = time_passes = None  # type: ignore[assignment]
        ask_again = cancel = take_out = None  # type: ignore[assignment]

        @rule(product=PRODUCT, hops=st.sampled_from([math.inf, stuck_after]))
        def buy(self, product: int, hops: float) -> None:
            super().buy(product, hops)

    return TwoBrowsers


@pytest.mark.planted
def test_a_close_that_takes_whole_lines_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    close = carts.close_cart

    def by_lines(
        conn: sqlite3.Connection, user_id: str, order_id: str, version: int, currency: str, now: str
    ) -> Cart:
        conn.execute(
            "DELETE FROM cart_units WHERE product_id IN"
            " (SELECT product_id FROM cart_units WHERE version <= ?)",
            (version,),
        )
        return close(conn, user_id, order_id, version, currency, now)

    monkeypatch.setattr(carts, "close_cart", by_lines)
    find(two_browsers(stuck_after=3), CartMachine.cart_is_as_modelled)


@pytest.mark.planted
def test_a_cart_that_was_read_before_it_was_closed_and_is_ordered_after_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    require_closed = orders._require_closed_carts

    def require_closed_alone(conn: sqlite3.Connection, user_id: str, version: int) -> None:
        with suppress(orders.StaleCart):
            require_closed(conn, user_id, version)

    monkeypatch.setattr(orders, "_require_closed_carts", require_closed_alone)
    find(two_browsers(stuck_after=1), CartMachine.units_are_in_one_order)


@pytest.mark.planted
def test_a_second_order_before_the_cart_is_closed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = CartMachine.begin

    def without_index(machine: CartMachine) -> None:
        begin(machine)
        machine.world.rows("order", "DROP INDEX orders_one_open_cart")

    monkeypatch.setattr(CartMachine, "begin", without_index)
    monkeypatch.setattr(orders, "_require_closed_carts", lambda *_which: None)
    find(two_browsers(stuck_after=3), CartMachine.units_are_in_one_order)


@pytest.mark.planted
def test_a_checkout_whose_final_answer_is_not_kept_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(idempotency, "begin", lambda *_what, **_more: None)
    monkeypatch.setattr(orders, "begin", lambda *_what, **_more: None)
    find(CartMachine, CartMachine.each_key_has_one_final_answer)
