"""Stock that comes in and goes out, products that are taken off the shelves, and what others find
in the catalog's own file.
"""

import asyncio
import sqlite3
from contextlib import closing

import pytest

from tests.services.stock import Units, line, move, reserve, rows, units
from tests.shop import Reply, Shop

ORDER = "6f1b2c3d-0000-4000-8000-00000000000b"


async def adjust(
    shop: Shop, product_id: int, delta: object, reason: object = "stocktaking"
) -> Reply:
    body = {"delta": delta, "reason": reason}
    return await shop.call("catalog", "POST", f"/products/{product_id}/stock", json=body)


async def delete(shop: Shop, product_id: int) -> Reply:
    return await shop.call("catalog", "DELETE", f"/products/{product_id}")


@pytest.mark.parametrize(("delta", "left"), [(5, 15), (-4, 6), (-10, 0)])
async def test_units_come_in_and_go_out(catalog: Shop, delta: int, left: int) -> None:
    product_id = await catalog.product(stock=10)
    reply = await adjust(catalog, product_id, delta)
    assert (reply.status, reply.json["stock"], reply.json["version"]) == (200, left, 1)
    assert units(catalog, product_id) == Units(left, 0, 0)


async def test_more_than_is_there_cannot_be_taken_away(catalog: Shop) -> None:
    product_id = await catalog.product(stock=10)
    reply = await adjust(catalog, product_id, -11)
    assert (reply.status, reply.code) == (409, "insufficient_stock")
    assert reply.json["errors"] == [{"product_id": product_id, "requested": 11, "available": 10}]
    assert units(catalog, product_id) == Units(10, 0, 0)


async def test_what_is_held_cannot_be_taken_away(catalog: Shop) -> None:
    product_id = await catalog.product(stock=10)
    await reserve(catalog, [line(product_id, 4)])
    assert (await adjust(catalog, product_id, -7)).code == "insufficient_stock"
    assert (await adjust(catalog, product_id, -6)).json["stock"] == 0
    assert units(catalog, product_id) == Units(0, 4, 0)


async def test_many_changes_at_once_never_take_the_same_unit(catalog: Shop) -> None:
    product_id = await catalog.product(stock=10)
    replies = await asyncio.gather(*(adjust(catalog, product_id, -3) for _ in range(10)))
    assert sorted(reply.status for reply in replies) == [200] * 3 + [409] * 7
    assert units(catalog, product_id) == Units(1, 0, 0)


async def test_the_ledger_has_the_reason(catalog: Shop) -> None:
    product_id = await catalog.product(stock=10)
    await adjust(catalog, product_id, -2, "melted in the window")
    query = "SELECT available, reason FROM stock_ledger WHERE product_id = ? ORDER BY id"
    ledger = rows(catalog, "products.db", query, product_id)
    assert ledger == [(10, "added"), (-2, "melted in the window")]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"delta": 1},
        {"reason": "why"},
        {"delta": "1", "reason": "why"},
        {"delta": 1.5, "reason": "why"},
        {"delta": 1_000_000_001, "reason": "why"},
        {"delta": 1, "reason": ""},
        {"delta": 1, "reason": "\u00a0"},
        {"delta": 1, "reason": "why", "by": "ada"},
    ],
    ids=str,
)
async def test_a_change_out_of_bounds_is_invalid(catalog: Shop, change: dict[str, object]) -> None:
    product_id = await catalog.product(stock=10)
    reply = await catalog.call("catalog", "POST", f"/products/{product_id}/stock", json=change)
    assert (reply.status, reply.code) == (422, "invalid_request")
    assert units(catalog, product_id) == Units(10, 0, 0)


async def test_stock_of_an_unknown_product_is_404(catalog: Shop) -> None:
    assert (await adjust(catalog, 999, 1)).code == "product_not_found"


async def test_a_deleted_product_is_gone_from_the_shelves(catalog: Shop) -> None:
    product_id = await catalog.product(category="sweets")
    gone = await delete(catalog, product_id)
    assert (gone.status, gone.body) == (204, b"")
    assert (await catalog.call("catalog", "GET", "/products")).json == []
    assert (await catalog.call("catalog", "GET", f"/products?ids={product_id}")).json == []
    assert (await catalog.call("catalog", "GET", "/categories")).json == []
    reply = await catalog.call("catalog", "GET", f"/products/{product_id}")
    assert (reply.status, reply.code) == (404, "product_not_found")


async def test_a_deleted_product_cannot_be_changed_nor_deleted_again(catalog: Shop) -> None:
    product_id = await catalog.product()
    await delete(catalog, product_id)
    edited = await catalog.call("catalog", "PATCH", f"/products/{product_id}", json={"price": 1})
    for reply in (edited, await adjust(catalog, product_id, 1), await delete(catalog, product_id)):
        assert (reply.status, reply.code) == (404, "product_not_found")


async def test_the_sku_of_a_deleted_product_is_free_and_its_id_is_not(catalog: Shop) -> None:
    first = await catalog.product(sku="SWT-001")
    await delete(catalog, first)
    assert await catalog.product(sku="SWT-001") > first


async def test_units_held_of_a_deleted_product_can_still_be_sold_or_released(
    catalog: Shop,
) -> None:
    product_id = await catalog.product(stock=10)
    await reserve(catalog, [line(product_id, 2)], ORDER)
    await reserve(catalog, [line(product_id, 3)], other := f"{ORDER[:-1]}c")
    await delete(catalog, product_id)
    assert (await move(catalog, ORDER, "commit")).json["state"] == "COMMITTED"
    assert (await move(catalog, other, "release")).json["state"] == "RELEASED"
    assert units(catalog, product_id) == Units(8, 0, 2)


async def test_an_order_keeps_its_lines_when_their_product_is_deleted(
    four_services: Shop,
) -> None:
    product_id = await four_services.product(price="2.50")
    order = await four_services.order(product_id, quantity=2)
    await delete(four_services, product_id)
    path = f"/orders/{order['order_id']}"
    assert (await four_services.call("order", "GET", path)).json == order
    assert (await four_services.pay(order)).json["order_status"] == "PAID"


async def test_products_can_be_read_by_the_columns_of_the_first_release(catalog: Shop) -> None:
    product_id = await catalog.product(price="19.99", stock=10)
    await reserve(catalog, [line(product_id, 3)])
    assert rows(catalog, "products.db", "SELECT id, name, price, stock FROM products") == [
        (product_id, "Pear Drops", 19.99, 7)
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stock_ledger SET available = 0",
        "DELETE FROM stock_ledger",
        "UPDATE products SET available = -1",
        "UPDATE products SET reserved = -1",
        "UPDATE products SET sold = -1",
        "UPDATE products SET price_minor = -1",
        "UPDATE reservations SET state = 'LOST'",
        "INSERT INTO stock_ledger (product_id, movement, available, reserved, sold, reason, at)"
        " VALUES (1, 'hold', -1, 2, 0, 'from nowhere', 'now')",
    ],
)
async def test_the_schema_rejects_impossible_rows(catalog: Shop, statement: str) -> None:
    await reserve(catalog, [line(await catalog.product(), 3)])
    await catalog.stop("catalog")
    with (
        closing(sqlite3.connect(catalog.folder / "products.db")) as conn,
        pytest.raises(sqlite3.IntegrityError),
    ):
        conn.execute(statement)
