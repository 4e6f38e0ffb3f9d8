"""What the catalog tells from memory is what it would read from its file."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, get_args

import pytest

from services.catalog import store
from services.catalog.memory import MEMORY, CatalogMemory, memory_of
from services.catalog.messages import CategoryQuery, ProductJson, ProductQuery, Sort
from services.common.core.currency import USD
from services.common.core.money import Price
from services.common.storage.database import Database
from services.common.web import paging
from services.common.web.keys import DATABASE
from tests.services.held_writes import Stall
from tests.services.stock import line, reserve, rows
from tests.shop import Shop, as_json, until

Write = Callable[[Shop], Coroutine[Any, Any, Any]]

LISTS = [
    *(ProductQuery(sort=sort, limit=2) for sort in get_args(Sort)),
    *(ProductQuery(), ProductQuery(ids="3,1,2,1,99"), ProductQuery(ids="2", limit=1)),
    *(ProductQuery(ids="3,1,2", limit=2), ProductQuery(ids="1,2", sku="b"), ProductQuery(q="pear")),
    *(
        ProductQuery(category="sweets"),
        ProductQuery(sku="a"),
        ProductQuery(min_price=Price(2, USD)),
    ),
    *(ProductQuery(in_stock=True), ProductQuery(in_stock=False)),
]
CATEGORIES = [CategoryQuery(), CategoryQuery(q="pear"), CategoryQuery(in_stock=True)]


async def stock_up(shop: Shop) -> None:
    await shop.product(name="Pear Drops", sku="a", category="sweets", price="1", stock=1)
    await shop.product(name="Pear Tart", sku="b", category="bakery", price="2", stock=9)
    await shop.product(name="Rye Loaf", sku="c", category="bakery", price="3", stock=0)


async def told_by(memory: CatalogMemory) -> list[Any]:
    """What a memory tells of all lists and products."""
    pages = [await memory.page(query) for query in LISTS]
    known = {product_id for page in pages for product_id in page.ids}
    return [
        *((page.json, page.etag, page.after) for page in pages),
        *[await memory.product(product_id) for product_id in sorted(known)],
        *[await memory.categories(query) for query in CATEGORIES],
    ]


async def edit(shop: Shop, **changes: Any) -> None:
    await shop.call("catalog", "PATCH", "/products/1", **as_json(changes))


WRITES: dict[str, Write] = {
    "hold": lambda shop: reserve(shop, [line(1), line(2, 3)]),
    "sell out": lambda shop: reserve(shop, [line(1)]),
    "count": lambda shop: shop.call(
        "catalog", "POST", "/products/3/stock", json={"delta": 5, "reason": "count"}
    ),
    "rename": lambda shop: edit(shop, name="Zesty Apple"),
    "price": lambda shop: edit(shop, price=9),
    "category": lambda shop: edit(shop, category="bakery"),
    "sku": lambda shop: edit(shop, sku="z"),
    "describe": lambda shop: edit(shop, description="of pears"),
    "picture": lambda shop: edit(shop, image="/a.png"),
    "add": lambda shop: shop.product(name="Apple Tart", price="1", category="sweets"),
    "delete": lambda shop: shop.call("catalog", "DELETE", "/products/2"),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_after_a_write_it_tells_what_an_empty_memory_reads(
    catalog: Shop, write: Write
) -> None:
    await stock_up(catalog)
    memory, database = catalog.app("catalog")[MEMORY], catalog.app("catalog")[DATABASE]
    for _ in range(2):
        before = await told_by(memory)
    await write(catalog)
    expected = await told_by(await memory_of(database))
    assert await told_by(memory) == expected
    assert await told_by(memory) == expected
    assert before != expected


@pytest.mark.parametrize(
    "change",
    [
        *(
            "sku = 'z'",
            "name = 'Zest'",
            "description = 'sour'",
            "category = 'bakery'",
            "image = 'z'",
        ),
        *("price_minor = 900", "available = 0", "version = 7", "updated_at = 'now'"),
        *("deleted_at = 'now'", "sort_name = 'zest'", "search_text = 'zest'"),
    ],
)
async def test_no_column_changes_unnoticed(catalog: Shop, change: str) -> None:
    await stock_up(catalog)
    memory, database = catalog.app("catalog")[MEMORY], catalog.app("catalog")[DATABASE]
    before = await told_by(memory)
    sql = f"UPDATE products SET {change} WHERE id = 1"
    await database.write(lambda conn: conn.execute(sql).rowcount)
    assert await told_by(memory) == await told_by(await memory_of(database)) != before


async def test_a_hold_of_one_product_leaves_the_others_in_memory(catalog: Shop) -> None:
    await stock_up(catalog)
    memory = catalog.app("catalog")[MEMORY]
    first, second = [await memory.product(product_id) for product_id in (1, 2)]
    await reserve(catalog, [line(1)])
    assert await memory.product(1) is not first
    assert await memory.product(2) is second


async def test_a_page_is_read_once_however_often_its_stock_changes(
    catalog: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stock_up(catalog)
    await catalog.call("catalog", "GET", "/products?sort=name")

    async def never(*_args: object) -> None:
        raise AssertionError

    monkeypatch.setattr(Database, "read", never)
    for left in (8, 7):
        await reserve(catalog, [line(2)])
        reply = await catalog.call("catalog", "GET", "/products?sort=name")
        assert [product["stock"] for product in reply.json] == [1, left, 0]


@pytest.mark.parametrize("path", ["/products/2", "/products", "/products?ids=1,2"])
async def test_what_is_read_while_a_write_is_under_way_is_not_told_after_it(
    catalog: Shop, path: str
) -> None:
    await stock_up(catalog)
    stall = Stall()

    def sell_out(conn: sqlite3.Connection) -> None:
        conn.execute("UPDATE products SET available = 0 WHERE id = 2")
        stall.unit(conn)

    before = (await catalog.call("catalog", "GET", path)).body
    selling = asyncio.create_task(catalog.app("catalog")[DATABASE].write(sell_out))
    await until(stall.begun.is_set)
    assert (await catalog.call("catalog", "GET", path)).body == before
    stall.end.set()
    await selling
    reply = await catalog.call("catalog", "GET", path)
    assert reply.body != before
    assert b'"stock":9' not in reply.body


async def test_a_list_shows_one_state_when_a_write_comes_between_memory_and_file(
    catalog: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stock_up(catalog)
    memory, database = catalog.app("catalog")[MEMORY], catalog.app("catalog")[DATABASE]
    await memory.page(ProductQuery())
    await reserve(catalog, [line(2)])  # so that it has to be looked up, and the others have not
    before = Stall()
    find = store.find_products_json

    def swap(conn: sqlite3.Connection) -> None:
        before.unit(conn)
        conn.execute("UPDATE products SET available = 100 + id")

    def find_after_swap(conn: sqlite3.Connection, ids: Sequence[int]) -> list[ProductJson]:
        before.end.set()
        while rows(catalog, "products.db", "SELECT available FROM products WHERE id = 2") != [
            (102,)
        ]:
            pass
        conn.rollback()  # so that it sees what was written meanwhile
        return find(conn, ids)

    swapping = asyncio.create_task(database.write(swap))
    await until(before.begun.is_set)
    monkeypatch.setattr(store, "find_products_json", find_after_swap)
    reply = await catalog.call("catalog", "GET", "/products")
    assert [product["stock"] for product in reply.json] == [101, 102, 103]
    await swapping


async def test_a_page_whose_products_have_grown_ends_where_there_is_room(
    catalog: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stock_up(catalog)
    for path in ("/products", "/products?ids=1,2,3"):
        whole = await catalog.call("catalog", "GET", path)
        monkeypatch.setattr(paging, "PAGE_BYTES", len(whole.body) + 1)
        assert len((await catalog.call("catalog", "GET", path)).json) == 3
        change = {"delta": 90_000, "reason": "count"}
        await catalog.call("catalog", "POST", "/products/1/stock", json=change)
        grown = await catalog.call("catalog", "GET", path)
        assert [product["id"] for product in grown.json] == [1, 2]
        assert 'rel="next"' in grown.headers["Link"]
        change = {"delta": -90_000, "reason": "count"}
        await catalog.call("catalog", "POST", "/products/1/stock", json=change)
        assert len((await catalog.call("catalog", "GET", path)).json) == 3
