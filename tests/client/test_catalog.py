"""The calls of `ShopClient.catalog`, and the products that they return."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

import client
from client import NotFound, OutcomeUnknown, ShopClient
from tests.client.bodies import PRODUCT
from tests.client.fakes import FakeService, hang_up, only_request, problem, reply


async def test_products_are_typed_and_their_prices_exact(
    shop: ShopClient, service: FakeService
) -> None:
    service.answers = [reply(b"[" + PRODUCT + b"]")]
    page = await shop.catalog.products(
        category="sweets", in_stock=True, max_price="20.00", sort="-price", limit=5
    )
    assert isinstance(page, list)
    assert page.next is None
    assert page[0].price == Decimal("19.99")
    assert page[0].created_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert only_request(service)[:2] == (
        "GET",
        "/products?category=sweets&in_stock=true&max_price=20.00&sort=-price&limit=5",
    )


async def test_pages_are_followed_by_their_links_and_never_to_another_host(
    shop: ShopClient, service: FakeService
) -> None:
    product = json.loads(PRODUCT)
    service.answers = [
        reply(
            [product | {"id": 1}, product | {"id": 2}],
            Link='<http://elsewhere.test/products?limit=2&after=b%2F2>; rel="next"',
        ),
        reply(
            [product | {"id": 3}],
            Link='</products?after=0>; rel="prev", </products?limit=2&after=c>; title=x; rel=next',
        ),
        reply([], Link='</products?after=x>; rel="nextish"'),
    ]
    found = [each.id async for each in shop.catalog.iter_products(q="fudge", limit=2)]
    assert found == [1, 2, 3]
    assert [seen.path for seen in service.seen] == [
        "/products?q=fudge&limit=2",
        "/products?q=fudge&limit=2&after=b%2F2",
        "/products?q=fudge&limit=2&after=c",
    ]


async def test_an_edit_names_the_version_it_was_made_on(
    shop: ShopClient, service: FakeService
) -> None:
    service.answers = [reply(PRODUCT, ETag='"2-3"')]
    product = await shop.catalog.product(7)
    assert product.etag == '"2-3"'
    await shop.catalog.update(7, if_match=product.etag, price=Decimal("20.10"), category=None)
    await shop.catalog.update(7, if_match=product.version, name="Toffee")
    first, second = service.seen[1:]
    assert (first.method, first.path, first.headers["if-match"]) == (
        "PATCH",
        "/products/7",
        '"2-3"',
    )
    assert first.body == b'{"price":20.10,"category":null}'
    assert (second.headers["if-match"], second.body) == ('"2"', b'{"name":"Toffee"}')


async def test_an_edit_that_may_have_been_made_is_not_repeated(
    shop: ShopClient, service: FakeService
) -> None:
    service.answers = [hang_up, problem(412, "version_mismatch")]
    with pytest.raises(OutcomeUnknown):
        await shop.catalog.update(7, if_match=2, name="Toffee")
    assert len(service.seen) == 1


async def test_a_product_is_put_on_sale(shop: ShopClient, service: FakeService) -> None:
    service.answers = [reply(PRODUCT, 201)]
    product = await shop.catalog.create("Fudge", "19.99", stock=3, sku="S-7")
    assert product.id == 7
    assert only_request(service) == (
        "POST",
        "/products",
        {"name": "Fudge", "price": 19.99, "stock": 3, "sku": "S-7"},
    )
    assert b'"price":19.99' in service.seen[0].body
    UUID(service.seen[0].headers["idempotency-key"])


async def test_stock_is_adjusted(shop: ShopClient, service: FakeService) -> None:
    service.answers = [reply(PRODUCT)]
    assert (await shop.catalog.adjust_stock(7, -2, reason="broken")).stock == 3
    assert only_request(service) == ("POST", "/products/7/stock", {"delta": -2, "reason": "broken"})


async def test_categories_are_listed(shop: ShopClient, service: FakeService) -> None:
    service.answers = [reply([{"name": "sweets", "count": 3}])]
    assert await shop.catalog.categories() == [client.Category(name="sweets", count=3)]
    assert only_request(service)[1] == "/categories"


async def test_categories_are_counted_by_a_search(shop: ShopClient, service: FakeService) -> None:
    service.answers = [reply([])]
    await shop.catalog.categories(q="pear", max_price="2.50", in_stock=True)
    assert only_request(service)[1] == "/categories?q=pear&max_price=2.50&in_stock=true"


async def test_a_delete_whose_answer_was_lost_succeeds_when_repeated(
    shop: ShopClient, service: FakeService
) -> None:
    service.answers = [hang_up, problem(404, "product_not_found")]
    await shop.catalog.delete(7)
    assert [(seen.method, seen.path) for seen in service.seen] == [("DELETE", "/products/7")] * 2


async def test_a_product_that_never_existed_cannot_be_deleted(
    shop: ShopClient, service: FakeService
) -> None:
    service.answers = [problem(404, "product_not_found"), reply(status=204)]
    with pytest.raises(NotFound):
        await shop.catalog.delete(8)
    await shop.catalog.delete(7)
