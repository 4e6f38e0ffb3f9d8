"""Refunds in a whole shop: the money, the order and the stock all go back, in their own time."""

import asyncio

import pytest

from tests.shop import Reply, Shop

from .peers import order_is, payment_is, put_proxy_before


async def refund(shop: Shop, payment_id: str, **request: str) -> Reply:
    """Refund a payment."""
    path = f"/payments/{payment_id}/refund"
    return await shop.call("payment", "POST", path, **request)  # type: ignore[arg-type]


async def test_a_refund_takes_the_order_and_its_stock_back(four_services: Shop) -> None:
    shop = four_services
    product = await shop.product(stock=10)
    order = await shop.order(product, quantity=4)
    paid = (await shop.pay(order)).json
    await order_is(shop, order["order_id"], "PAID", "COMMITTED")
    reply = await refund(shop, paid["payment_id"])
    assert (reply.status, reply.json["status"]) == (200, "REFUNDED")
    assert reply.json["refunded_amount"] == reply.json["amount"] == order["total_amount"]
    await order_is(shop, order["order_id"], "REFUNDED", "RETURNED")
    assert await shop.stock(product) == 10


async def test_a_refund_repeated_is_the_refund_as_it_stands(four_services: Shop) -> None:
    shop = four_services
    product = await shop.product(stock=10)
    order = await shop.order(product)
    payment_id = (await shop.pay(order)).json["payment_id"]
    replies = [await refund(shop, payment_id) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 200]
    await order_is(shop, order["order_id"], "REFUNDED", "RETURNED")
    assert await shop.stock(product) == 10


async def test_a_refund_while_the_commit_is_due_returns_what_was_held(shop: Shop) -> None:
    await shop.start("catalog")
    product = await shop.product(stock=10)
    proxy = await put_proxy_before(shop, "catalog")
    await shop.start("order", peer_deadline=0.2)
    await shop.start("payment")
    order = await shop.order(product, quantity=4)
    proxy.delays = "/commit$"
    proxy.open.clear()
    payment_id = (await shop.pay(order)).json["payment_id"]
    await proxy.asked(f"POST /reservations/{order['order_id']}/commit")
    reply = await refund(shop, payment_id)
    assert (reply.status, reply.json["status"]) == (200, "REFUNDED")
    proxy.open.set()  # the commits come late, and find it returned
    await order_is(shop, order["order_id"], "REFUNDED", "RETURNED")
    assert await shop.stock(product) == 10


async def test_a_refund_is_through_while_the_catalog_hangs(shop: Shop) -> None:
    await shop.start("catalog")
    product = await shop.product(stock=10)
    proxy = await put_proxy_before(shop, "catalog")
    await shop.start("order", "payment", peer_deadline=1.0)
    order = await shop.order(product, quantity=4)
    payment_id = (await shop.pay(order)).json["payment_id"]
    await order_is(shop, order["order_id"], "PAID", "COMMITTED")
    proxy.delays = "/return$"
    proxy.open.clear()
    reply = await refund(shop, payment_id)
    assert (reply.status, reply.json["status"]) == (200, "REFUNDED")
    proxy.open.set()
    await order_is(shop, order["order_id"], "REFUNDED", "RETURNED")


async def test_while_the_catalog_is_away_a_refund_is_done_and_the_stock_follows(
    shop: Shop,
) -> None:
    await shop.start("catalog")
    await shop.start("order", peer_deadline=0.25)
    await shop.start("payment")
    product = await shop.product(stock=10)
    order = await shop.order(product, quantity=4)
    payment_id = (await shop.pay(order)).json["payment_id"]
    await shop.stop("catalog")
    assert (await refund(shop, payment_id)).status == 200
    await order_is(shop, order["order_id"], "REFUNDED", "RETURN_DUE")
    await shop.start("catalog")
    await order_is(shop, order["order_id"], "REFUNDED", "RETURNED")
    assert await shop.stock(product) == 10


async def test_while_the_order_service_is_away_a_refund_is_202_and_its_key_gets_the_final_answer(
    shop: Shop,
) -> None:
    await shop.start("catalog", "order", "payment")
    order = await shop.order(await shop.product())
    payment_id = (await shop.pay(order)).json["payment_id"]
    await shop.stop("order", "payment")
    await shop.start("payment", peer_deadline=0.25)
    first = await refund(shop, payment_id, idempotency_key="one")
    assert (first.status, first.json["status"]) == (202, "REFUNDING")
    await shop.start("order")
    await payment_is(shop, payment_id, "REFUNDED")
    finals = [await refund(shop, payment_id, idempotency_key="one") for _ in range(2)]
    assert [reply.status for reply in finals] == [200, 200]
    assert finals[0].body == finals[1].body
    assert finals[0].headers["Idempotent-Replayed"] == "true"


async def test_a_failed_payment_is_not_refunded(four_services: Shop) -> None:
    shop = four_services
    order = await shop.order(await shop.product(price="2.50"))
    wrong = {"order_id": order["order_id"], "amount": 1}
    assert (await shop.call("payment", "POST", "/pay", json=wrong)).status == 422
    (failed,) = (await shop.call("payment", "GET", "/payments")).json
    reply = await refund(shop, failed["payment_id"])
    assert (reply.status, reply.code) == (409, "payment_not_refundable")


async def test_twenty_refunds_at_once_are_one(four_services: Shop) -> None:
    shop = four_services
    product = await shop.product(stock=10)
    order = await shop.order(product, quantity=4)
    payment_id = (await shop.pay(order)).json["payment_id"]
    replies = await asyncio.gather(
        *(refund(shop, payment_id, idempotency_key=f"{n % 10}") for n in range(20))
    )
    assert {reply.status for reply in replies} <= {200, 409}
    assert {r.code for r in replies if r.status == 409} <= {"request_in_progress"}
    await order_is(shop, order["order_id"], "REFUNDED", "RETURNED")
    events = await shop.call("order", "GET", f"/orders/{order['order_id']}/events")
    assert [event["cause"] for event in events.json].count("refunded") == 1
    assert await shop.stock(product) == 10


@pytest.mark.parametrize("key", ["two", None])
async def test_a_refunded_order_is_not_paid_again(four_services: Shop, key: str | None) -> None:
    shop = four_services
    order = await shop.order(await shop.product())
    payment_id = (await shop.pay(order)).json["payment_id"]
    await refund(shop, payment_id)
    reply = await shop.pay(order, idempotency_key=key)
    assert (reply.status, reply.code) == (409, "order_closed")
