"""Payments, orders and their stock under late, repeated and lost messages and kills; and with bugs,
each of which has to be found.
"""

from __future__ import annotations

import pytest

from tests.chaos.planted.in_order import answer_over_any_state, no_return_from_commit_due
from tests.chaos.planted.in_payment import (
    completed_before_the_hop,
    key_stored_with_the_answer,
    timed_out_into_failed,
    two_live_payments,
)
from tests.chaos.planted.seams import Seams

from .exploration import explore, explore_far, find
from .payment_machine import PaymentMachine


def test_money_and_stock_agree_whatever_happens() -> None:
    explore(PaymentMachine)


@pytest.mark.chaos
@pytest.mark.timeout(0)
def test_money_and_stock_agree_however_long_one_looks() -> None:
    explore_far(PaymentMachine)


class WithoutPayments(PaymentMachine):
    """Orders are placed and cancelled: nothing else is in the way of what is looked for."""

    buy = pay = refund = None  # type: ignore[assignment]


@pytest.mark.planted
def test_a_second_live_payment_is_found(seams: Seams) -> None:
    two_live_payments(seams)
    find(PaymentMachine, PaymentMachine.one_live_payment)


@pytest.mark.planted
def test_a_payment_that_is_completed_before_the_order_knows_is_found(seams: Seams) -> None:
    completed_before_the_hop(seams)
    find(PaymentMachine, PaymentMachine.payments_are_of_paid_orders)


@pytest.mark.planted
def test_a_lost_answer_that_fails_a_payment_is_found(seams: Seams) -> None:
    timed_out_into_failed(seams)
    find(PaymentMachine, PaymentMachine.payments_are_of_paid_orders)


@pytest.mark.planted
def test_an_answer_that_is_written_whatever_the_state_is_found(seams: Seams) -> None:
    answer_over_any_state(seams)
    find(WithoutPayments, PaymentMachine.what_was_told_is_so)


@pytest.mark.planted
def test_a_refund_that_forgets_the_stock_of_what_was_not_committed_yet_is_found(
    seams: Seams,
) -> None:
    no_return_from_commit_due(seams)
    find(PaymentMachine, PaymentMachine.stock_is_where_the_order_is)


@pytest.mark.planted
def test_a_key_that_is_stored_with_the_answer_and_not_with_the_payment_is_found(
    seams: Seams,
) -> None:
    key_stored_with_the_answer(seams)
    find(PaymentMachine, PaymentMachine.no_other_key_is_blamed)
