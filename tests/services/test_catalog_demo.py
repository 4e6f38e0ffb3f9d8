"""The demo catalog comes with the first start, and with no other."""

from collections import Counter
from decimal import Decimal

from tests.services.stock import rows, units
from tests.shop import Shop


async def test_a_new_shop_is_filled_with_demo_goods(shop: Shop) -> None:
    await shop.start("catalog", demo=True)
    products = (await shop.call("catalog", "GET", "/products")).json
    assert len(products) >= 30
    assert all(product["sku"] and product["description"] for product in products)
    assert all(product["price"] > 0 for product in products)


async def test_the_demo_has_categories_to_browse_and_something_sold_out(shop: Shop) -> None:
    await shop.start("catalog", demo=True)
    products = (await shop.call("catalog", "GET", "/products")).json
    categories = (await shop.call("catalog", "GET", "/categories")).json
    counted = Counter(product["category"] for product in products)
    assert {each["name"]: each["count"] for each in categories} == counted
    assert len(categories) >= 3
    assert (await shop.call("catalog", "GET", "/products?in_stock=false")).json != []


async def test_demo_stock_is_in_the_ledger(shop: Shop) -> None:
    await shop.start("catalog", demo=True)
    for (product_id,) in rows(shop, "products.db", "SELECT id FROM products"):
        assert units(shop, product_id).reserved == 0


async def test_the_demo_comes_once_and_leaves_an_operators_changes_alone(shop: Shop) -> None:
    await shop.start("catalog", demo=True)
    before = (await shop.call("catalog", "GET", "/products")).json
    await shop.call("catalog", "DELETE", f"/products/{before[0]['id']}")
    changed = {"price": 9.99}
    await shop.call("catalog", "PATCH", f"/products/{before[1]['id']}", json=changed)
    await shop.stop("catalog")
    await shop.start("catalog", demo=True)
    after = (await shop.call("catalog", "GET", "/products")).json
    assert [product["id"] for product in after] == [product["id"] for product in before[1:]]
    assert after[0]["price"] == Decimal("9.99")


async def test_a_shop_that_began_empty_gets_no_demo_later(shop: Shop) -> None:
    await shop.start("catalog", demo=False)
    assert (await shop.call("catalog", "GET", "/products")).json == []
    await shop.stop("catalog")
    await shop.start("catalog", demo=True)
    assert (await shop.call("catalog", "GET", "/products")).json == []
