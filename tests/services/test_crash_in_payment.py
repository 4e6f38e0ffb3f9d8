"""What a crash leaves of a payment, a refund or a move of the stock is mended after the start.

A crash is brought about by what it would leave: a step whose peer is away or whose answer is lost,
and then a service that is started again on its rows.
"""

from typing import Any

import pytest

from tests.shop import Shop

from .peers import Proxy, order_is, payment_is, put_proxy_before

CAUSES = {"commit": "stock committed", "release": "stock released", "return": "stock returned"}
STATUS = {"COMMIT_DUE": "PAID", "RELEASE_DUE": "CANCELLED", "RETURN_DUE": "REFUNDED"}


@pytest.fixture
async def catalog_behind_proxy(shop: Shop) -> tuple[Shop, Proxy]:
    """A shop of orders and payments, with a catalog whose answers can be lost."""
    await shop.start("catalog")
    proxy = await put_proxy_before(shop, "catalog")
    await shop.start("order", peer_deadline=0.25)
    await shop.start("payment")
    return shop, proxy


@pytest.fixture
async def order_behind_proxy(shop: Shop) -> tuple[Shop, Proxy]:
    """A shop with an order service whose answers to payments can be lost."""
    await shop.start("catalog", "order")
    proxy = await put_proxy_before(shop, "order")
    await shop.start("payment", peer_deadline=0.25)
    return shop, proxy


async def causes(shop: Shop, order_id: str) -> list[str]:
    """The causes in an order's history."""
    events = (await shop.call("order", "GET", f"/orders/{order_id}/events")).json
    return [event["cause"] for event in events]


async def test_a_crash_after_pay_1_is_recovered(shop: Shop) -> None:
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


async def test_a_crash_after_pay_2_is_recovered_with_the_same_answer(
    order_behind_proxy: tuple[Shop, Proxy],
) -> None:
    shop, proxy = order_behind_proxy
    order = await shop.order(await shop.product())
    proxy.loses_answers = True
    pending = await shop.pay(order, idempotency_key="one")
    assert pending.status == 202
    found = await shop.call("order itself", "GET", f"/orders/{order['order_id']}")
    assert found.json["status"] == "PAID"
    proxy.loses_answers = False
    await shop.restart("payment")
    await payment_is(shop, pending.json["payment_id"], "COMPLETED")
    assert (await causes(shop, order["order_id"])).count("paid") == 1


async def test_a_crash_after_a_rejection_of_pay_2_fails_the_payment(
    order_behind_proxy: tuple[Shop, Proxy],
) -> None:
    shop, proxy = order_behind_proxy
    order = await shop.order(await shop.product())
    proxy.loses_answers = True
    pending = await shop.pay({**order, "total_amount": 1}, idempotency_key="one")
    proxy.loses_answers = False
    await shop.restart("payment")
    await payment_is(shop, pending.json["payment_id"], "FAILED")
    final = await shop.pay({**order, "total_amount": 1}, idempotency_key="one")
    assert (final.status, final.code) == (422, "amount_mismatch")


async def test_a_crash_after_pay_3_leaves_the_final_answer_under_the_key(
    order_behind_proxy: tuple[Shop, Proxy],
) -> None:
    shop, proxy = order_behind_proxy
    order = await shop.order(await shop.product())
    first = await shop.pay(order, idempotency_key="one")
    await shop.restart("payment")
    proxy.calls.clear()
    again = await shop.pay(order, idempotency_key="one")
    assert (again.status, again.body) == (200, first.body)
    assert proxy.calls == []


async def test_a_crash_during_a_refund_is_recovered(order_behind_proxy: tuple[Shop, Proxy]) -> None:
    shop, proxy = order_behind_proxy
    order = await shop.order(await shop.product())
    paid = (await shop.pay(order)).json
    proxy.loses_answers = True
    path = f"/payments/{paid['payment_id']}/refund"
    begun = await shop.call("payment", "POST", path, idempotency_key="one")
    assert (begun.status, begun.json["status"]) == (202, "REFUNDING")
    proxy.loses_answers = False
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
async def test_a_crash_during_a_commit_a_release_or_a_return_is_recovered(
    catalog_behind_proxy: tuple[Shop, Proxy], move: str, due: str, done: str, left: int, lost: bool
) -> None:
    shop, proxy = catalog_behind_proxy
    product = await shop.product(stock=10)
    order = await shop.order(product, quantity=4)
    proxy.delays, proxy.loses_answers = f"/{move}$", lost
    if not lost:
        proxy.open.clear()
    await begin(shop, order, move)
    await proxy.asked(f"POST /reservations/{order['order_id']}/{move}")
    await order_is(shop, order["order_id"], STATUS[due], due)
    proxy.loses_answers = False
    proxy.open.set()
    await shop.restart("order")
    await order_is(shop, order["order_id"], STATUS[due], done)
    assert (await causes(shop, order["order_id"])).count(CAUSES[move]) == 1
    assert await shop.stock(product) == left
