"""Orders of what is named: held at the catalog's prices, refused whole, or finished later."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.shop import Reply, Shop, as_json, token

from .peers import order_is, put_proxy_before, rows


@pytest.fixture
async def catalog_and_order(shop: Shop) -> Shop:
    """A shop with a catalog and orders."""
    await shop.start("catalog", "order")
    return shop


@pytest.fixture
async def order_alone(shop: Shop) -> Shop:
    """A shop with orders, and no catalog yet."""
    await shop.start("order", peer_deadline=0.05)
    return shop


async def place(shop: Shop, *lines: Any, more: Any = (), **request: Any) -> Reply:
    """Order lines for ada."""
    body = as_json({"user_id": "ada", "items": lines, **dict(more)})
    return await shop.call("order", "POST", "/orders", **body, **request)


def line(product_id: int, quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {"product_id": product_id, "quantity": quantity, **more}


async def test_an_order_has_the_catalogs_names_and_prices_and_their_sum(
    catalog_and_order: Shop,
) -> None:
    drops = await catalog_and_order.product(price="2.50", sku="PD-1")
    fudge = await catalog_and_order.product(name="Fudge", price="0.99")
    reply = await place(catalog_and_order, line(drops, 2), line(fudge, 3))
    assert reply.status == 201
    assert reply.json["items"] == [
        {
            "product_id": drops,
            "sku": "PD-1",
            "name": "Pear Drops",
            "quantity": 2,
            "price": Decimal("2.50"),
            "line_total": Decimal("5.00"),
        },
        {
            "product_id": fudge,
            "sku": None,
            "name": "Fudge",
            "quantity": 3,
            "price": Decimal("0.99"),
            "line_total": Decimal("2.97"),
        },
    ]
    assert (reply.json["total_amount"], reply.json["currency"]) == (Decimal("7.97"), "USD")


async def test_a_new_order_has_its_stock_held_and_a_location(
    catalog_and_order: Shop,
) -> None:
    product = await catalog_and_order.product(stock=10)
    reply = await place(catalog_and_order, line(product, 4))
    order = reply.json
    assert (order["status"], order["stock_state"], order["user_id"]) == ("CREATED", "HELD", "ada")
    assert (order["reason"], order["payment_id"]) == (None, None)
    assert reply.headers["Location"] == f"/orders/{order['order_id']}"
    assert await catalog_and_order.stock(product) == 6


async def test_an_order_keeps_its_prices_when_the_catalogs_change(catalog_and_order: Shop) -> None:
    product = await catalog_and_order.product(price="2.50")
    order = await catalog_and_order.order(product)
    await catalog_and_order.call("catalog", "PATCH", f"/products/{product}", json={"price": 9})
    found = await catalog_and_order.call("order", "GET", f"/orders/{order['order_id']}")
    assert found.json["total_amount"] == Decimal("2.50")


async def test_an_order_of_more_than_there_is_is_rejected_and_holds_nothing(
    catalog_and_order: Shop,
) -> None:
    much, little = (
        await catalog_and_order.product(stock=10),
        await catalog_and_order.product(stock=1),
    )
    reply = await place(catalog_and_order, line(much, 5), line(little, 2))
    assert (reply.status, reply.code) == (409, "insufficient_stock")
    assert reply.json["errors"] == [{"product_id": little, "requested": 2, "available": 1}]
    assert (await catalog_and_order.stock(much), await catalog_and_order.stock(little)) == (10, 1)


async def test_a_rejected_order_stays_with_its_reason(catalog_and_order: Shop) -> None:
    product = await catalog_and_order.product(stock=1)
    refused = (await place(catalog_and_order, line(product, 2))).json
    order = (await catalog_and_order.call("order", "GET", f"/orders/{refused['order_id']}")).json
    assert (order["status"], order["stock_state"]) == ("REJECTED", "NONE")
    assert (order["reason"], order["total_amount"]) == ("insufficient_stock", None)


@pytest.mark.parametrize("key", ["one", None])
async def test_a_rejection_names_the_order_and_the_request(
    catalog_and_order: Shop, key: str | None
) -> None:
    reply = await place(catalog_and_order, line(999), idempotency_key=key)
    (order,) = (await catalog_and_order.call("order", "GET", "/orders")).json
    assert reply.json["order_id"] == order["order_id"]
    assert reply.json["request_id"] == reply.headers["X-Request-ID"]


@pytest.mark.parametrize("seen", [{"price": Decimal("2.49")}, {"price": 3}])
async def test_a_price_other_than_the_buyer_saw_is_rejected(
    catalog_and_order: Shop, seen: Any
) -> None:
    product = await catalog_and_order.product(price="2.50")
    reply = await place(catalog_and_order, line(product, **seen))
    assert (reply.status, reply.code) == (409, "price_changed")
    assert reply.json["errors"][0]["price"] == Decimal("2.50")


async def test_a_total_other_than_the_buyer_saw_is_rejected(catalog_and_order: Shop) -> None:
    product = await catalog_and_order.product(price="2.50")
    reply = await place(
        catalog_and_order, line(product, 2), more={"expected_total": Decimal("4.99")}
    )
    assert (reply.status, reply.code) == (409, "price_changed")
    assert reply.json["errors"][-1]["total_amount"] == Decimal("5.00")


async def test_the_prices_and_the_total_that_the_buyer_saw_are_taken(
    catalog_and_order: Shop,
) -> None:
    product = await catalog_and_order.product(price="2.50")
    seen = {"expected_total": Decimal("5.00")}
    reply = await place(catalog_and_order, line(product, 2, price=Decimal("2.50")), more=seen)
    assert reply.status == 201


async def test_a_product_that_is_not_there_is_404(catalog_and_order: Shop) -> None:
    reply = await place(catalog_and_order, line(999))
    assert (reply.status, reply.code) == (404, "product_not_found")
    assert reply.json["detail"] == "Product 999 not found in catalog"


async def test_an_order_of_nothing_but_free_products_is_rejected(catalog_and_order: Shop) -> None:
    reply = await place(catalog_and_order, line(await catalog_and_order.product(price="0")))
    assert (reply.status, reply.code) == (422, "order_total_zero")


async def test_a_free_product_can_be_ordered_beside_one_that_costs(catalog_and_order: Shop) -> None:
    free, dear = (
        await catalog_and_order.product(price="0"),
        await catalog_and_order.product(price="1.00"),
    )
    reply = await place(catalog_and_order, line(free), line(dear))
    assert (reply.status, reply.json["total_amount"]) == (201, Decimal("1.00"))


async def test_an_order_for_somebody_else_is_404_to_a_customer(catalog_and_order: Shop) -> None:
    product = await catalog_and_order.product()
    reply = await place(catalog_and_order, line(product), key=token("mallory"))
    assert (reply.status, reply.code) == (404, "user_not_found")
    assert (await catalog_and_order.call("order", "GET", "/orders")).json == []


@pytest.mark.parametrize(
    "body",
    [
        {"items": []},
        {"items": [{"product_id": 1, "quantity": 0}]},
        {"items": [{"product_id": 1, "quantity": 1001}]},
        {"items": [{"product_id": 1, "quantity": 1}, {"product_id": 1, "quantity": 2}]},
        {"items": [{"product_id": n, "quantity": 1} for n in range(1, 102)]},
        {"items": [{"product_id": 1, "quantity": 1, "colour": "red"}]},
        {"expected_total": 0},
        {"expected_total": "5.00"},
        {"user_id": "not a user"},
        {"user_id": "a" * 129},
    ],
)
async def test_an_order_out_of_bounds_is_422_and_nothing_is_written(
    catalog_and_order: Shop, body: dict[str, Any]
) -> None:
    reply = await catalog_and_order.call(
        "order", "POST", "/orders", json={"user_id": "ada", **body}
    )
    assert (reply.status, reply.code) == (422, "invalid_request")
    assert await rows(catalog_and_order, "order", "SELECT * FROM orders") == []


async def test_while_the_catalog_is_away_an_order_and_its_repeats_are_202(
    order_alone: Shop,
) -> None:
    first = await place(order_alone, line(1), idempotency_key="one")
    assert first.status == 202
    assert (first.json["stock_state"], first.json["total_amount"]) == ("REQUESTED", None)
    assert first.json["items"][0]["name"] is None
    again = await place(order_alone, line(1), idempotency_key="one")
    assert (again.status, again.json["order_id"]) == (202, first.json["order_id"])


async def test_the_key_of_an_order_held_late_gets_201_for_good(shop: Shop) -> None:
    await shop.start("catalog")
    product = await shop.product()
    proxy = await put_proxy_before(shop, "catalog")
    proxy.open.clear()
    await shop.start("order", peer_deadline=0.05)
    pending = (await place(shop, line(product), idempotency_key="one")).json
    proxy.open.set()
    await order_is(shop, pending["order_id"], "CREATED", "HELD")
    final = [await place(shop, line(product), idempotency_key="one") for _ in range(2)]
    assert [reply.status for reply in final] == [201, 201]
    assert final[0].body == final[1].body
    assert final[0].json["order_id"] == pending["order_id"]
    assert final[0].headers["Idempotent-Replayed"] == "true"


async def test_the_key_of_an_order_rejected_late_gets_that_rejection(
    order_alone: Shop,
) -> None:
    pending = (await place(order_alone, line(77), idempotency_key="one")).json
    await order_alone.start("catalog")
    await order_is(order_alone, pending["order_id"], "REJECTED")
    reply = await place(order_alone, line(77), idempotency_key="one")
    assert (reply.status, reply.code) == (404, "product_not_found")
    assert reply.json["order_id"] == pending["order_id"]


async def test_the_key_of_an_order_cancelled_before_it_was_held_gets_order_closed(
    order_alone: Shop,
) -> None:
    pending = (await place(order_alone, line(1), idempotency_key="one")).json
    await order_alone.call("order", "POST", f"/orders/{pending['order_id']}/cancel")
    reply = await place(order_alone, line(1), idempotency_key="one")
    assert (reply.status, reply.code) == (409, "order_closed")


@pytest.mark.parametrize("stock", [100, 0])
async def test_the_same_key_is_the_same_order_and_the_same_answer(
    catalog_and_order: Shop, stock: int
) -> None:
    product = await catalog_and_order.product(stock=stock)
    replies = [
        await place(catalog_and_order, line(product), idempotency_key="one") for _ in range(3)
    ]
    assert len({reply.body for reply in replies}) == 1
    assert len({reply.status for reply in replies}) == 1
    assert [reply.headers.get("Idempotent-Replayed") for reply in replies] == [None, "true", "true"]
    assert len(await rows(catalog_and_order, "order", "SELECT * FROM orders")) == 1


async def test_twenty_requests_at_once_with_one_key_are_one_order(catalog_and_order: Shop) -> None:
    product = await catalog_and_order.product(stock=100)
    replies = await asyncio.gather(
        *(place(catalog_and_order, line(product, 3), idempotency_key="one") for _ in range(20))
    )
    done = [reply for reply in replies if reply.status == 201]
    assert {reply.status for reply in replies} <= {201, 409}
    assert {reply.code for reply in replies if reply.status == 409} <= {"request_in_progress"}
    assert len({reply.body for reply in done}) == 1
    assert await catalog_and_order.stock(product) == 97


async def test_orders_at_once_never_hold_more_than_there_is(catalog_and_order: Shop) -> None:
    product = await catalog_and_order.product(stock=5)
    replies = await asyncio.gather(*(place(catalog_and_order, line(product, 2)) for _ in range(10)))
    assert sorted(reply.status for reply in replies) == [201] * 2 + [409] * 8
    assert await catalog_and_order.stock(product) == 1
