"""A purchase in currencies with two decimals, none, and three: amounts are exact at every step."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from aiohttp import web

from client import Conflict, OrderLine, ShopClient
from services.catalog import demo
from services.catalog.demo import demo_products
from services.common.core.currency import CURRENCIES, Currency
from tests.services.orders import P
from tests.services.peers import Peer
from tests.services.stock import line, reserve
from tests.shop import OPERATOR, Shop, as_json, token

PURCHASES = {
    "USD": ("19.99", "59.97", "59.98"),
    "JPY": ("1500", "4500", "4501"),
    "KWD": ("19.995", "59.985", "59.986"),
    "UYW": ("1.2555", "3.7665", "3.7666"),
}
"""The price of a unit, the total of three, and one of the smallest unit more."""
ORDER = "6f1b2c3d-0000-4000-8000-00000000000c"


@pytest.fixture(params=PURCHASES)
def code(request: pytest.FixtureRequest) -> str:
    """The currency of the shop."""
    return str(request.param)


@pytest.fixture
async def opened(shop: Shop, code: str) -> Shop:
    """A whole shop, with one product on sale."""
    await shop.start("catalog", "cart", "order", "payment", currency=code)
    await shop.product(price=PURCHASES[code][0])
    return shop


async def three_in_cart(shop: Shop) -> None:
    await shop.call("cart", "POST", "/cart/ada/add?product_id=1&quantity=3")


async def test_a_cart_an_order_and_its_payment_have_the_same_digits(
    opened: Shop, code: str
) -> None:
    price, total, _ = PURCHASES[code]
    await three_in_cart(opened)
    cart = await opened.call("cart", "GET", "/cart/ada")
    assert f'"price":{price},"line_total":{total},'.encode() in cart.body
    assert f'"total_amount":{total},"currency":"{code}"'.encode() in cart.body
    order = await opened.call("order", "POST", "/orders", json={"user_id": "ada"})
    assert f'"total_amount":{total},"currency":"{code}"'.encode() in order.body
    paid = await opened.pay(order.json)
    assert f'"amount":{total},"currency":"{code}"'.encode() in paid.body


async def test_the_client_library_buys_at_the_same_digits(opened: Shop, code: str) -> None:
    price, total, more = PURCHASES[code]
    async with ShopClient(opened.urls["registry"], api_key=OPERATOR) as client:
        line = OrderLine(1, 3, price=price)
        with pytest.raises(Conflict) as refused:
            await client.orders.create("ada", [line], expected_total=more)
        assert refused.value.code == "price_changed"
        order = await client.orders.create("ada", [line], expected_total=total)
        receipt = await client.payments.pay(order.order_id, total)
        assert (str(order.total_amount), str(receipt.amount)) == (total, total)


async def test_a_refund_has_the_digits_of_its_payment(opened: Shop, code: str) -> None:
    _, total, _ = PURCHASES[code]
    paid = (await opened.pay(await opened.order(1, quantity=3))).json
    path = f"/payments/{paid['payment_id']}/refund"
    refunded = await opened.call("payment", "POST", path)
    assert f'"refunded_amount":{total},'.encode() in refunded.body


async def test_a_payment_that_is_looked_up_pays_at_the_same_digits(opened: Shop, code: str) -> None:
    _, total, _ = PURCHASES[code]
    order_id = (await opened.order(1, quantity=3))["order_id"]
    found = {"payment_id": P, "order_id": order_id, "user_id": "ada", "status": "PENDING"}
    payment = as_json([{**found, "amount": Decimal(total), "currency": code}])["data"]
    peer = Peer(lambda _: web.Response(body=payment, content_type="application/json"))
    await opened.stop("payment")
    await opened.stand_in("payment", peer.serve)
    await opened.stop("order")
    await opened.start("order", currency=code)
    paid = await opened.call("order", "POST", f"/orders/{order_id}/payment")
    assert (paid.status, paid.json["status"]) == (200, "PAID")


async def test_the_last_known_price_has_its_digits_while_the_catalog_is_away(
    opened: Shop, code: str
) -> None:
    price, total, _ = PURCHASES[code]
    await three_in_cart(opened)
    await opened.stop("catalog")
    cart = await opened.call("cart", "GET", "/cart/ada")
    assert f'"price":{price},"line_total":{total},'.encode() in cart.body


async def test_a_receipt_shows_the_digits_of_its_order(opened: Shop, code: str) -> None:
    price, total, _ = PURCHASES[code]
    order = await opened.order(1, quantity=3)
    path = f"/orders/{order['order_id']}/receipt"
    made = await opened.call("order", "POST", path, key=token("ada"))
    receipt = await opened.call("order", "GET", made.headers["Location"], key=None)
    assert f'"price":{price},"line_total":{total}'.encode() in receipt.body
    assert f'"total_amount":{total},"currency":"{code}"'.encode() in receipt.body


async def test_a_repeat_may_write_a_price_with_more_digits_of_the_same_value(
    opened: Shop, code: str
) -> None:
    price, _, _ = PURCHASES[code]
    replies = []
    for written in (price, f"{Decimal(price):.9f}"):
        product = as_json({"name": "Country Loaf", "price": Decimal(written)})
        replies.append(
            await opened.call("catalog", "POST", "/products", idempotency_key="k-1", **product)
        )
    assert [reply.status for reply in replies] == [201, 201]
    assert replies[1].headers["Idempotent-Replayed"] == "true"


async def test_one_of_the_smallest_unit_too_much_does_not_pay(opened: Shop, code: str) -> None:
    _, total, more = PURCHASES[code]
    order = await opened.order(1, quantity=3)
    refused = await opened.pay({**order, "total_amount": Decimal(more)})
    assert (refused.status, refused.code) == (422, "amount_mismatch")
    assert f" is {total}, not {more}" in refused.json["detail"]


async def test_an_amount_with_more_digits_and_the_same_value_pays(opened: Shop, code: str) -> None:
    order = await opened.order(1, quantity=3)
    longer = Decimal(f"{order['total_amount']:.9f}")
    assert (await opened.pay({**order, "total_amount": longer})).status == 200


async def test_another_total_than_expected_is_told_with_its_currency(
    opened: Shop, code: str
) -> None:
    _, total, more = PURCHASES[code]
    await three_in_cart(opened)
    wanted = f'{{"user_id": "ada", "expected_total": {more}}}'.encode()
    headers = {"Content-Type": "application/json"}
    refused = await opened.call("order", "POST", "/orders", data=wanted, headers=headers)
    assert (refused.status, refused.code) == (409, "price_changed")
    assert refused.json["detail"].endswith(f"the total is {total} now")
    assert refused.json["errors"][-1] == {
        "expected_total": Decimal(more),
        "total_amount": Decimal(total),
        "currency": code,
    }


async def test_a_whole_total_has_its_decimals_in_each_answer_that_it_is_in(
    opened: Shop, code: str
) -> None:
    unit = CURRENCIES[code].minor_per_major
    price, total, more = (CURRENCIES[code].text(units * unit) for units in (1, 3, 4))
    product = await opened.product(price=price)
    told = f'"expected_total":{more},"total_amount":{total},"currency":"{code}"'.encode()
    wanted = {"expected_total": Decimal(more)}
    first, again = [await reserve(opened, [line(product, 3)], ORDER, **wanted) for _ in range(2)]
    assert told in first.body
    assert told in again.body
    body = {"user_id": "ada", "items": [line(product, 3)], **wanted}
    for _ in range(2):
        order = {**as_json(body), "idempotency_key": "k-1"}
        assert told in (await opened.call("order", "POST", "/orders", **order)).body


async def test_the_columns_for_people_are_in_major_units(opened: Shop, code: str) -> None:
    price, total, _ = PURCHASES[code]
    await opened.pay(await opened.order(1, quantity=3))
    columns = {
        "products": ("price", price),
        "orders": ("total_amount", total),
        "payments": ("amount", total),
    }
    for table, (column, expected) in columns.items():
        with closing(sqlite3.connect(opened.folder / f"{table}.db")) as conn:
            ((found,),) = conn.execute(f"SELECT {column} FROM {table}")
            assert found == pytest.approx(float(expected), rel=1e-12)


async def test_the_largest_order_is_placed_and_paid_exactly(opened: Shop, code: str) -> None:
    currency = CURRENCIES[code]
    items = []
    for _ in range(100):
        product_id = await opened.product(price=str(currency.major(10**10)), stock=1000)
        items.append({"product_id": product_id, "quantity": 1000})
    wanted = {"user_id": "ada", "items": items}
    order = await opened.call("order", "POST", "/orders", json=wanted)
    assert order.json["total_amount"] == currency.major(10**15)
    assert (await opened.pay(order.json)).status == 200


async def test_a_total_above_the_largest_is_refused_in_words(opened: Shop, code: str) -> None:
    order = await opened.order(1, quantity=3)
    largest = CURRENCIES[code].text(10**15)
    more = CURRENCIES[code].major(10**15 + 1)
    refused = await opened.pay({**order, "total_amount": more})
    assert (refused.status, refused.code) == (422, "invalid_request")
    assert refused.json["detail"] == f"amount: expected a number <= {largest}"


async def test_the_document_of_a_service_has_the_steps_of_its_currency(
    opened: Shop, code: str
) -> None:
    document = (await opened.call("catalog", "GET", "/openapi.json")).json
    price = document["components"]["schemas"]["NewProduct"]["properties"]["price"]
    assert price["multipleOf"] == CURRENCIES[code].major(1)
    assert price["maximum"] == CURRENCIES[code].major(10**10)


@pytest.mark.parametrize("currency", CURRENCIES.values(), ids=CURRENCIES)
def test_every_currency_has_a_demo_whose_goods_cost_something(currency: Currency) -> None:
    goods = demo_products(currency)
    assert all(product.price > 0 for product in goods)
    assert len({product.price for product in goods}) > len(goods) / 2


@pytest.mark.parametrize(
    ("currency", "price"),
    [
        *[("USD", "1.20"), ("EUR", "1.20"), ("KWD", "1.200"), ("JPY", "120"), ("KRW", "1200")],
        *[("UYW", "12.0000"), ("CUP", "12.00"), ("GYD", "120.00"), ("SSP", "1200.00")],
    ],
)
def test_the_demo_has_prices_as_they_are_in_the_currency(currency: str, price: str) -> None:
    assert demo_products(CURRENCIES[currency])[0].price.text == price


@pytest.mark.parametrize(("code", "price"), [("USD", "3.00"), ("JPY", "300"), ("KWD", "3.000")])
def test_a_price_of_the_demo_may_be_whole(
    code: str, price: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goods = tmp_path / "demo.json"
    goods.write_text('[{"name": "Pear Drops", "price": 3}]')
    monkeypatch.setattr(demo, "GOODS", goods)
    assert [product.price.text for product in demo_products(CURRENCIES[code])] == [price]
