"""A customer's way through the whole shop, and what is not theirs to see or to do."""

from typing import Any
from urllib.parse import urlencode

import pytest

from client.wire import path_segment
from tests.routes import assert_problem
from tests.shop import Reply, Shop, as_json, token, until

ADA, BOB = token("ada"), token("bob")


async def test_a_guest_fills_a_cart_orders_pays_and_sees_it_all(whole_shop: Shop) -> None:
    product_id = await whole_shop.product(price="2.50", stock=10)
    session = (await whole_shop.call("storefront", "POST", "/api/session", key=None)).json
    me, key = session["user_id"], session["token"]

    async def call(method: str, path: str, status: int = 200, **request: Any) -> Any:
        reply = await whole_shop.call("storefront", method, f"/api{path}", key=key, **request)
        assert reply.status == status, reply.body
        return reply.json

    added = await call("POST", f"/cart/{me}/add?product_id={product_id}&quantity=3")
    assert added["message"] == "Item added to cart"
    order = await call("POST", "/orders", 201, json={"user_id": me}, idempotency_key="o-1")
    pay = {"order_id": order["order_id"], "amount": order["total_amount"]}
    paid = await call("POST", "/pay", **as_json(pay))
    assert (paid["status"], paid["order_status"]) == ("COMPLETED", "PAID")
    (listed,) = await call("GET", "/orders")
    assert listed["status"] == "PAID"
    assert await whole_shop.stock(product_id) == 7


@pytest.mark.parametrize(
    "user_id", ["auth0|1", "ann+shop@example.com", "google-oauth2|107", "o'neil@example.com"]
)
async def test_a_user_may_have_the_id_that_an_identity_provider_gave(
    whole_shop: Shop, user_id: str
) -> None:
    product_id = await whole_shop.product(stock=10)
    key, me = token(user_id), path_segment(user_id)

    async def call(method: str, path: str, **request: Any) -> Any:
        reply = await whole_shop.call("storefront", method, f"/api{path}", key=key, **request)
        assert reply.status in (200, 201), reply.body
        return reply.json

    await call("POST", f"/cart/{me}/add", json={"product_id": product_id, "quantity": 3})
    order = await call("POST", "/orders", json={"user_id": user_id})
    await call(
        "POST", "/pay", **as_json({"order_id": order["order_id"], "amount": order["total_amount"]})
    )
    (listed,) = await call("GET", f"/orders?{urlencode({'user_id': user_id})}")
    assert (listed["status"], listed["user_id"]) == ("PAID", user_id)

    async def is_empty() -> bool:
        return not (await call("GET", f"/cart/{me}"))["items"]

    await until(is_empty)


BOB_S = [
    ("/cart/bob", "cart_not_found"),
    ("/orders/{order_id}", "order_not_found"),
    ("/orders/{order_id}/events", "order_not_found"),
    ("/orders?user_id=bob", "user_not_found"),
    ("/payments/{payment_id}", "payment_not_found"),
]


async def test_what_belongs_to_another_customer_is_404(whole_shop: Shop) -> None:
    order = await whole_shop.order(await whole_shop.product(), user_id="bob")
    payment = (await whole_shop.pay(order)).json
    for place, code in BOB_S:
        path = f"/api{place}".format(**payment)
        assert_problem(await whole_shop.call("storefront", "GET", path, key=ADA), 404, code)
        assert (await whole_shop.call("storefront", "GET", path, key=BOB)).status == 200


async def test_another_s_order_can_be_neither_paid_nor_cancelled(whole_shop: Shop) -> None:
    order = await whole_shop.order(await whole_shop.product(), user_id="bob")
    pay = {"order_id": order["order_id"], "amount": order["total_amount"]}
    reply = await whole_shop.call("storefront", "POST", "/api/pay", key=ADA, **as_json(pay))
    assert_problem(reply, 404, "order_not_found")
    path = f"/api/orders/{order['order_id']}/cancel"
    reply = await whole_shop.call("storefront", "POST", path, key=ADA)
    assert_problem(reply, 404, "order_not_found")


OPERATOR_S = [
    ("POST", "/products"),
    ("PATCH", "/products/1"),
    ("DELETE", "/products/1"),
    ("POST", "/products/1/stock"),
    ("POST", "/cart/ada/close"),
    ("GET", "/cart/ada/lines"),
    ("POST", "/orders/6f1b2c3d-0000-4000-8000-00000000000d/payment"),
    ("POST", "/orders/6f1b2c3d-0000-4000-8000-00000000000d/refund"),
    ("POST", "/payments/6f1b2c3d-0000-4000-8000-00000000000d/refund"),
]


async def test_what_only_the_operator_may_do_is_403_for_a_customer(whole_shop: Shop) -> None:
    for method, path in OPERATOR_S:
        reply = await whole_shop.call("storefront", method, f"/api{path}", key=ADA)
        assert_problem(reply, 403, "forbidden")


async def test_the_operator_may_use_the_gateway_too(whole_shop: Shop) -> None:
    new = {"name": "Pear Drops", "price": 2}
    reply = await whole_shop.call("storefront", "POST", "/api/products", json=new)
    assert reply.status == 201
    assert reply.headers["Location"] == f"/api/products/{reply.json['id']}"
    assert (await whole_shop.call("storefront", "GET", reply.headers["Location"])).status == 200


async def test_a_repeat_has_one_effect_and_the_same_answer(whole_shop: Shop) -> None:
    product_id = await whole_shop.product(stock=10)
    new = {"user_id": "ada", "items": [{"product_id": product_id, "quantity": 2}]}

    async def order() -> Reply:
        return await whole_shop.call(
            "storefront", "POST", "/api/orders", key=ADA, idempotency_key="k-1", json=new
        )

    first, again = await order(), await order()
    assert (first.status, again.status) == (201, 201)
    assert again.body == first.body
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await whole_shop.stock(product_id) == 8


async def test_rejections_have_the_same_order_behind_the_gateway(whole_shop: Shop) -> None:
    async def refused(key: str | None, body: bytes, media: str) -> tuple[int, str]:
        reply = await whole_shop.call(
            "storefront",
            "POST",
            "/api/orders",
            key=key,
            data=body,
            headers={"Content-Type": media},
        )
        return reply.status, reply.code

    large = b"{" + b" " * 70_000
    assert await refused(None, large, "text/plain") == (401, "invalid_api_key")
    assert await refused(ADA, large, "text/plain") == (413, "payload_too_large")
    assert await refused(ADA, b"{", "text/plain") == (415, "unsupported_media_type")
    assert await refused(ADA, b"{", "application/json") == (400, "malformed_json")
    assert await refused(ADA, b"{}", "application/json") == (422, "invalid_request")
