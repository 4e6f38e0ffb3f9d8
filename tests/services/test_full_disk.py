"""A full disk: 507, nothing done, and it goes on when there is room."""

import sqlite3

import pytest

from services.common.web.keys import DATABASE
from tests.shop import Shop


def fill(conn: sqlite3.Connection) -> None:
    """Let the database grow no further, and use up what is free in it."""
    (pages,) = conn.execute("PRAGMA page_count").fetchone()
    conn.execute(f"PRAGMA max_page_count = {pages}")


def make_room(conn: sqlite3.Connection) -> None:
    conn.execute("PRAGMA max_page_count = 1000000")


NEW = {"name": "Humbugs", "price": 1, "description": "x" * 5000}


@pytest.fixture
async def full_catalog(shop: Shop) -> Shop:
    """A catalog whose disk has no room for another product."""
    await shop.start("catalog")
    await shop.app("catalog")[DATABASE].write(fill)
    return shop


async def test_a_write_without_room_is_answered_507_and_nothing_is_done(full_catalog: Shop) -> None:
    reply = await full_catalog.call("catalog", "POST", "/products", json=NEW, idempotency_key="one")
    assert (reply.status, reply.code) == (507, "insufficient_storage")
    assert (await full_catalog.call("catalog", "GET", "/products")).json == []


async def test_the_same_request_succeeds_once_there_is_room(full_catalog: Shop) -> None:
    await full_catalog.call("catalog", "POST", "/products", json=NEW, idempotency_key="one")
    await full_catalog.app("catalog")[DATABASE].write(make_room)
    reply = await full_catalog.call("catalog", "POST", "/products", json=NEW, idempotency_key="one")
    assert reply.status == 201
    assert "Idempotent-Replayed" not in reply.headers


async def test_reads_go_on_without_room(full_catalog: Shop) -> None:
    assert (await full_catalog.call("catalog", "GET", "/readyz")).status == 200


async def test_a_cart_is_shown_at_the_catalogs_prices_though_they_cannot_be_stored(
    catalog_and_cart: Shop,
) -> None:
    products = [await catalog_and_cart.product(name="Humbugs") for _ in range(8)]
    for product_id in products:
        await catalog_and_cart.call("cart", "POST", f"/cart/ada/add?product_id={product_id}")
    await catalog_and_cart.app("cart")[DATABASE].write(fill)
    longer = "\N{CANDY}" * 200
    for product_id in products:
        await catalog_and_cart.call(
            "catalog", "PATCH", f"/products/{product_id}", json={"name": longer}
        )
    added = await catalog_and_cart.call("cart", "POST", f"/cart/ada/add?product_id={products[0]}")
    assert added.code == "insufficient_storage"
    reply = await catalog_and_cart.call("cart", "GET", "/cart/ada")
    assert (reply.status, {item["name"] for item in reply.json["items"]}) == (200, {longer})
