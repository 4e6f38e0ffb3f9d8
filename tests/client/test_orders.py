"""The calls of `ShopClient.orders`."""

from decimal import Decimal

from client import OrderLine, ShopClient
from tests.client.bodies import ORDER
from tests.client.fakes import FakeService, only_request, reply


async def test_a_page_says_where_the_next_one_begins(
    shop: ShopClient, service: FakeService
) -> None:
    service.answers = [reply([ORDER], Link='</orders?after=x>; rel="next"'), reply([ORDER])]
    page = await shop.orders.list(user_id="ada", status="PAID", limit=1)
    assert (page[0].order_id, page.next) == ("o-1", "x")
    assert (await shop.orders.list(user_id="ada", limit=1, after=page.next)).next is None
    assert service.seen[1].path == "/orders?user_id=ada&limit=1&after=x"


async def test_an_order_of_lines_names_the_prices_that_the_buyer_saw(
    shop: ShopClient, service: FakeService
) -> None:
    service.answers = [reply(ORDER, 201)]
    lines = [OrderLine(7, 2, price=Decimal("0.10")), OrderLine(8)]
    order = await shop.orders.create("ada", lines, expected_total="0.20")
    assert order.total_amount == Decimal("0.2")
    assert service.seen[0].body == (
        b'{"user_id":"ada","items":[{"product_id":7,"quantity":2,"price":0.10},'
        b'{"product_id":8,"quantity":1}],"expected_total":0.20}'
    )


async def test_an_order_from_the_cart_names_no_lines(
    shop: ShopClient, service: FakeService
) -> None:
    service.answers = [reply(ORDER, 201)]
    await shop.orders.create("ada")
    assert only_request(service) == ("POST", "/orders", {"user_id": "ada"})


async def test_an_order_is_read_with_its_events_and_cancelled(
    shop: ShopClient, service: FakeService
) -> None:
    event = {"status": "CREATED", "at": "2026-01-02T03:04:05Z", "cause": "checkout"}
    service.answers = [reply(ORDER), reply([event]), reply(ORDER | {"status": "CANCELLED"})]
    assert (await shop.orders.get("o-1")).stock_state == "HELD"
    assert (await shop.orders.events("o-1"))[0].cause == "checkout"
    assert (await shop.orders.cancel("o-1")).status == "CANCELLED"
    assert [seen.path for seen in service.seen] == [
        "/orders/o-1",
        "/orders/o-1/events",
        "/orders/o-1/cancel",
    ]


async def test_the_link_of_a_receipt_is_made_opened_and_revoked(
    shop: ShopClient, service: FakeService
) -> None:
    event = {"status": "PAID", "at": "2026-01-02T03:04:05Z"}
    receipt = {name: ORDER[name] for name in ("order_id", "status", "items", "total_amount")}
    link = {"order_id": "o-1", "token": "t/1"}
    service.answers = [reply(link, 201), reply(receipt | {"events": [event]}), reply(status=204)]
    token = (await shop.orders.make_receipt_link("o-1")).token
    seen = await shop.orders.receipt(token)
    assert (seen.total_amount, seen.events[0].status) == (Decimal("0.2"), "PAID")
    await shop.orders.revoke_receipt_link("o-1")
    assert [(seen.method, seen.path) for seen in service.seen] == [
        ("POST", "/orders/o-1/receipt"),
        ("GET", "/receipts/t%2F1"),
        ("DELETE", "/orders/o-1/receipt"),
    ]


async def test_who_holds_what_is_read_by_user_or_by_network(
    shop: ShopClient, service: FakeService
) -> None:
    held = {"user_id": None, "network": "192.0.2.1", "orders": 2, "units": 8}
    service.answers = [reply([held | {"first_expires_at": "2026-01-02T03:04:05Z"}])]
    (hold,) = await shop.orders.holds(by="network", limit=1)
    assert (hold.network, hold.user_id, hold.orders, hold.units) == ("192.0.2.1", None, 2, 8)
    assert hold.first_expires_at.year == 2026
    assert service.seen[0].path == "/holds?by=network&limit=1"


async def test_all_orders_are_iterated(shop: ShopClient, service: FakeService) -> None:
    service.answers = [
        reply([ORDER], Link='</orders?after=x>; rel="next"'),
        reply([ORDER | {"order_id": "o-0"}]),
    ]
    assert [each.order_id async for each in shop.orders.iter(user_id="ada")] == ["o-1", "o-0"]
