"""Payments in a whole shop: who may pay what, and one payment an order however many try at once."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.shop import Reply, Shop, as_json, token

from .orders import some_uuid
from .peers import order_is, payment_is, rows


async def pay(shop: Shop, order_id: str, amount: Any, **request: Any) -> Reply:
    body = as_json({"order_id": order_id, "amount": amount})
    return await shop.call("payment", "POST", "/pay", **body, **request)


async def ordered(shop: Shop, price: str = "2.50") -> Any:
    """An order of one unit, ada's."""
    return await shop.order(await shop.product(price=price, stock=10))


async def test_a_paid_order_is_paid_by_that_payment_for_exactly_its_total(
    four_services: Shop,
) -> None:
    order = await ordered(four_services, "19.99")
    receipt = (await four_services.pay(order, key=token("ada"))).json
    paid = await order_is(four_services, order["order_id"], "PAID", "COMMITTED")
    assert paid["payment_id"] == receipt["payment_id"]
    assert receipt["amount"] == paid["total_amount"] == Decimal("19.99")


@pytest.mark.parametrize("amount", [Decimal("2.49"), Decimal("2.51"), 250])
async def test_another_amount_is_rejected_and_leaves_the_order_to_be_paid(
    four_services: Shop, amount: Any
) -> None:
    order = await ordered(four_services)
    wrong = await pay(four_services, order["order_id"], amount)
    assert (wrong.status, wrong.code) == (422, "amount_mismatch")
    assert wrong.json["order_id"] == order["order_id"]
    assert (await four_services.pay(order)).status == 200


async def test_a_cancelled_order_is_not_paid(four_services: Shop) -> None:
    order = await ordered(four_services)
    await four_services.call("order", "POST", f"/orders/{order['order_id']}/cancel")
    reply = await four_services.pay(order)
    assert (reply.status, reply.code) == (409, "order_closed")


async def test_a_paid_order_is_not_cancelled(four_services: Shop) -> None:
    order = await ordered(four_services)
    await four_services.pay(order)
    path = f"/orders/{order['order_id']}/cancel"
    reply = await four_services.call("order", "POST", path, key=token("ada"))
    assert (reply.status, reply.code) == (409, "order_not_cancellable")


async def test_an_order_that_is_not_there_is_404(four_services: Shop) -> None:
    reply = await pay(four_services, some_uuid(), 5)
    assert (reply.status, reply.code) == (404, "order_not_found")


async def test_somebody_elses_order_is_404_before_and_after_it_is_paid(
    four_services: Shop,
) -> None:
    order = await ordered(four_services)
    for _ in range(2):
        for key in (None, "one"):
            theirs = await four_services.pay(order, key=token("eve"), idempotency_key=key)
            assert (theirs.status, theirs.code) == (404, "order_not_found")
        assert (await four_services.pay(order, key=token("ada"))).status == 200


async def test_paying_for_anothers_order_does_not_keep_them_from_paying(shop: Shop) -> None:
    await shop.start("catalog", "order")
    await shop.start("payment", peer_deadline=0.25)
    order = await ordered(shop)
    await shop.stop("order")
    meddler = await shop.pay(order, key=token("eve"))
    assert meddler.status == 202
    waiting = await shop.pay(order, key=token("ada"))
    assert (waiting.status, waiting.code) == (409, "payment_in_progress")
    await shop.start("order")
    await shop.restart("payment")  # with all the time that it usually has
    await payment_is(shop, meddler.json["payment_id"], "FAILED")
    assert (await shop.pay(order, key=token("ada"))).status == 200


async def test_a_customer_is_not_shown_a_payment_of_an_order_that_may_not_be_theirs(
    shop: Shop,
) -> None:
    await shop.start("catalog", "order")
    await shop.start("payment", peer_deadline=0.25)
    order = await ordered(shop)
    await shop.stop("order")
    operators = (await shop.pay(order)).json
    reply = await shop.pay(order, key=token("eve"))
    assert (reply.status, reply.code) == (409, "payment_in_progress")
    await shop.start("order")
    await shop.restart("payment")  # with all the time that it usually has
    await payment_is(shop, operators["payment_id"], "COMPLETED")
    assert (await shop.pay(order, key=token("eve"))).status == 404
    assert (await shop.pay(order, key=token("ada"))).json["status"] == "COMPLETED"


async def test_while_the_order_service_is_away_a_payment_is_202_and_its_key_gets_the_final_answer(
    shop: Shop,
) -> None:
    await shop.start("catalog", "order")
    await shop.start("payment", peer_deadline=0.25)
    order = await ordered(shop)
    await shop.stop("order")
    first = await shop.pay(order, idempotency_key="one")
    assert (first.status, first.json["status"]) == (202, "PENDING")
    await shop.start("order")
    await shop.restart("payment")  # with all the time that it usually has
    await payment_is(shop, first.json["payment_id"], "COMPLETED")
    finals = [await shop.pay(order, idempotency_key="one") for _ in range(2)]
    assert [reply.status for reply in finals] == [200, 200]
    assert finals[0].body == finals[1].body
    assert finals[0].json["payment_id"] == first.json["payment_id"]


@pytest.mark.parametrize("keys", [["one"] * 20, [str(n) for n in range(20)], [None] * 20])
async def test_twenty_repeats_at_once_are_one_payment(
    four_services: Shop, keys: list[str | None]
) -> None:
    shop = four_services
    order = await ordered(shop)
    replies = await asyncio.gather(*(shop.pay(order, idempotency_key=key) for key in keys))
    paid = [reply for reply in replies if reply.status == 200]
    assert len({reply.json["payment_id"] for reply in paid}) == 1
    refused = {reply.code for reply in replies if reply.status != 200}
    assert refused <= {"request_in_progress", "already_paid"}
    payments = await rows(shop, "payment", "SELECT status FROM payments")
    assert payments == [{"status": "COMPLETED"}]
    events = await shop.call("order", "GET", f"/orders/{order['order_id']}/events")
    assert [event["cause"] for event in events.json].count("paid") == 1


async def test_a_payment_and_a_cancel_at_once_leave_one_of_them(four_services: Shop) -> None:
    shop = four_services
    product = await shop.product(stock=10)
    for _ in range(5):
        order = await shop.order(product)
        path = f"/orders/{order['order_id']}/cancel"
        paid, cancelled = await asyncio.gather(shop.pay(order), shop.call("order", "POST", path))
        assert (paid.status, cancelled.status) in ((200, 409), (409, 200))
        status = "PAID" if paid.status == 200 else "CANCELLED"
        await order_is(shop, order["order_id"], status)


async def test_a_key_is_the_customers_own(four_services: Shop) -> None:
    shop = four_services
    order = await ordered(shop)
    paid = await shop.pay(order, key=token("ada"), idempotency_key="one")
    theirs = await shop.pay(order, key=token("eve"), idempotency_key="one")
    assert (paid.status, theirs.status) == (200, 404)


async def test_a_key_reused_for_another_payment_is_422(four_services: Shop) -> None:
    order = await ordered(four_services)
    await four_services.pay(order, idempotency_key="one")
    reply = await pay(four_services, some_uuid(), 5, idempotency_key="one")
    assert (reply.status, reply.code) == (422, "idempotency_key_reused")
