"""What a crash leaves of a checkout, a cancel or a close is mended after the start.

A crash is brought about by what it would leave: a step whose peer is away or whose answer is lost,
and then a service that is started again on its rows.
"""

import pytest

from services.common import recovery
from tests.shop import Reply, Shop, until

from .carts import add, cart_holds, check_out, closed
from .peers import Front, order_is, put_in_front


@pytest.fixture
async def before_catalog(shop: Shop) -> tuple[Shop, Front]:
    """A shop of orders and payments, with a catalog whose answers can be lost."""
    await shop.start("catalog")
    front = await put_in_front(shop, "catalog")
    await shop.start("order", peer_deadline=0.25)
    await shop.start("payment")
    return shop, front


async def place(shop: Shop, product: int) -> Reply:
    """Order four units for ada, under a key."""
    body = {"user_id": "ada", "items": [{"product_id": product, "quantity": 4}]}
    return await shop.call("order", "POST", "/orders", json=body, idempotency_key="one")


async def test_before_the_first_transaction_nothing_is_left_and_the_same_key_begins(
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


async def test_after_checkout_1_the_worker_asks_and_the_key_hears_the_end(shop: Shop) -> None:
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


async def test_a_peer_that_comes_up_is_asked_at_once_however_long_it_was_away(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "EVERY_SECONDS", 3600.0)
    monkeypatch.setattr(recovery, "FIRST_BACKOFF", 3600.0)
    monkeypatch.setattr(recovery, "LAST_BACKOFF", 3600.0)
    await shop.start("order", peer_deadline=0.05)
    await place(shop, 1)
    await until(lambda: shop.app("order")[recovery.RECOVERY]._not_before)
    await shop.start("catalog")

    async def settled() -> bool:
        (order,) = (await shop.call("order", "GET", "/orders")).json
        return bool(order["status"] != "CREATED")

    await until(settled)


async def test_a_key_whose_request_a_crash_cut_off_goes_on_with_its_order(shop: Shop) -> None:
    await shop.start("catalog")
    product = await shop.product(stock=10)
    front = await put_in_front(shop, "catalog")
    front.open.clear()
    await shop.start("order", peer_deadline=0.05)
    placed = (await place(shop, product)).json
    await shop.restart("order")
    front.open.set()
    final = await place(shop, product)  # whoever is first, this request or the worker
    assert (final.status, final.json["order_id"]) == (201, placed["order_id"])
    assert await shop.stock(product) == 6


async def test_after_a_reservation_whose_answer_was_lost_it_is_asked_again_and_held_once(
    before_catalog: tuple[Shop, Front],
) -> None:
    shop, front = before_catalog
    product = await shop.product(stock=10)
    front.loses_answers = True
    reply = await place(shop, product)
    assert (reply.status, reply.json["stock_state"]) == (202, "REQUESTED")
    assert (f"PUT /reservations/{reply.json['order_id']}", 200) in front.answered
    front.loses_answers = False
    await shop.restart("order")
    await order_is(shop, reply.json["order_id"], "CREATED", "HELD")
    assert await shop.stock(product) == 6


async def test_after_a_refusal_whose_answer_was_lost_it_is_the_same_refusal(
    before_catalog: tuple[Shop, Front],
) -> None:
    shop, front = before_catalog
    product = await shop.product(stock=3)
    front.loses_answers = True
    placed = (await place(shop, product)).json
    front.loses_answers = False
    delivery = {"delta": 90, "reason": "delivery"}
    await shop.call("catalog", "POST", f"/products/{product}/stock", json=delivery)
    await shop.restart("order")
    await order_is(shop, placed["order_id"], "REJECTED", "NONE")
    final = await place(shop, product)
    assert (final.status, final.code) == (409, "insufficient_stock")


async def test_after_checkout_3_the_key_has_the_final_answer(
    before_catalog: tuple[Shop, Front],
) -> None:
    shop, front = before_catalog
    product = await shop.product()
    first = await place(shop, product)
    await shop.restart("order")
    front.calls.clear()
    again = await place(shop, product)
    assert (again.status, again.body) == (201, first.body)
    assert front.calls == []


async def test_a_cancel_while_the_reservation_is_on_its_way_leaves_it_a_tombstone(
    before_catalog: tuple[Shop, Front],
) -> None:
    shop, front = before_catalog
    product = await shop.product(stock=10)
    front.open.clear()
    order_id = (await place(shop, product)).json["order_id"]
    front.meddles_with = f"{order_id}$"  # the holds are still on their way, the release is not
    await shop.call("order", "POST", f"/orders/{order_id}/cancel")
    await order_is(shop, order_id, "CANCELLED", "RELEASED")
    front.open.set()
    await until(lambda: (f"PUT /reservations/{order_id}", 409) in front.answered)
    assert await shop.stock(product) == 10


@pytest.mark.parametrize("stock", [10, 3])
async def test_a_cancel_after_a_reservation_whose_answer_was_lost_lets_it_go(
    before_catalog: tuple[Shop, Front], stock: int
) -> None:
    shop, front = before_catalog
    product = await shop.product(stock=stock)
    front.loses_answers = True
    order_id = (await place(shop, product)).json["order_id"]
    await shop.call("order", "POST", f"/orders/{order_id}/cancel")
    front.loses_answers = False
    await shop.restart("order")
    await order_is(shop, order_id, "CANCELLED", "RELEASED")
    assert await shop.stock(product) == stock


@pytest.mark.parametrize("lost", [True, False])
async def test_in_a_close_the_worker_goes_on(shop: Shop, lost: bool) -> None:
    await shop.start("catalog", "cart")
    product = await shop.product()
    await add(shop, product, 2)
    front = await put_in_front(shop, "cart")
    front.meddles_with, front.loses_answers = "/close$", lost
    if not lost:
        front.open.clear()
    await shop.start("order", peer_deadline=1.0)
    order = await check_out(shop)
    assert order.status == 201
    await add(shop, product, 3)
    front.loses_answers = False
    front.open.set()
    await shop.restart("order")
    await closed(shop, order.json["order_id"])
    await cart_holds(shop, {product: 3})
