"""Writes: one idempotency key for each, repeated until the answer is settled."""

from decimal import Decimal
from typing import Any

import pytest

from client import Conflict, ShopClient
from tests.client.bodies import ORDER, PENDING, RECEIPT, UNPRICED
from tests.client.fakes import FakeService, hang_for, hang_up, idempotency_keys, problem, reply


async def test_an_unsettled_order_is_asked_for_with_its_key_until_it_is_settled(
    shop: ShopClient, service: FakeService
) -> None:
    service.answers = [reply(UNPRICED, 202), hang_up, reply(UNPRICED, 202), reply(ORDER, 201)]
    order = await shop.orders.create("ada", idempotency_key="k-1")
    assert (order.stock_state, order.total_amount) == ("HELD", Decimal("0.2"))
    assert len(service.seen) == 4
    assert idempotency_keys(service.seen) == {"k-1"}


async def test_an_unsettled_order_that_is_then_rejected_raises_the_rejection(
    shop: ShopClient, service: FakeService
) -> None:
    service.answers = [reply(UNPRICED, 202), problem(409, "insufficient_stock")]
    with pytest.raises(Conflict) as caught:
        await shop.orders.create("ada")
    assert caught.value.code == "insufficient_stock"


@pytest.mark.parametrize(
    "later",
    [
        reply(UNPRICED, 202, Retry_After="60"),
        problem(503, "draining", Retry_After="60"),
        problem(401, "invalid_api_key"),
        hang_for(5),
    ],
)
async def test_an_order_still_unsettled_at_the_deadline_is_returned_as_it_stands(
    shop: ShopClient, service: FakeService, later: Any
) -> None:
    service.answers = [reply(UNPRICED, 202), later]
    order = await shop.orders.create("ada")
    assert order.total_amount is None
    assert len(service.seen) == 2
    assert len(idempotency_keys(service.seen)) == 1


async def test_a_retry_after_beyond_the_deadline_returns_the_unsettled_payment(
    shop: ShopClient, service: FakeService
) -> None:
    service.answers = [reply(PENDING, 202, Retry_After="60")]
    assert (await shop.payments.pay("o-1", "0.20")).status == "PENDING"
    assert len(service.seen) == 1


async def test_a_payment_whose_answer_is_lost_is_repeated_with_the_same_key(
    shop: ShopClient, service: FakeService
) -> None:
    service.answers = [hang_up, problem(409, "request_in_progress"), reply(RECEIPT)]
    receipt = await shop.payments.pay("o-1", Decimal("0.20"))
    assert (receipt.status, receipt.order_status) == ("COMPLETED", "PAID")
    assert service.seen[0].body == b'{"order_id":"o-1","amount":0.20}'
    assert len(idempotency_keys(service.seen)) == 1


async def test_every_call_has_a_key_of_its_own(shop: ShopClient, service: FakeService) -> None:
    service.answers = [reply(RECEIPT)]
    await shop.payments.pay("o-1", 1)
    await shop.payments.pay("o-1", 1)
    assert len(idempotency_keys(service.seen)) == 2
