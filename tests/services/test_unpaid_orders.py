"""How many unpaid orders, and units in them, a customer and an address may have at once."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest

from services.common.core.clock import utc_now
from services.common.core.currency import USD
from services.common.storage.migrations import migrate
from services.common.web import paging
from services.operations import databases
from services.order import placement, store, transitions
from services.order.model import Bound, Checkout, Item
from tests.routes import assert_problem
from tests.schemas import in_memory
from tests.shop import OPERATOR, Reply, Shop, token, until

from .peers import rows


async def place(
    shop: Shop, product_id: int, quantity: int = 1, *, key: str | None = None, **how: Any
) -> Reply:
    """Order units of a product as ada, or with the key of the operator for her."""
    body = {"user_id": "ada", "items": [{"product_id": product_id, "quantity": quantity}]}
    key = token("ada") if key is None else key
    return await shop.call(
        "order", "POST", "/orders", json=body | how.pop("json", {}), key=key, **how
    )


@pytest.fixture
async def two_orders(shop: Shop) -> Shop:
    """A shop in which a customer may have two unpaid orders."""
    await shop.start("catalog", "cart", "payment")
    await shop.start("order", unpaid_orders=2)
    return shop


@pytest.fixture
async def ten_units(shop: Shop) -> Shop:
    """A shop in which a customer's unpaid orders may have ten units."""
    await shop.start("catalog")
    await shop.start("order", unpaid_units=10)
    return shop


async def test_one_unpaid_order_too_many_is_refused_and_holds_nothing(two_orders: Shop) -> None:
    product = await two_orders.product(stock=10)
    first = await place(two_orders, product)
    assert (first.status, (await place(two_orders, product)).status) == (201, 201)
    problem = assert_problem(await place(two_orders, product), 409, "too_many_unpaid_orders")
    assert problem["limit"] == 2
    assert problem["expires_at"] == first.json["expires_at"]
    assert "pay or cancel one" in problem["detail"]
    assert await two_orders.stock(product) == 8
    assert len(await rows(two_orders, "order", "SELECT 1 FROM orders")) == 2


async def test_one_unit_too_many_is_refused_and_holds_nothing(ten_units: Shop) -> None:
    product = await ten_units.product(stock=50)
    assert (await place(ten_units, product, 8)).status == 201
    problem = assert_problem(await place(ten_units, product, 3), 409, "too_many_unpaid_units")
    assert problem["limit"] == 10
    assert "pay or cancel one" in problem["detail"]
    assert (await place(ten_units, product, 2)).status == 201
    assert await ten_units.stock(product) == 40


async def test_an_order_that_alone_has_too_many_units_is_told_to_be_smaller(
    ten_units: Shop,
) -> None:
    product = await ten_units.product(stock=50)
    problem = assert_problem(await place(ten_units, product, 11), 409, "too_many_unpaid_units")
    assert "order fewer" in problem["detail"]
    assert "expires_at" not in problem


async def test_who_pays_or_cancels_one_may_order_again(two_orders: Shop) -> None:
    product = await two_orders.product(stock=10)
    first, second = [(await place(two_orders, product)).json for _ in range(2)]
    assert (await place(two_orders, product)).status == 409
    assert (await two_orders.pay(first, key=token("ada"))).status == 200
    assert (await place(two_orders, product)).status == 201
    path = f"/orders/{second['order_id']}/cancel"
    assert (await two_orders.call("order", "POST", path, key=token("ada"))).status == 200
    assert (await place(two_orders, product)).status == 201


async def test_who_waits_until_one_expires_may_order_again(shop: Shop) -> None:
    await shop.start("catalog")
    await shop.start("order", unpaid_orders=1, seconds_to_pay=0.3)
    product = await shop.product(stock=10)
    assert (await place(shop, product)).status == 201

    async def has_room() -> bool:
        return (await place(shop, product)).status == 201

    await until(has_room)


async def test_what_was_refused_for_the_moment_is_taken_under_the_same_key_later(
    two_orders: Shop,
) -> None:
    product = await two_orders.product(stock=10)
    first, _ = [(await place(two_orders, product)).json for _ in range(2)]
    assert (await place(two_orders, product, idempotency_key="one")).status == 409
    kept = await rows(two_orders, "order", "SELECT key FROM idempotency_keys")
    assert kept == []
    await two_orders.pay(first)
    taken = await place(two_orders, product, idempotency_key="one")
    assert (taken.status, "Idempotent-Replayed" in taken.headers) == (201, False)


