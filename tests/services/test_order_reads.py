"""Orders read one by one, as a list in pages, and with their history; each customer their own."""

from typing import Any

import pytest

from services.common.web import paging
from services.common.web.keys import DATABASE
from tests.shop import Shop, token

from .orders import some_uuid, stored_order
from .peers import write

ADA, EVE = token("ada"), token("eve")


@pytest.fixture
async def orders(shop: Shop) -> Shop:
    """A shop with orders alone: nothing moves on by itself."""
    await shop.start("order", peer_deadline=0.02)
    return shop


async def ids(shop: Shop, path: str = "/orders", **request: Any) -> list[str]:
    """The ids in a list of orders."""
    reply = await shop.call("order", "GET", path, **request)
    assert reply.status == 200, reply.body
    return [order["order_id"] for order in reply.json]


async def test_an_order_is_shown_to_its_customer_and_to_the_operator(orders: Shop) -> None:
    order = await stored_order(orders, "HELD")
    path = f"/orders/{order.order_id}"
    own, operators = [await orders.call("order", "GET", path, key=ADA) for _ in range(2)]
    assert own.body == operators.body
    assert own.json["order_id"] == order.order_id


@pytest.mark.parametrize("path", ["/orders/{}", "/orders/{}/events"])
async def test_somebody_elses_order_is_as_if_it_did_not_exist(orders: Shop, path: str) -> None:
    order = await stored_order(orders, "HELD")
    theirs, nobodys = [
        await orders.call("order", "GET", path.format(order_id), key=EVE)
        for order_id in (order.order_id, some_uuid())
    ]
    assert [theirs.status, nobodys.status] == [404, 404]
    assert theirs.code == nobodys.code == "order_not_found"
    assert theirs.json.keys() == nobodys.json.keys()


async def test_somebody_elses_order_cannot_be_cancelled(orders: Shop) -> None:
    order = await stored_order(orders, "HELD")
    reply = await orders.call("order", "POST", f"/orders/{order.order_id}/cancel", key=EVE)
    assert (reply.status, reply.code) == (404, "order_not_found")
    found = await orders.call("order", "GET", f"/orders/{order.order_id}")
    assert found.json["status"] == "CREATED"


@pytest.mark.parametrize("what", ["payment", "refund"])
async def test_a_customer_cannot_notify_of_payments_and_refunds(orders: Shop, what: str) -> None:
    order = await stored_order(orders, "HELD")
    reply = await orders.call("order", "POST", f"/orders/{order.order_id}/{what}", key=ADA)
    assert (reply.status, reply.code) == (403, "forbidden")


async def test_orders_are_listed_newest_first(orders: Shop) -> None:
    placed = [(await stored_order(orders, "HELD")).order_id for _ in range(3)]
    assert await ids(orders) == placed[::-1]


async def test_a_customers_list_is_of_their_own_orders(orders: Shop) -> None:
    adas = (await stored_order(orders, "HELD")).order_id
    eves = (await stored_order(orders, "HELD", user_id="eve")).order_id
    assert await ids(orders, key=ADA) == [adas]
    assert await ids(orders, "/orders?user_id=eve", key=EVE) == [eves]
    assert await ids(orders, "/orders?user_id=eve") == [eves]


async def test_a_list_of_anothers_orders_is_404_to_a_customer(orders: Shop) -> None:
    reply = await orders.call("order", "GET", "/orders?user_id=eve", key=ADA)
    assert (reply.status, reply.code) == (404, "user_not_found")


async def test_orders_are_listed_by_status(orders: Shop) -> None:
    await stored_order(orders, "HELD")
    paid = (await stored_order(orders, "COMMIT_DUE")).order_id
    assert await ids(orders, "/orders?status=PAID") == [paid]
    assert await ids(orders, "/orders?status=REFUNDED") == []


@pytest.mark.parametrize(
    "query", ["status=LOST", "limit=0", "limit=1001", "colour=red", "after=W10="]
)
async def test_a_list_asked_for_wrongly_is_422(orders: Shop, query: str) -> None:
    reply = await orders.call("order", "GET", f"/orders?{query}")
    assert (reply.status, reply.code) == (422, "invalid_request")


async def test_a_list_comes_in_pages_that_miss_nothing_and_repeat_nothing(orders: Shop) -> None:
    placed = [(await stored_order(orders, "HELD")).order_id for _ in range(5)]
    await stored_order(orders, "HELD", user_id="eve")
    seen, path = [], "/orders?limit=2"
    while path:
        reply = await orders.call("order", "GET", path, key=ADA)
        seen += [order["order_id"] for order in reply.json]
        await stored_order(orders, "HELD")  # what comes meanwhile is newer than what is left
        link = reply.headers.get("Link")
        path = link[1 : link.index(">")] if link else ""
    assert seen == placed[::-1]


async def test_an_orders_history_has_every_state_with_its_cause_oldest_first(orders: Shop) -> None:
    order = await stored_order(orders, "RETURN_DUE")
    reply = await orders.call("order", "GET", f"/orders/{order.order_id}/events", key=ADA)
    assert [(e["status"], e["stock_state"], e["cause"]) for e in reply.json] == [
        ("CREATED", "REQUESTED", "placed"),
        ("CREATED", "HELD", "stock held"),
        ("PAID", "COMMIT_DUE", "paid"),
        ("PAID", "COMMITTED", "the test has it so"),
        ("REFUNDED", "RETURN_DUE", "refunded"),
    ]
    times = [event["at"] for event in reply.json]
    assert times == sorted(times)


@pytest.mark.parametrize("sql", ["UPDATE order_events SET cause = ''", "DELETE FROM order_events"])
async def test_an_orders_history_only_grows(orders: Shop, sql: str) -> None:
    await stored_order(orders, "HELD")
    with pytest.raises(Exception, match="a history only grows"):
        await write(orders, "order", sql)


async def test_the_seeds_total_column_can_be_read(orders: Shop) -> None:
    order = await stored_order(orders, "HELD")
    total = await orders.app("order")[DATABASE].read(
        lambda conn: conn.execute("SELECT total_amount FROM orders").fetchone()["total_amount"]
    )
    assert (order.total_minor, total) == (500, 5.0)


async def test_a_page_that_is_long_enough_ends_early_and_leads_on(
    orders: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE_BYTES", 1500)
    made = [(await stored_order(orders, "HELD")).order_id for _ in range(7)]
    found, path = [], "/orders?limit=1000"
    while path:
        reply = await orders.call("order", "GET", path)
        assert len(reply.body) <= 1500
        found += [order["order_id"] for order in reply.json]
        link = reply.headers.get("Link")
        path = link[1 : link.index(">")] if link else ""
    assert found == made[::-1]
