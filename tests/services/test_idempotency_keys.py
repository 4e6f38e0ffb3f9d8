"""`Idempotency-Key` on the calls of one step: adding a product, changing stock, filling a cart."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from tests.services.stock import line, reserve, units
from tests.shop import Reply, Shop, token

ORDER = "6f1b2c3d-0000-4000-8000-00000000000d"
LOAF = {"name": "Country Loaf", "price": 4.20, "sku": "BAK-001"}
MORE = {"delta": 5, "reason": "delivery"}


async def add(shop: Shop, product: object, key: str = "k-1", **request: Any) -> Reply:
    request.setdefault("json", product)
    return await shop.call("catalog", "POST", "/products", idempotency_key=key, **request)


async def restock(shop: Shop, product_id: int, change: object = MORE, key: str = "k-1") -> Reply:
    path = f"/products/{product_id}/stock"
    return await shop.call("catalog", "POST", path, idempotency_key=key, json=change)


async def fill(shop: Shop, path: str, key: str = "k-1", **request: Any) -> Reply:
    return await shop.call("cart", "POST", path, idempotency_key=key, **request)


def is_replay(again: Reply, first: Reply) -> bool:
    """Whether an answer is the first one over again, and says so."""
    assert "Idempotent-Replayed" not in first.headers
    same = (again.status, again.body) == (first.status, first.body)
    return same and again.headers.get("Idempotent-Replayed") == "true"


async def test_a_repeat_adds_nothing_and_is_answered_the_same(catalog: Shop) -> None:
    first, again = await add(catalog, LOAF), await add(catalog, LOAF)
    assert first.status == 201
    assert is_replay(again, first)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["ETag"] == first.headers["ETag"]
    assert len((await catalog.call("catalog", "GET", "/products")).json) == 1


async def test_a_repeat_moves_no_stock(catalog: Shop) -> None:
    product_id = await catalog.product(stock=10)
    first, again = await restock(catalog, product_id), await restock(catalog, product_id)
    assert is_replay(again, first)
    assert units(catalog, product_id).available == 15


async def test_a_repeat_puts_nothing_more_in_the_cart(catalog_and_cart: Shop) -> None:
    path = f"/cart/ada/add?product_id={await catalog_and_cart.product()}"
    first, again = await fill(catalog_and_cart, path), await fill(catalog_and_cart, path)
    assert first.json["message"] == "Item added to cart"
    assert is_replay(again, first)


async def test_a_repeat_of_a_transition_gets_its_first_answer(catalog: Shop) -> None:
    await reserve(catalog, [line(await catalog.product())], ORDER)
    path = f"/reservations/{ORDER}/commit"
    first = await catalog.call("catalog", "POST", path, idempotency_key="k-1")
    await catalog.call("catalog", "POST", f"/reservations/{ORDER}/return")
    again = await catalog.call("catalog", "POST", path, idempotency_key="k-1")
    assert first.json["state"] == "COMMITTED"
    assert is_replay(again, first)


async def test_a_rejection_is_repeated_although_the_request_would_succeed_now(
    catalog: Shop,
) -> None:
    product_id = await catalog.product(stock=0)
    taken = {"delta": -1, "reason": "sample"}
    first = await restock(catalog, product_id, taken)
    await restock(catalog, product_id, key="k-2")
    assert first.code == "insufficient_stock"
    assert is_replay(await restock(catalog, product_id, taken), first)


@pytest.mark.parametrize(
    ("path", "code"),
    [("?product_id=999", "product_not_found"), ("?product_id=1", "too_many_units")],
)
async def test_a_rejection_of_the_cart_is_kept(
    catalog_and_cart: Shop, path: str, code: str
) -> None:
    await catalog_and_cart.product()
    full = {"product_id": 1, "quantity": 1000}
    await catalog_and_cart.call("cart", "POST", "/cart/ada/add", json=full)
    first = await fill(catalog_and_cart, f"/cart/ada/add{path}")
    await catalog_and_cart.call("cart", "DELETE", "/cart/ada")
    assert first.code == code
    assert is_replay(await fill(catalog_and_cart, f"/cart/ada/add{path}"), first)


async def test_a_key_with_another_request_is_rejected_and_does_nothing(catalog: Shop) -> None:
    await add(catalog, LOAF)
    reply = await add(catalog, {**LOAF, "sku": "BAK-002"})
    assert (reply.status, reply.code) == (422, "idempotency_key_reused")
    assert len((await catalog.call("catalog", "GET", "/products")).json) == 1


@pytest.mark.parametrize(
    "written",
    [
        b'{"price": 4.2, "sku": "BAK-001", "name": "Country Loaf"}',
        b'{"name": "Country\\u0020Loaf", "price": 42e-1, "sku": "BAK-001", "stock": 100}',
    ],
    ids=["other order", "other writing"],
)
async def test_a_request_is_the_same_however_it_is_written(catalog: Shop, written: bytes) -> None:
    first = await add(catalog, LOAF)
    headers = {"Content-Type": "application/json"}
    again = await add(catalog, None, json=None, data=written, headers=headers)
    assert is_replay(again, first)


async def test_a_request_is_the_same_from_the_query_and_from_a_body(catalog_and_cart: Shop) -> None:
    product_id = await catalog_and_cart.product()
    first = await fill(catalog_and_cart, f"/cart/ada/add?product_id={product_id}")
    body = {"product_id": product_id, "quantity": 1}
    assert is_replay(await fill(catalog_and_cart, "/cart/ada/add", json=body), first)


async def test_keys_survive_a_restart(catalog: Shop) -> None:
    first = await add(catalog, LOAF)
    refused = await add(catalog, LOAF, "k-2")
    await catalog.restart("catalog")
    assert is_replay(await add(catalog, LOAF), first)
    assert refused.code == "sku_taken"
    assert is_replay(await add(catalog, LOAF, "k-2"), refused)


async def test_a_key_belongs_to_one_path(catalog: Shop) -> None:
    first, second = await catalog.product(stock=10), await catalog.product(stock=10)
    assert (await restock(catalog, first)).status == 200
    reply = await restock(catalog, second)
    assert "Idempotent-Replayed" not in reply.headers
    assert units(catalog, second).available == 15


async def test_a_key_belongs_to_one_principal(catalog_and_cart: Shop) -> None:
    path = f"/cart/ada/add?product_id={await catalog_and_cart.product()}"
    await catalog_and_cart.call("cart", "POST", path, idempotency_key="k-1")
    hers = await catalog_and_cart.call(
        "cart", "POST", path, key=token("ada"), idempotency_key="k-1"
    )
    assert "Idempotent-Replayed" not in hers.headers
    assert hers.json["cart"][0]["quantity"] == 2


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"key": None}, 401),
        ({"key": token("ada")}, 403),
        ({"json": None, "data": b"{"}, 415),
        ({"json": None, "data": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"json": {"name": "Loaf"}}, 422),
    ],
    ids=["no key", "a customer", "no JSON", "malformed", "invalid"],
)
async def test_a_malformed_request_is_not_kept(
    catalog: Shop, wrong: dict[str, Any], status: int
) -> None:
    request: dict[str, Any] = {"json": LOAF, "idempotency_key": "k-1"}
    refused = await catalog.call("catalog", "POST", "/products", **{**request, **wrong})
    assert refused.status == status
    reply = await catalog.call("catalog", "POST", "/products", **request)
    assert reply.status == 201
    assert "Idempotent-Replayed" not in reply.headers


@pytest.mark.parametrize("key", ["", "x" * 256, "ключ", "tab\there"])
async def test_a_key_out_of_bounds_is_invalid(catalog: Shop, key: str) -> None:
    reply = await add(catalog, LOAF, key)
    assert (reply.status, reply.code) == (422, "invalid_request")


@pytest.mark.parametrize("key", ["!", "x" * 255, "with space ~"])
async def test_any_printable_key_will_do(catalog: Shop, key: str) -> None:
    first, again = await add(catalog, LOAF, key), await add(catalog, LOAF, key)
    assert is_replay(again, first)


async def test_a_repeat_while_the_first_is_under_way_is_request_in_progress(shop: Shop) -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def slow_catalog(_request: web.Request) -> web.Response:
        asked.set()
        await answer.wait()
        return web.json_response([{"id": 1, "name": "Pear Drops", "price": 1}])

    await shop.stand_in("catalog", slow_catalog)
    await shop.start("cart", peer_deadline=5.0)
    path = "/cart/ada/add?product_id=1"
    first = asyncio.create_task(fill(shop, path))
    await asked.wait()
    meanwhile = await fill(shop, path)
    assert (meanwhile.status, meanwhile.code) == (409, "request_in_progress")
    assert int(meanwhile.headers["Retry-After"]) >= 1
    answer.set()
    assert (await first).status == 200
    assert is_replay(await fill(shop, path), await first)


async def test_many_at_once_under_one_key_have_one_effect(catalog: Shop) -> None:
    replies = await asyncio.gather(*(add(catalog, LOAF) for _ in range(20)))
    assert {reply.status for reply in replies} <= {201, 409}
    created = {reply.body for reply in replies if reply.status == 201}
    assert len(created) == 1
    refused = {reply.code for reply in replies if reply.status == 409}
    assert refused <= {"request_in_progress"}
    assert len((await catalog.call("catalog", "GET", "/products")).json) == 1