async def test_a_repeat_of_what_was_taken_is_answered_as_before(two_orders: Shop) -> None:
    product = await two_orders.product(stock=10)
    first = await place(two_orders, product, idempotency_key="one")
    assert (await place(two_orders, product)).status == 201
    again = await place(two_orders, product, idempotency_key="one")
    assert (again.status, again.body) == (201, first.body)


async def test_many_at_once_are_no_way_past_the_bound(two_orders: Shop) -> None:
    product = await two_orders.product(stock=50)
    replies = await asyncio.gather(*(place(two_orders, product) for _ in range(15)))
    assert sorted(reply.status for reply in replies) == [201] * 2 + [409] * 13
    assert await two_orders.stock(product) == 48


async def test_a_cart_is_bounded_as_well_and_stays_as_it_is(ten_units: Shop) -> None:
    await ten_units.start("cart")
    product = await ten_units.product(stock=50)
    path = f"/cart/ada/add?product_id={product}&quantity=11"
    await ten_units.call("cart", "POST", path, key=token("ada"))
    refused = await ten_units.call(
        "order", "POST", "/orders", json={"user_id": "ada"}, key=token("ada")
    )
    assert_problem(refused, 409, "too_many_unpaid_units")
    cart = (await ten_units.call("cart", "GET", "/cart/ada")).json
    assert [item["quantity"] for item in cart["items"]] == [11]


async def test_other_customers_are_not_bounded_by_it(two_orders: Shop) -> None:
    product = await two_orders.product(stock=10)
    for _ in range(2):
        await place(two_orders, product)
    bob = await place(two_orders, product, key=token("bob"), json={"user_id": "bob"})
    assert bob.status == 201


async def test_the_operator_is_never_refused_and_what_it_orders_for_a_customer_counts(
    two_orders: Shop,
) -> None:
    product = await two_orders.product(stock=10)
    for _ in range(3):
        assert (await place(two_orders, product, key=OPERATOR)).status == 201
    assert_problem(await place(two_orders, product), 409, "too_many_unpaid_orders")


async def test_a_bound_of_0_is_none(shop: Shop) -> None:
    await shop.start("catalog")
    await shop.start("order", unpaid_orders=0, unpaid_units=0)
    product = await shop.product(stock=100_000)
    replies = [await place(shop, product, 1000) for _ in range(25)]
    assert {reply.status for reply in replies} == {201}


async def test_the_customers_of_one_address_are_bounded_together(shop: Shop) -> None:
    await shop.start("catalog")
    await shop.start("order", address_unpaid_orders=2, address_unpaid_units=10)
    product = await shop.product(stock=100)

    async def by(guest: str, network: str | None, quantity: int = 1) -> Reply:
        key = token(guest, network=network)
        return await place(shop, product, quantity, key=key, json={"user_id": guest})

    problem = assert_problem(
        await by("a", "192.0.2.1", 11), 409, "too_many_unpaid_units_at_address"
    )
    assert problem["limit"] == 10
    assert [(await by(guest, "192.0.2.1")).status for guest in "ab"] == [201, 201]
    problem = assert_problem(await by("c", "192.0.2.1"), 409, "too_many_unpaid_orders_at_address")
    assert "192.0.2.1" not in problem["detail"]
    assert (await by("c", "192.0.2.2")).status == 201
    assert (await by("d", None)).status == 201


async def test_an_address_is_kept_no_longer_than_an_order_is_unpaid(two_orders: Shop) -> None:
    product = await two_orders.product(stock=10)
    key = token("ada", network="192.0.2.1")
    paid, cancelled = [(await place(two_orders, product, key=key)).json for _ in range(2)]
    sql = "SELECT network FROM orders ORDER BY number"
    assert [row["network"] for row in await rows(two_orders, "order", sql)] == ["192.0.2.1"] * 2
    await two_orders.pay(paid)
    await two_orders.call("order", "POST", f"/orders/{cancelled['order_id']}/cancel")
    assert [row["network"] for row in await rows(two_orders, "order", sql)] == [None] * 2


