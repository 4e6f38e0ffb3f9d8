"""A cart and its orders under late, repeated and lost messages and kills; and with bugs, each of
which has to be found.
"""

from __future__ import annotations

import math
import sqlite3

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from services.common.web.idempotency_keys import IdempotencyKey
from services.order import placement, store
from services.order.model import OrdersOfCart
from tests.chaos.planted.in_cart import close_takes_whole_lines, second_order_from_an_open_cart
from tests.chaos.planted.seams import Seams

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
def test_a_close_that_takes_whole_lines_is_found(seams: Seams) -> None:
    close_takes_whole_lines(seams)
    find(two_browsers(stuck_after=3), CartMachine.cart_is_as_modelled)


@pytest.mark.planted
def test_a_cart_that_was_read_before_it_was_closed_and_is_ordered_after_is_found(
    seams: Seams,
) -> None:
    plain_find = store.find_of_cart

    @seams.replace(store)
    def find_of_cart(conn: sqlite3.Connection, user_id: str, version: int) -> OrdersOfCart:
        return msgspec.structs.replace(plain_find(conn, user_id, version), left_version=0)

    find(two_browsers(stuck_after=1), CartMachine.units_are_in_one_order)


@pytest.mark.planted
def test_a_second_order_before_the_cart_is_closed_is_found(seams: Seams) -> None:
    second_order_from_an_open_cart(seams)
    find(two_browsers(stuck_after=3), CartMachine.units_are_in_one_order)


@pytest.mark.planted
def test_a_checkout_whose_final_answer_is_not_kept_is_found(seams: Seams) -> None:
    @seams.replace(placement)
    def begin(
        conn: sqlite3.Connection, key: IdempotencyKey | None, entity: str, *, created: bool = False
    ) -> None:
        pass

    find(CartMachine, CartMachine.each_key_has_one_final_answer)
