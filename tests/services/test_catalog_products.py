"""Adding, reading and editing products."""

import re
from decimal import Decimal
from typing import Any

import pytest

from tests.shop import Reply, Shop, as_json, token

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
WHOLE = {
    "sku": "SWT-001",
    "name": "Pear Drops",
    "description": "Sharp at first.\nThen all pear.",
    "category": "sweets",
    "image": "https://example.org/pear-drops.jpg",
    "price": Decimal("1.20"),
    "stock": 140,
}

OUT_OF_BOUNDS: list[object] = [
    {"price": 1},
    {"name": "Loaf"},
    {"name": "", "price": 1},
    {"name": "x" * 201, "price": 1},
    {"name": "two\nlines", "price": 1},
    {"name": "\u00a0 \u200b", "price": 1},
    {"name": None, "price": 1},
    {"name": 7, "price": 1},
    {"name": "Loaf", "price": 1, "stock": -1},
    {"name": "Loaf", "price": 1, "stock": 1_000_000_001},
    {"name": "Loaf", "price": 1, "stock": Decimal("1.5")},
    {"name": "Loaf", "price": 1, "stock": "1"},
    {"name": "Loaf", "price": 1, "stock": None},
    {"name": "Loaf", "price": 1, "sku": ""},
    {"name": "Loaf", "price": 1, "sku": "x" * 101},
    {"name": "Loaf", "price": 1, "description": "x" * 5001},
    {"name": "Loaf", "price": 1, "description": None},
    {"name": "Loaf", "price": 1, "category": ""},
    {"name": "Loaf", "price": 1, "category": "\u3000"},
    {"name": "Loaf", "price": 1, "sku": " \ufeff"},
    {"name": "Loaf", "price": 1, "image": "two words"},
    {"name": "Loaf", "price": 1, "image": "two\u00a0words"},
    {"name": "Loaf", "price": 1, "id": 7},
    {"name": "Loaf", "price": 1, "currency": "EUR"},
    [],
    None,
]


async def add(shop: Shop, product: object, **request: Any) -> Reply:
    return await shop.call("catalog", "POST", "/products", **as_json(product), **request)


async def edit(shop: Shop, product_id: int, changes: object) -> Reply:
    return await shop.call("catalog", "PATCH", f"/products/{product_id}", **as_json(changes))


async def read(shop: Shop, product_id: int) -> Any:
    return (await shop.call("catalog", "GET", f"/products/{product_id}")).json


async def test_a_product_is_added_with_all_its_fields(catalog: Shop) -> None:
    reply = await add(catalog, WHOLE)
    assert reply.status == 201
    product = reply.json
    assert RFC_3339.fullmatch(product.pop("created_at"))
    assert RFC_3339.fullmatch(product.pop("updated_at"))
    assert product == {**WHOLE, "id": 1, "currency": "USD", "version": 1}


async def test_a_name_and_a_price_are_enough(catalog: Shop) -> None:
    product = (await add(catalog, {"name": "Loaf", "price": 4})).json
    assert {name: product[name] for name in ("stock", "sku", "description", "image")} == {
        "stock": 100,
        "sku": None,
        "description": "",
        "image": None,
    }
    assert product["category"] == "other"


async def test_the_answer_to_adding_says_where_the_product_is(catalog: Shop) -> None:
    reply = await add(catalog, WHOLE)
    found = await catalog.call("catalog", "GET", reply.headers["Location"])
    assert (found.status, found.json) == (200, reply.json)
    assert found.headers["ETag"] == reply.headers["ETag"]


async def test_money_goes_out_with_two_decimals(catalog: Shop) -> None:
    reply = await add(catalog, {"name": "Loaf", "price": 4})
    assert b'"price":4.00,' in reply.body


async def test_the_currency_is_the_configured_one(shop: Shop) -> None:
    await shop.start("catalog", currency="EUR")
    assert (await add(shop, WHOLE)).json["currency"] == "EUR"


async def test_a_product_that_is_not_there_is_not_found(
    catalog: Shop, subtests: pytest.Subtests
) -> None:
    await catalog.product()
    for name in ["999", "0", "-1", "abc", "1.0", "007", "9" * 19, "1" + "0" * 40]:
        with subtests.test(name):
            reply = await catalog.call("catalog", "GET", f"/products/{name}")
            assert (reply.status, reply.code) == (404, "product_not_found")
            assert reply.json["detail"] == f"Product {name[:40]} not found in catalog"


async def test_a_product_out_of_bounds_is_invalid(catalog: Shop, subtests: pytest.Subtests) -> None:
    for product in OUT_OF_BOUNDS:
        with subtests.test(str(product)[:50]):
            reply = await add(catalog, product)
            assert (reply.status, reply.code) == (422, "invalid_request")
    assert (await catalog.call("catalog", "GET", "/products")).json == []


