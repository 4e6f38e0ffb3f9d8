"""Which products a list has: search, filters, categories."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.shop import Shop

GOODS: list[dict[str, Any]] = [
    {"name": "Pear Drops", "sku": "SWT-001", "category": "sweets", "price": "1.20"},
    {"name": "Crème Brûlée", "sku": "BAK-002", "category": "bakery", "price": "4.50"},
    {"name": "ÉCLAIR", "sku": "BAK-003", "category": "bakery", "price": "2.40", "stock": 0},
    {"name": "Straße No. 5", "sku": None, "category": "drinks", "price": "1.20"},
    {
        "name": "100% Apple_Juice",
        "sku": "DRK-005",
        "category": "drinks",
        "price": "3.80",
        "description": "Pressed from windfall pears, and apples.\nC:\\cellar",
    },
]
SEARCHES = [
    ("pear", [1, 5]),
    ("PEAR", [1, 5]),
    ("pear drops", [1]),
    ("drops pear", [1]),
    ("pear loaf", []),
    ("swt-001", [1]),
    ("bakery", [2, 3]),
    ("windfall", [5]),
    ("éclair", [3]),
    ("Éclair", [3]),
    ("eclair", [3]),
    ("CREME BRULEE", [2]),
    ("cre\u0300me", [2]),
    ("strasse", [4]),
    ("100%", [5]),
    ("%", [5]),
    ("_", [5]),
    ("apple_j", [5]),
    ("apple%juice", []),
    ("\\cellar", [5]),
    ("'; DROP TABLE products; --", []),
    ("", [1, 2, 3, 4, 5]),
    ("  ", [1, 2, 3, 4, 5]),
    ("null", []),
    ("5", [4, 5]),
]
FILTERS: list[tuple[dict[str, str], list[int]]] = [
    ({"sku": "BAK-002"}, [2]),
    ({"sku": "bak-002"}, []),
    ({"category": "bakery"}, [2, 3]),
    ({"category": "bake"}, []),
    ({"min_price": "2.40"}, [2, 3, 5]),
    ({"max_price": "2.40"}, [1, 3, 4]),
    ({"min_price": "1.21", "max_price": "4.49"}, [3, 5]),
    ({"min_price": "5", "max_price": "1"}, []),
    ({"in_stock": "true"}, [1, 2, 4, 5]),
    ({"in_stock": "false"}, [3]),
    ({"ids": "5,1,999,1"}, [1, 5]),
    ({"ids": "9223372036854775807,1,9223372036854775808"}, [1]),
    ({"category": "bakery", "in_stock": "true", "q": "crème"}, [2]),
]
OUT_OF_BOUNDS = [
    "colour=red",
    "q=pear&q=drops",
    "sort=cheapest",
    "sort=",
    "in_stock=yes",
    "in_stock=1",
    "in_stock=True",
    'in_stock="true"',
    "ids=",
    "ids=1,",
    "ids=1,,2",
    "ids=a",
    "ids=-1",
    "ids=0",
    "ids=10000000000000000000",
    "ids=" + ",".join("1" * 201),
    "limit=0",
    "limit=1001",
    "limit=ten",
    "limit=1.5",
    "limit=1e-1",
    "q=%00",
    "q=" + "x" * 201,
]


@pytest.fixture
async def five_products(catalog: Shop) -> Shop:
    """A catalog of five products, ids 1 to 5."""
    for goods in GOODS:
        await catalog.product(**goods)
    return catalog


async def ids(shop: Shop, **query: str) -> list[int]:
    reply = await shop.call("catalog", "GET", "/products", params=query)
    assert reply.status == 200, reply.body
    return [product["id"] for product in reply.json]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("id", [1, 2, 3, 4, 5]),
        ("name", [5, 2, 3, 1, 4]),  # by the letter: É among the Es, 1 before A
        ("price", [1, 4, 3, 5, 2]),
        ("-price", [2, 5, 3, 4, 1]),
        ("newest", [5, 4, 3, 2, 1]),
    ],
)
async def test_a_list_is_in_the_order_that_was_asked_for(
    five_products: Shop, sort: str, order: list[int]
) -> None:
    assert await ids(five_products, sort=sort) == order


async def test_a_list_is_by_id_unless_told_otherwise(five_products: Shop) -> None:
    assert await ids(five_products) == [1, 2, 3, 4, 5]


async def test_a_search_finds_what_has_all_of_its_words(
    five_products: Shop, subtests: pytest.Subtests
) -> None:
    for words, found in SEARCHES:
        with subtests.test(words):
            assert await ids(five_products, q=words) == found


async def test_a_filter_keeps_matching_products(
    five_products: Shop, subtests: pytest.Subtests
) -> None:
    for query, found in FILTERS:
        with subtests.test(str(query)):
            assert await ids(five_products, **query) == found


async def test_a_query_out_of_bounds_is_invalid(catalog: Shop, subtests: pytest.Subtests) -> None:
    for query in OUT_OF_BOUNDS:
        with subtests.test(query[:30]):
            reply = await catalog.call("catalog", "GET", f"/products?{query}")
            assert (reply.status, reply.code) == (422, "invalid_request")


async def test_a_list_takes_no_body(catalog: Shop) -> None:
    reply = await catalog.call("catalog", "GET", "/products", json={"q": "pear"})
    assert (reply.status, reply.code) == (422, "invalid_request")


async def test_categories_are_counted_by_name(five_products: Shop) -> None:
    reply = await five_products.call("catalog", "GET", "/categories")
    assert reply.json == [
        {"name": "bakery", "count": 2},
        {"name": "drinks", "count": 2},
        {"name": "sweets", "count": 1},
    ]


@pytest.mark.parametrize(
    ("query", "counts"),
    [
        ({"q": "pear"}, {"sweets": 1, "drinks": 1}),
        ({"q": "eclair"}, {"bakery": 1}),
        ({"max_price": "2.40"}, {"sweets": 1, "bakery": 1, "drinks": 1}),
        ({"in_stock": "false"}, {"bakery": 1}),
        ({"q": "pear loaf"}, {}),
    ],
    ids=str,
)
async def test_categories_are_counted_by_the_search(
    five_products: Shop, query: dict[str, str], counts: dict[str, int]
) -> None:
    reply = await five_products.call("catalog", "GET", f"/categories?{urlencode(query)}")
    assert {each["name"]: each["count"] for each in reply.json} == counts


async def test_categories_are_not_searched_by_category(catalog: Shop) -> None:
    assert (await catalog.call("catalog", "GET", "/categories?category=x")).status == 422


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/shelves", 404),
        ("GET", "/products/1/stock", 405),
        ("PUT", "/products/1", 405),
        ("DELETE", "/products", 405),
    ],
)
async def test_a_path_of_no_route_is_404(
    catalog: Shop, method: str, path: str, status: int
) -> None:
    reply = await catalog.call("catalog", method, path, key=None)
    assert reply.status == status
    assert reply.code == {404: "not_found", 405: "method_not_allowed"}[status]
    assert ("Allow" in reply.headers) == (status == 405)
