"""A full disk: 507, nothing done, and it goes on when there is room."""

import sqlite3

import pytest

from services.common.keys import DATABASE
from tests.shop import Shop


def fill(conn: sqlite3.Connection) -> None:
    """Let the database grow no further, and use up what is free in it."""
    (pages,) = conn.execute("PRAGMA page_count").fetchone()
    conn.execute(f"PRAGMA max_page_count = {pages}")


def make_room(conn: sqlite3.Connection) -> None:
    conn.execute("PRAGMA max_page_count = 1000000")


NEW = {"name": "Humbugs", "price": 1, "description": "x" * 5000}


@pytest.fixture
async def full(shop: Shop) -> Shop:
    """A catalog whose disk has no room for another product."""
    await shop.start("catalog")
    await shop.app("catalog")[DATABASE].write(fill)
    return shop


async def test_a_write_without_room_is_answered_507_and_nothing_is_done(full: Shop) -> None:
    reply = await full.call("catalog", "POST", "/products", json=NEW, idempotency_key="one")
    assert (reply.status, reply.code) == (507, "insufficient_storage")
    assert (await full.call("catalog", "GET", "/products")).json == []


async def test_the_same_request_is_done_once_there_is_room(full: Shop) -> None:
    await full.call("catalog", "POST", "/products", json=NEW, idempotency_key="one")
    await full.app("catalog")[DATABASE].write(make_room)
    reply = await full.call("catalog", "POST", "/products", json=NEW, idempotency_key="one")
    assert reply.status == 201
    assert "Idempotent-Replayed" not in reply.headers


async def test_reads_go_on_without_room(full: Shop) -> None:
    assert (await full.call("catalog", "GET", "/readyz")).status == 200


async def test_a_cart_is_shown_as_the_catalog_has_it_though_that_cannot_be_kept(
    counter: Shop,
) -> None:
    products = [await counter.product(name="Humbugs") for _ in range(8)]
    for product_id in products:
        await counter.call("cart", "POST", f"/cart/ada/add?product_id={product_id}")
    await counter.app("cart")[DATABASE].write(fill)
    longer = "\N{CANDY}" * 200
    for product_id in products:
        await counter.call("catalog", "PATCH", f"/products/{product_id}", json={"name": longer})
    added = await counter.call("cart", "POST", f"/cart/ada/add?product_id={products[0]}")
    assert added.code == "insufficient_storage"
    reply = await counter.call("cart", "GET", "/cart/ada")
    assert (reply.status, {item["name"] for item in reply.json["items"]}) == (200, {longer})