async def test_products_may_not_share_a_sku(catalog: Shop) -> None:
    first = await catalog.product(sku="SWT-001")
    reply = await add(catalog, WHOLE)
    assert (reply.status, reply.code) == (409, "sku_taken")
    assert reply.json["product_id"] == first


async def test_many_products_may_have_no_sku(catalog: Shop) -> None:
    assert await catalog.product() != await catalog.product()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Sherbet Lemons"),
        ("price", Decimal("1.35")),
        ("sku", "SWT-002"),
        ("sku", None),
        ("description", ""),
        ("category", "bakery"),
        ("image", None),
    ],
)
async def test_an_edit_changes_what_it_names_and_nothing_else(
    catalog: Shop, field: str, value: object
) -> None:
    before = (await add(catalog, WHOLE)).json
    reply = await edit(catalog, before["id"], {field: value})
    assert reply.status == 200
    changed = {field: value, "version": 2, "updated_at": reply.json["updated_at"]}
    assert reply.json == {**before, **changed}
    assert await read(catalog, before["id"]) == reply.json


@pytest.mark.parametrize("changes", [{}, {"name": "Pear Drops"}, {"price": Decimal("1.2")}])
async def test_an_edit_that_changes_nothing_leaves_the_version(
    catalog: Shop, changes: dict[str, object]
) -> None:
    before = (await add(catalog, WHOLE)).json
    reply = await edit(catalog, before["id"], changes)
    assert (reply.status, reply.json) == (200, before)


@pytest.mark.parametrize(
    "changes",
    [
        {"price": "1.20"},
        {"price": None},
        {"name": None},
        {"category": None},
        {"stock": 5},
        {"version": 1},
        {"id": 5},
        {"sku": ""},
    ],
    ids=str,
)
async def test_an_edit_out_of_bounds_is_invalid(catalog: Shop, changes: dict[str, object]) -> None:
    before = (await add(catalog, WHOLE)).json
    reply = await edit(catalog, before["id"], changes)
    assert (reply.status, reply.code) == (422, "invalid_request")
    assert await read(catalog, before["id"]) == before


async def test_an_edit_may_not_take_anothers_sku(catalog: Shop) -> None:
    first = await catalog.product(sku="SWT-001")
    second = await catalog.product(sku="SWT-002")
    reply = await edit(catalog, second, {"sku": "SWT-001", "name": "Other"})
    assert (reply.status, reply.code, reply.json["product_id"]) == (409, "sku_taken", first)
    assert (await read(catalog, second))["name"] == "Pear Drops"


async def test_an_edit_may_name_the_products_own_sku(catalog: Shop) -> None:
    product_id = await catalog.product(sku="SWT-001")
    reply = await edit(catalog, product_id, {"sku": "SWT-001", "name": "Other"})
    assert (reply.status, reply.json["version"]) == (200, 2)


async def test_an_edit_of_nothing_is_not_found(catalog: Shop) -> None:
    assert (await edit(catalog, 999, {"name": "Loaf"})).code == "product_not_found"


async def test_an_edited_product_is_found_by_its_new_words_alone(catalog: Shop) -> None:
    product_id = await catalog.product(name="Pear Drops")
    await edit(catalog, product_id, {"name": "Sherbet Lemons"})
    assert (await catalog.call("catalog", "GET", "/products?q=pear")).json == []
    [found] = (await catalog.call("catalog", "GET", "/products?q=lemons")).json
    assert found["id"] == product_id


async def test_products_survive_a_restart(catalog: Shop) -> None:
    before = (await add(catalog, WHOLE)).json
    await catalog.restart("catalog")
    assert await read(catalog, before["id"]) == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/products"),
        ("PATCH", "/products/1"),
        ("DELETE", "/products/1"),
        ("POST", "/products/1/stock"),
    ],
)
async def test_a_customer_cannot_change_the_catalog(catalog: Shop, method: str, path: str) -> None:
    await catalog.product()
    # Not even a word about the body: who may not is told that first.
    reply = await catalog.call("catalog", method, path, key=token("ada"), data=b"{")
    assert (reply.status, reply.code) == (403, "forbidden")


@pytest.mark.parametrize("path", ["/products", "/products/1", "/categories"])
async def test_the_catalog_can_be_read_with_a_token_and_not_without(
    catalog: Shop, path: str
) -> None:
    await catalog.product()
    assert (await catalog.call("catalog", "GET", path, key=token("ada"))).status == 200
    reply = await catalog.call("catalog", "GET", path, key=None)
    assert (reply.status, reply.code) == (401, "invalid_api_key")
    assert reply.json["detail"] == "Invalid API Key"
