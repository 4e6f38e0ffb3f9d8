"""What a crash leaves of a payment, a refund or a move of the stock is mended after the start.

A crash is brought about by what it would leave: a step whose peer is away or whose answer is lost,
and then a service that is started again on its rows.
"""

from typing import Any

import pytest

from tests.shop import Shop

from .peers import Front, order_is, payment_is, put_in_front

CAUSES = {"commit": "stock committed", "release": "stock released", "return": "stock returned"}
STATUS = {"COMMIT_DUE": "PAID", "RELEASE_DUE": "CANCELLED", "RETURN_DUE": "REFUNDED"}


@pytest.fixture
async def before_catalog(shop: Shop) -> tuple[Shop, Front]:
    """A shop of orders and payments, with a catalog whose answers can be lost."""
    await shop.start("catalog")
    front = await put_in_front(shop, "catalog")
    await shop.start("order", peer_deadline=0.25)
    await shop.start("payment")
    return shop, front


@pytest.fixture
async def before_order(shop: Shop) -> tuple[Shop, Front]:
    """A shop with an order service whose answers to payments can be lost."""
    await shop.start("catalog", "order")
    front = await put_in_front(shop, "order")
    await shop.start("payment", peer_deadline=0.25)
    return shop, front


async def causes(shop: Shop, order_id: str) -> list[str]:
    """The causes in an order's history."""
    events = (await shop.call("order", "GET", f"/orders/{order_id}/events")).json
    return [event["cause"] for event in events]


async def test_after_pay_1_the_worker_calls(shop: Shop) -> None:
    await shop.start("catalog", "order")
    await shop.start("payment", peer_deadline=0.05)
    order = await shop.order(await shop.product())
    await shop.stop("order")
    pending = (await shop.pay(order, idempotency_key="one")).json
    await shop.stop("payment")
    await shop.start("order", "payment")
    await payment_is(shop, pending["payment_id"], "COMPLETED")
    final = await shop.pay(order, idempotency_key="one")
    assert (final.status, final.json["payment_id"]) == (200, pending["payment_id"])


async def test_after_pay_2_whose_answer_was_lost_the_worker_is_answered_the_same(
    before_order: tuple[Shop, Front],
) -> None:
    shop, front = before_order
    order = await shop.order(await shop.product())
    front.loses_answers = True
    pending = await shop.pay(order, idempotency_key="one")
    assert pending.status == 202
    found = await shop.call("order itself", "GET", f"/orders/{order['order_id']}")
    assert found.json["status"] == "PAID"
    front.loses_answers = False
    await shop.restart("payment")
    await payment_is(shop, pending.json["payment_id"], "COMPLETED")
    assert (await causes(shop, order["order_id"])).count("paid") == 1


async def test_after_a_refusal_of_pay_2_whose_answer_was_lost_the_payment_fails(
    before_order: tuple[Shop, Front],
) -> None:
    shop, front = before_order
    order = await shop.order(await shop.product())
    front.loses_answers = True
    pending = await shop.pay({**order, "total_amount": 1}, idempotency_key="one")
    front.loses_answers = False
    await shop.restart("payment")
    await payment_is(shop, pending.json["payment_id"], "FAILED")
    final = await shop.pay({**order, "total_amount": 1}, idempotency_key="one")
    assert (final.status, final.code) == (422, "amount_mismatch")


async def test_after_pay_3_the_key_has_the_final_answer(
    before_order: tuple[Shop, Front],
) -> None:
    shop, front = before_order
    order = await shop.order(await shop.product())
    first = await shop.pay(order, idempotency_key="one")
    await shop.restart("payment")
    front.calls.clear()
    again = await shop.pay(order, idempotency_key="one")
    assert (again.status, again.body) == (200, first.body)
    assert front.calls == []


async def test_in_a_refund_the_worker_goes_on(before_order: tuple[Shop, Front]) -> None:
    shop, front = before_order
    order = await shop.order(await shop.product())
    paid = (await shop.pay(order)).json
    front.loses_answers = True
    path = f"/payments/{paid['payment_id']}/refund"
    begun = await shop.call("payment", "POST", path, idempotency_key="one")
    assert (begun.status, begun.json["status"]) == (202, "REFUNDING")
    front.loses_answers = False
    await shop.restart("payment")
    await payment_is(shop, paid["payment_id"], "REFUNDED")
    final = await shop.call("payment", "POST", path, idempotency_key="one")
    assert (final.status, final.json["status"]) == (200, "REFUNDED")
    assert (await causes(shop, order["order_id"])).count("refunded") == 1


async def begin(shop: Shop, order: Any, move: str) -> None:
    """Do what has a commit, a release or a return due."""
    if move == "release":
        await shop.call("order", "POST", f"/orders/{order['order_id']}/cancel")
        return
    payment_id = (await shop.pay(order)).json["payment_id"]
    if move == "return":
        await shop.call("payment", "POST", f"/payments/{payment_id}/refund")


@pytest.mark.parametrize(
    ("move", "due", "done", "left"),
    [
        ("commit", "COMMIT_DUE", "COMMITTED", 6),
        ("release", "RELEASE_DUE", "RELEASED", 10),
        ("return", "RETURN_DUE", "RETURNED", 10),
    ],
)
@pytest.mark.parametrize("lost", [True, False])
async def test_in_a_commit_a_release_or_a_return_the_worker_goes_on(
    before_catalog: tuple[Shop, Front], move: str, due: str, done: str, left: int, lost: bool
) -> None:
    shop, front = before_catalog
    product = await shop.product(stock=10)
    order = await shop.order(product, quantity=4)
    front.meddles_with, front.loses_answers = f"/{move}$", lost
    if not lost:
        front.open.clear()
    await begin(shop, order, move)
    await front.asked(f"POST /reservations/{order['order_id']}/{move}")
    await order_is(shop, order["order_id"], STATUS[due], due)
    front.loses_answers = False
    front.open.set()
    await shop.restart("order")
    await order_is(shop, order["order_id"], STATUS[due], done)
    assert (await causes(shop, order["order_id"])).count(CAUSES[move]) == 1
    assert await shop.stock(product) == left