async def test_the_operator_sees_who_holds_what_those_with_most_units_first(shop: Shop) -> None:
    await shop.start("catalog")
    await shop.start("order")
    product = await shop.product(stock=100)
    for guest, quantity in (("ada", 3), ("bob", 7), ("ada", 5), ("cyd", 1)):
        key = token(guest, network="192.0.2.1" if guest != "cyd" else None)
        await place(shop, product, quantity, key=key, json={"user_id": guest})
    held = (await shop.call("order", "GET", "/holds")).json
    of_ada = (await shop.call("order", "GET", "/orders?user_id=ada")).json
    assert held[0] == {
        "user_id": "ada",
        "network": "192.0.2.1",
        "orders": 2,
        "units": 8,
        "first_expires_at": of_ada[-1]["expires_at"],
    }
    assert [(one["user_id"], one["network"], one["units"]) for one in held[1:]] == [
        ("bob", "192.0.2.1", 7),
        ("cyd", None, 1),
    ]
    by_network = (await shop.call("order", "GET", "/holds?by=network")).json
    assert [
        (one["user_id"], one["network"], one["orders"], one["units"]) for one in by_network
    ] == [(None, "192.0.2.1", 3, 15)]


@pytest.mark.parametrize(("limit", "size"), [(2, paging.PAGE_BYTES), (1000, 300)])
async def test_who_holds_what_comes_in_pages_of_so_many_or_so_large(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, limit: int, size: int
) -> None:
    monkeypatch.setattr(paging, "PAGE_BYTES", size)
    await shop.start("catalog")
    await shop.start("order")
    product = await shop.product(stock=100)
    for guest in ("ada", "bob", "cyd"):
        await place(shop, product, key=token(guest), json={"user_id": guest})
    page = await shop.call("order", "GET", f"/holds?limit={limit}")
    rest = page.headers["Link"].partition("<")[2].partition(">")[0]
    more = await shop.call("order", "GET", rest)
    assert sorted(one["user_id"] for one in page.json + more.json) == ["ada", "bob", "cyd"]
    assert (len(page.json), "Link" in more.headers) == (2, False)


async def test_a_customer_does_not_see_who_holds_what(shop: Shop) -> None:
    await shop.start("order")
    assert_problem(await shop.call("order", "GET", "/holds", key=token("ada")), 403, "forbidden")


def steps_of_a_checkout(old_orders: int) -> int:
    """How many steps SQLite takes to place an order for a customer who has so many, all closed but
    one.
    """
    conn = in_memory("orders.db")
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    def place_one() -> str:
        checkout = Checkout(
            user_id="ada",
            items=[Item(product_id=1, quantity=2)],
            cart_version=None,
            expected_total_minor=None,
            currency=USD,
            seconds_to_pay=900.0,
            network="192.0.2.1",
            customer_bound=Bound(orders=20, units=1000),
            address_bound=Bound(orders=20, units=1000),
        )
        return placement.place_order(conn, checkout, None, utc_now(), "a request").order.order_id

    conn.execute("BEGIN")
    for _ in range(old_orders):
        transitions.cancel_order(conn, place_one(), "customer_request", utc_now(), "a request")
    place_one()
    conn.set_progress_handler(count, 1)
    place_one()
    conn.set_progress_handler(None, 0)
    conn.close()
    return steps


def test_old_orders_make_a_checkout_no_slower() -> None:
    few, many = steps_of_a_checkout(10), steps_of_a_checkout(2000)
    assert many <= few + 20


def test_orders_of_an_older_release_are_counted_with_their_units() -> None:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    whole = databases.schema_of("orders.db")
    migrate(conn, [[each for each in series if each.number <= 2] for series in whole], "orders.db")
    conn.execute(
        "INSERT INTO orders (order_id, user_id, status, stock_state, items, currency, cart_state,"
        " expires_at, created_at, updated_at)"
        " VALUES ('o', 'ada', 'CREATED', 'REQUESTED',"
        ' \'[{"product_id": 1, "quantity": 3}, {"product_id": 2, "quantity": 4}]\','
        " 'USD', 'NONE', '', '', '')"
    )
    migrate(conn, whole, "orders.db")
    conn.row_factory = sqlite3.Row
    assert store.held_by_user(conn, "ada").units == 7
