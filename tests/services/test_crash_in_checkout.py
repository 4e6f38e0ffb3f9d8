"""What a crash leaves of a checkout, a cancel or a close is mended after the start.

A crash is brought about by what it would leave: a step whose peer is away or whose answer is lost,
and then a service that is started again on its rows.
"""

import logging

import pytest

from client.backoff import Backoff
from services.common.durable import recovery
from tests.shop import Reply, Shop, until

from .cart_requests import add, cart_holds, check_out, closed
from .peers import Proxy, order_is, put_proxy_before


@pytest.fixture
async def catalog_behind_proxy(shop: Shop) -> tuple[Shop, Proxy]:
    """A shop of orders and payments, with a catalog whose answers can be lost."""
    await shop.start("catalog")
    proxy = await put_proxy_before(shop, "catalog")
    await shop.start("order", peer_deadline=0.25)
    await shop.start("payment")
    return shop, proxy


async def place(shop: Shop, product: int) -> Reply:
    """Order four units for ada, under a key."""
    body = {"user_id": "ada", "items": [{"product_id": product, "quantity": 4}]}
    return await shop.call("order", "POST", "/orders", json=body, idempotency_key="one")


async def test_a_crash_before_the_first_transaction_leaves_nothing_and_the_key_begins_anew(
    shop: Shop,
) -> None:
    await shop.start("catalog")
    product = await shop.product()
    await shop.start("order", peer_deadline=0.05)
    reply = await check_out(shop, idempotency_key="one")
    assert (reply.status, reply.code) == (503, "cart_unavailable")
    await shop.start("cart")
    await add(shop, product)
    await shop.restart("order")
    assert (await check_out(shop, idempotency_key="one")).status == 201


async def test_a_crash_after_checkout_1_is_recovered_and_the_key_gets_the_final_answer(
    shop: Shop,
) -> None:
    await shop.start("order", peer_deadline=0.05)
    placed = (await place(shop, 1)).json
    await shop.stop("order")
    await shop.start("catalog")
    product = await shop.product(stock=10)
    await shop.start("order")
    await order_is(shop, placed["order_id"], "CREATED", "HELD")
    final = await place(shop, product)
    assert (final.status, final.json["order_id"]) == (201, placed["order_id"])
    assert await shop.stock(product) == 6


async def test_a_peer_that_comes_up_is_called_at_once_however_long_it_was_away(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(recovery, "EVERY_SECONDS", 3600.0)
    monkeypatch.setattr(recovery, "BACKOFF", Backoff(3600.0, 3600.0))
    await shop.start("order", peer_deadline=0.05)
    await place(shop, 1)
    await until(lambda: "not settled yet" in caplog.messages)
    await shop.start("catalog")

    async def settled() -> bool:
        (order,) = (await shop.call("order", "GET", "/orders")).json
        return bool(order["status"] != "CREATED")

    await until(settled)


async def test_a_key_whose_request_was_cut_off_by_a_crash_resumes_its_order(shop: Shop) -> None:
    await shop.start("catalog")
    product = await shop.product(stock=10)
    proxy = await put_proxy_before(shop, "catalog")
    proxy.open.clear()
    await shop.start("order", peer_deadline=0.05)
    placed = (await place(shop, product)).json
    await shop.restart("order")
    proxy.open.set()
    final = await place(shop, product)  # whoever is first, this request or the worker
    assert (final.status, final.json["order_id"]) == (201, placed["order_id"])
    assert await shop.stock(product) == 6


async def test_a_reservation_whose_answer_was_lost_is_repeated_and_held_once(
    catalog_behind_proxy: tuple[Shop, Proxy],
) -> None:
    shop, proxy = catalog_behind_proxy
    product = await shop.product(stock=10)
    proxy.loses_answers = True
    reply = await place(shop, product)
    assert (reply.status, reply.json["stock_state"]) == (202, "REQUESTED")
    assert (f"PUT /reservations/{reply.json['order_id']}", 200) in proxy.answered
    proxy.loses_answers = False
    await shop.restart("order")
    await order_is(shop, reply.json["order_id"], "CREATED", "HELD")
    assert await shop.stock(product) == 6


async def test_a_rejection_whose_answer_was_lost_is_the_same_rejection_again(
    catalog_behind_proxy: tuple[Shop, Proxy],
) -> None:
    shop, proxy = catalog_behind_proxy
    product = await shop.product(stock=3)
    proxy.loses_answers = True
    placed = (await place(shop, product)).json
    proxy.loses_answers = False
    delivery = {"delta": 90, "reason": "delivery"}
    await shop.call("catalog", "POST", f"/products/{product}/stock", json=delivery)
    await shop.restart("order")
    await order_is(shop, placed["order_id"], "REJECTED", "NONE")
    final = await place(shop, product)
    assert (final.status, final.code) == (409, "insufficient_stock")


async def test_a_crash_after_checkout_3_leaves_the_final_answer_under_the_key(
    catalog_behind_proxy: tuple[Shop, Proxy],
) -> None:
    shop, proxy = catalog_behind_proxy
    product = await shop.product()
    first = await place(shop, product)
    await shop.restart("order")
    proxy.calls.clear()
    again = await place(shop, product)
    assert (again.status, again.body) == (201, first.body)
    assert proxy.calls == []


async def test_a_cancel_during_the_reservation_leaves_a_tombstone(
    catalog_behind_proxy: tuple[Shop, Proxy],
) -> None:
    shop, proxy = catalog_behind_proxy
    product = await shop.product(stock=10)
    proxy.open.clear()
    order_id = (await place(shop, product)).json["order_id"]
    proxy.delays = f"{order_id}$"  # the holds are still on their way, the release is not
    await shop.call("order", "POST", f"/orders/{order_id}/cancel")
    await order_is(shop, order_id, "CANCELLED", "RELEASED")
    proxy.open.set()
    await until(lambda: (f"PUT /reservations/{order_id}", 409) in proxy.answered)
    assert await shop.stock(product) == 10


@pytest.mark.parametrize("stock", [10, 3])
async def test_a_cancel_after_a_reservation_whose_answer_was_lost_releases_it(
    catalog_behind_proxy: tuple[Shop, Proxy], stock: int
) -> None:
    shop, proxy = catalog_behind_proxy
    product = await shop.product(stock=stock)
    proxy.loses_answers = True
    order_id = (await place(shop, product)).json["order_id"]
    await shop.call("order", "POST", f"/orders/{order_id}/cancel")
    proxy.loses_answers = False
    await shop.restart("order")
    await order_is(shop, order_id, "CANCELLED", "RELEASED")
    assert await shop.stock(product) == stock


@pytest.mark.parametrize("lost", [True, False])
async def test_a_crash_during_a_close_is_recovered(shop: Shop, lost: bool) -> None:
    await shop.start("catalog", "cart")
    product = await shop.product()
    await add(shop, product, 2)
    proxy = await put_proxy_before(shop, "cart")
    proxy.delays, proxy.loses_answers = "/close$", lost
    if not lost:
        proxy.open.clear()
    await shop.start("order", peer_deadline=1.0)
    order = await check_out(shop)
    assert order.status == 201
    await add(shop, product, 3)
    proxy.loses_answers = False
    proxy.open.set()
    await shop.restart("order")
    await closed(shop, order.json["order_id"])
    await cart_holds(shop, {product: 3})
