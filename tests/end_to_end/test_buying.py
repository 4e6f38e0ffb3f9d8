"""A shop that one command starts: buying in it by the client library, by curl, from an import."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from client import NotFound, Order, OrderLine, ShopClient
from services.operations.run.deployment import SERVICES

from .real_shop import OPERATOR, ROOT, RealShop, call, run

EXPORT = ROOT / "tests" / "operations" / "shopify" / "data" / "newer-header.csv"


@pytest.fixture
async def client(shop: RealShop) -> AsyncIterator[ShopClient]:
    async with ShopClient(shop.registry_url, api_key=OPERATOR, timeout=30.0) as client:
        yield client


async def buy(client: ShopClient, user_id: str, product_id: int, quantity: int) -> Order:
    """Order something, pay for it, and return the order as it is then."""
    lines = [OrderLine(product_id=product_id, quantity=quantity)]
    order = await client.orders.create(user_id, lines)
    receipt = await client.payments.pay(order.order_id, order.total_amount)
    assert (receipt.status, receipt.order_status) == ("COMPLETED", "PAID")
    return await client.orders.get(order.order_id)


def row(database: Path, query: str, *values: object) -> dict[str, Any]:
    """What a person finds who opens a database with sqlite3."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as conn:
        conn.row_factory = sqlite3.Row
        return dict(conn.execute(query, values).fetchone())


@pytest.mark.parametrize("name", [one.name for one in SERVICES])
def test_every_part_is_ready_when_the_shop_says_so(shop: RealShop, name: str) -> None:
    assert call("GET", f"{shop.url(name)}/readyz", key=None)[0] == 200


async def test_what_is_in_a_cart_can_be_bought_to_the_cent(client: ShopClient) -> None:
    product, *_ = await client.catalog.products(in_stock=True)
    await client.cart.add("ada", product.id, quantity=2)
    order = await client.orders.create("ada", expected_total=product.price * 2)
    payment = await client.payments.pay(order.order_id, order.total_amount)
    assert payment.amount == order.total_amount == product.price * 2
    assert (await client.orders.get(order.order_id)).status == "PAID"
    assert (await client.cart.get("ada")).items == []
    assert (await client.catalog.product(product.id)).stock == product.stock - 2


async def test_a_refund_puts_the_stock_back(client: ShopClient) -> None:
    product, *_ = await client.catalog.products(in_stock=True, sort="-price")
    order = await buy(client, "ben", product.id, 1)
    assert order.payment_id is not None
    payment = await client.payments.refund(order.payment_id)
    assert (payment.status, payment.refunded_amount) == ("REFUNDED", order.total_amount)
    assert (await client.catalog.product(product.id)).stock == product.stock


def test_the_services_answer_curl_as_in_the_first_release(shop: RealShop) -> None:
    cart, catalog, order, payment = map(shop.url, ("cart", "catalog", "order", "payment"))
    status, rejection = call("GET", f"{cart}/cart/user1", key=None)
    assert (status, rejection["detail"]) == (401, "Invalid API Key")
    assert call("GET", f"{cart}/cart/user1")[1]["items"] == []
    status, rejection = call("POST", f"{cart}/cart/user1/add?product_id=999&quantity=1")
    assert (status, rejection["detail"]) == (404, "Product 999 not found in catalog")
    status, added = call("POST", f"{cart}/cart/user1/add?product_id=1&quantity=1")
    assert (status, added["message"]) == (200, "Item added to cart")
    products = call("GET", f"{catalog}/products")[1]
    (price,) = (product["price"] for product in products if product["id"] == 1)
    status, placed = call("POST", f"{order}/orders", {"user_id": "user1"})
    assert (status, placed["status"], placed["total_amount"]) == (201, "CREATED", price)
    order_id = placed["order_id"]
    status, paid = call("POST", f"{payment}/pay?order_id={order_id}&amount={price}")
    assert (status, paid["status"], paid["order_status"]) == (200, "COMPLETED", "PAID")
    status, noticed = call("POST", f"{order}/orders/{order_id}/payment")
    assert (status, noticed["order_id"], noticed["status"]) == (200, order_id, "PAID")


def test_tokens_are_signed_with_another_key_on_command(shop: RealShop) -> None:
    guest = call("POST", f"{shop.url('storefront')}/api/session", key=None)[1]
    rotated = run("rotate-token-key", "--base-port", str(shop.base_port))
    assert (rotated.returncode, rotated.stderr) == (0, "")
    assert rotated.stdout.startswith("Key ")
    cart = f"{shop.url('storefront')}/api/cart/{guest['user_id']}"
    assert call("GET", cart, key=guest["token"])[0] == 200


async def test_the_columns_of_the_first_release_can_be_read_with_sqlite3(
    shop: RealShop, client: ShopClient
) -> None:
    product, *_ = await client.catalog.products(in_stock=True, sort="price", min_price=1)
    order = await buy(client, "cleo", product.id, 1)
    await client.cart.add("cleo", product.id)
    data, price = shop.folder, float(product.price)
    query = "SELECT user_id, items, created_at, updated_at FROM carts WHERE user_id = 'cleo'"
    assert row(data / "carts.db", query)["items"] == f'[{{"product_id":{product.id},"quantity":1}}]'
    query = "SELECT name, price, stock, created_at FROM products WHERE id = ?"
    listed = row(data / "products.db", query, product.id)
    assert (listed["name"], listed["price"]) == (product.name, price)
    assert listed["stock"] == product.stock - 1
    query = "SELECT user_id, items, status, total_amount FROM orders WHERE order_id = ?"
    ordered = row(data / "orders.db", query, order.order_id)
    assert (ordered["user_id"], ordered["status"]) == ("cleo", "PAID")
    assert ordered["total_amount"] == price
    query = "SELECT payment_id, amount, status, created_at FROM payments WHERE order_id = ?"
    paid = row(data / "payments.db", query, order.order_id)
    assert (paid["payment_id"], paid["amount"]) == (order.payment_id, price)
    assert paid["status"] == "COMPLETED"


async def test_what_was_imported_can_be_bought(shop: RealShop, client: ShopClient) -> None:
    done = run("import", str(EXPORT), "--registry", shop.registry_url)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("newer-header.csv: 1 added, 0 updated")
    (spoon,) = await client.catalog.products(sku="SPN-1")
    order = await buy(client, "dan", spoon.id, 3)
    assert order.total_amount == spoon.price * 3
    assert (await client.catalog.product(spoon.id)).stock == 17


async def test_a_rejection_is_an_error_of_the_client(client: ShopClient) -> None:
    with pytest.raises(NotFound, match="Product 999999 not found in catalog"):
        await client.cart.add("eve", 999_999)


def test_the_audit_of_an_open_shop_is_clean(shop: RealShop) -> None:
    done = run("audit", "--data-dir", str(shop.folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("Clean: ")
