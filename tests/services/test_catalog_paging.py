"""The list of products in pages, by the `Link` of each."""

import base64
import json
import re
from typing import Any

import pytest

from services.common.web.paging import PAGE_BYTES
from tests.shop import Reply, Shop

SORTS = ["id", "name", "price", "-price", "newest"]


async def stock_up(shop: Shop) -> None:
    """Seven products, in which names and prices come more than once."""
    for name, price in zip("bBaécAa", ("2", "1", "2", "3", "2", "1", "2"), strict=True):
        await shop.product(name=name, price=price)


def next_path(reply: Reply) -> str | None:
    """Where the next page is, if there is one."""
    link = reply.headers.get("Link")
    if link is None:
        return None
    target = re.fullmatch(r'<(/products\?.+)>; rel="next"', link)
    assert target, link
    return target[1]


async def pages(shop: Shop, path: str) -> list[list[int]]:
    """The ids of each page, to the end."""
    found: list[list[int]] = []
    at: str | None = path
    while at is not None:
        reply = await shop.call("catalog", "GET", at)
        assert reply.status == 200, reply.body
        found.append([product["id"] for product in reply.json])
        at = next_path(reply)
    return found


def cursor(place: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


NO_PLACES = [
    "",
    "abc",
    "%00",
    "%ED%A0%80",
    "x" * 1001,
    cursor(7),
    cursor(["id", 1]),
    cursor(["id", "a", 1]),
    cursor(["id", 1.5, 1]),
    cursor(["id", True, 1]),
    cursor(["id", -1, 1]),
    cursor(["id", 10**25, 1]),
    cursor(["id", 1, 10**25]),
    cursor(["price", 1, 1]),
    cursor(["name", "a", 1]),
    cursor(["id", None, None]),
]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_pages_hold_every_product_once_in_order(catalog: Shop, sort: str, limit: int) -> None:
    await stock_up(catalog)
    [whole] = await pages(catalog, f"/products?sort={sort}")
    found = await pages(catalog, f"/products?sort={sort}&limit={limit}")
    assert [product_id for page in found for product_id in page] == whole
    assert {len(page) for page in found[:-1]} == {limit}


async def test_the_last_page_may_be_full_and_has_no_next(catalog: Shop) -> None:
    await stock_up(catalog)
    assert await pages(catalog, "/products?limit=7") == [[1, 2, 3, 4, 5, 6, 7]]


async def test_an_empty_list_has_no_next(catalog: Shop) -> None:
    assert await pages(catalog, "/products?limit=1") == [[]]


async def test_the_next_page_keeps_the_filters(catalog: Shop) -> None:
    await stock_up(catalog)
    found = await pages(catalog, "/products?max_price=2&sort=-price&q=a&limit=2")
    assert found == [[7, 3], [6]]


async def test_a_page_has_a_hundred_products_unless_told_otherwise(catalog: Shop) -> None:
    for _ in range(101):
        await catalog.product()
    assert [len(page) for page in await pages(catalog, "/products")] == [100, 1]


@pytest.mark.parametrize("sort", SORTS)
async def test_products_added_and_deleted_meanwhile_move_no_other_on_the_pages(
    catalog: Shop, sort: str
) -> None:
    await stock_up(catalog)
    [whole] = await pages(catalog, f"/products?sort={sort}")
    first = await catalog.call("catalog", "GET", f"/products?sort={sort}&limit=3")
    await catalog.call("catalog", "DELETE", f"/products/{whole[2]}")  # the last one of the page
    newcomer = await catalog.product(name="a", price="2")
    rest = await pages(catalog, str(next_path(first)))
    assert [each for page in rest for each in page if each != newcomer] == whole[3:]


async def test_products_with_the_longest_names_can_be_paged_through(catalog: Shop) -> None:
    for _ in range(3):
        await catalog.product(name="\N{CANDY}" * 200)
    await catalog.product(name="\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 200)
    found = await pages(catalog, "/products?sort=name&limit=1")
    assert sorted(found) == [[1], [2], [3], [4]]


async def test_a_cursor_of_another_list_is_invalid(
    catalog: Shop, subtests: pytest.Subtests
) -> None:
    for after in NO_PLACES:
        with subtests.test(after[:30]):
            reply = await catalog.call("catalog", "GET", f"/products?after={after}")
            has_form = re.fullmatch("[A-Za-z0-9_-]{1,1000}", after)
            code = "invalid_cursor" if has_form else "invalid_request"
            assert (reply.status, reply.code) == (422, code)
            assert reply.json["detail"].startswith("after: ")


@pytest.mark.parametrize("sort", SORTS)
async def test_a_page_of_large_products_ends_early_and_leads_on(catalog: Shop, sort: str) -> None:
    for number in range(120):
        await catalog.product(name=f"Drops {number % 7}", description="d" * 4800)
    path: str | None = f"/products?limit=1000&sort={sort}"
    found: list[int] = []
    while path is not None:
        reply = await catalog.call("catalog", "GET", path)
        assert 0 < len(reply.body) <= PAGE_BYTES
        found += [product["id"] for product in reply.json]
        path = next_path(reply)
    assert sorted(found) == list(range(1, 121))
