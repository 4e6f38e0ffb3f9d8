"""What a reservation holds, at which price, and when it is refused."""

import asyncio
import json
import uuid
from decimal import Decimal

import pytest

from tests.services.peers import write
from tests.services.stock import Units, line, move, reserve, units
from tests.shop import Shop, as_json, token

ORDER = "6f1b2c3d-0000-4000-8000-00000000000a"
OUT_OF_BOUNDS: list[dict[str, object]] = [
    {},
    {"lines": []},
    {"lines": [line(n) for n in range(1, 102)]},
    {"lines": [line(1), line(1, 2)]},
    {"lines": [line(1, 0)]},
    {"lines": [line(1, 1001)]},
    {"lines": [line(1, 1, price="2.50")]},
    {"lines": [line(1, 1, price=Decimal("2.505"))]},
    {"lines": [line(1, 1, price=-1)]},
    {"lines": [line(0)]},
    {"lines": [{"product_id": 1}]},
    {"lines": [line(1, 1, colour="red")]},
    {"lines": [line(1)], "expected_total": 0},
    {"lines": [line(1)], "expected_total": "2.50"},
    {"lines": [line(1)], "note": "quick"},
]


async def test_a_hold_answers_with_names_prices_and_total(catalog: Shop) -> None:
    drops = await catalog.product(price="1.20", name="Pear Drops", sku="SWT-001")
    loaf = await catalog.product(price="4.20", name="Country Loaf", sku=None)
    reply = await reserve(catalog, [line(drops, 3), line(loaf, 2)], ORDER)
    assert reply.status == 200
    assert reply.json == {
        "order_id": ORDER,
        "state": "HELD",
        "lines": [
            {
                "product_id": drops,
                "sku": "SWT-001",
                "name": "Pear Drops",
                "price": Decimal("1.20"),
                "quantity": 3,
            },
            {
                "product_id": loaf,
                "sku": None,
                "name": "Country Loaf",
                "price": Decimal("4.20"),
                "quantity": 2,
            },
        ],
        "total_amount": Decimal("12.00"),
        "currency": "USD",
    }


async def test_a_reservation_can_be_read_as_it_stands(catalog: Shop) -> None:
    held = await reserve(catalog, [line(await catalog.product())], ORDER)
    read = await catalog.call("catalog", "GET", f"/reservations/{ORDER}")
    assert (read.status, read.json) == (200, held.json)
    await move(catalog, ORDER, "commit")
    read = await catalog.call("catalog", "GET", f"/reservations/{ORDER}")
    assert read.json == {**held.json, "state": "COMMITTED"}


async def test_an_unknown_reservation_is_not_found(catalog: Shop) -> None:
    reply = await catalog.call("catalog", "GET", f"/reservations/{ORDER}")
    assert (reply.status, reply.code) == (404, "reservation_not_found")
    assert reply.json["order_id"] == ORDER


async def test_an_order_is_the_same_in_capitals(catalog: Shop) -> None:
    product_id = await catalog.product(stock=10)
    for order_id in (ORDER, ORDER.upper()):
        reply = await reserve(catalog, [line(product_id)], order_id)
        assert reply.json["order_id"] == ORDER
    assert units(catalog, product_id) == Units(9, 1, 0)


async def test_all_is_held_or_nothing(catalog: Shop) -> None:
    plenty = await catalog.product(stock=10)
    scarce = await catalog.product(stock=1, name="Violet Creams")
    none = await catalog.product(stock=0, name="Almond Croissant")
    reply = await reserve(catalog, [line(plenty, 2), line(scarce, 2), line(none, 1)], ORDER)
    assert (reply.status, reply.code) == (409, "insufficient_stock")
    assert reply.json["detail"] == "There is not enough of Violet Creams, Almond Croissant"
    assert reply.json["order_id"] == ORDER
    assert reply.json["errors"] == [
        {"product_id": scarce, "requested": 2, "available": 1},
        {"product_id": none, "requested": 1, "available": 0},
    ]
    assert units(catalog, plenty) == Units(10, 0, 0)
    assert units(catalog, scarce) == Units(1, 0, 0)


async def test_the_last_unit_can_be_held(catalog: Shop) -> None:
    product_id = await catalog.product(stock=3)
    assert (await reserve(catalog, [line(product_id, 3)])).status == 200
    assert units(catalog, product_id) == Units(0, 3, 0)
    assert await catalog.stock(product_id) == 0


async def test_fifty_orders_at_once_for_five_units_hold_exactly_five(catalog: Shop) -> None:
    product_id = await catalog.product(stock=5)
    replies = await asyncio.gather(*(reserve(catalog, [line(product_id)]) for _ in range(50)))
    assert sorted(reply.status for reply in replies) == [200] * 5 + [409] * 45
    assert {reply.code for reply in replies if reply.status == 409} == {"insufficient_stock"}
    assert units(catalog, product_id) == Units(0, 5, 0)


async def test_the_same_order_sent_ten_times_at_once_holds_once(catalog: Shop) -> None:
    product_id = await catalog.product(stock=5)
    replies = await asyncio.gather(
        *(reserve(catalog, [line(product_id, 2)], ORDER) for _ in range(10))
    )
    assert {(reply.status, reply.body) for reply in replies} == {(200, replies[0].body)}
    assert units(catalog, product_id) == Units(3, 2, 0)


async def test_an_unknown_product_is_rejected_with_the_order_named(catalog: Shop) -> None:
    known = await catalog.product()
    reply = await reserve(catalog, [line(known), line(999), line(998)], ORDER)
    assert (reply.status, reply.code) == (404, "product_not_found")
    assert reply.json["detail"] == "Product 999 not found in catalog"
    assert reply.json["errors"] == [{"product_id": 999}, {"product_id": 998}]
    assert reply.json["order_id"] == ORDER


async def test_a_deleted_product_is_sold_no_longer(catalog: Shop) -> None:
    product_id = await catalog.product()
    await catalog.call("catalog", "DELETE", f"/products/{product_id}")
    assert (await reserve(catalog, [line(product_id)])).code == "product_not_found"


async def test_a_hold_keeps_its_line_when_the_product_is_edited_and_deleted(catalog: Shop) -> None:
    product_id = await catalog.product(stock=10)
    held = await reserve(catalog, [line(product_id, 2)], ORDER)
    path = f"/products/{product_id}"
    await catalog.call("catalog", "PATCH", path, json={"name": "Sherbet Lemons", "price": 9})
    await catalog.call("catalog", "DELETE", path)
    committed = await move(catalog, ORDER, "commit")
    assert committed.json["lines"] == held.json["lines"]
    assert units(catalog, product_id) == Units(8, 0, 2)


@pytest.mark.parametrize(
    ("seen", "errors"),
    [
        (
            {"lines": [line(1, 2, price=Decimal("2.40"))]},
            [{"product_id": 1, "expected": Decimal("2.40"), "price": Decimal("2.50")}],
        ),
        (
            {"lines": [line(1, 2)], "expected_total": Decimal("4.80")},
            [
                {
                    "expected_total": Decimal("4.80"),
                    "total_amount": Decimal("5.00"),
                    "currency": "USD",
                }
            ],
        ),
        (
            {"lines": [line(1, 2, price=0)], "expected_total": Decimal("4.80")},
            [
                {"product_id": 1, "expected": 0, "price": Decimal("2.50")},
                {
                    "expected_total": Decimal("4.80"),
                    "total_amount": Decimal("5.00"),
                    "currency": "USD",
                },
            ],
        ),
    ],
    ids=["of a line", "of the total", "of both"],
)
async def test_a_price_that_the_buyer_did_not_see_is_rejected_with_the_present_one(
    catalog: Shop, seen: dict[str, object], errors: list[object]
) -> None:
    product_id = await catalog.product(price="2.50", stock=10)
    body = as_json(seen)
    for _ in range(2):  # a repeat is told the same
        reply = await catalog.call("catalog", "PUT", f"/reservations/{ORDER}", **body)
        assert (reply.status, reply.code) == (409, "price_changed")
        assert reply.json["errors"] == errors
        assert reply.json["detail"] == "Prices have changed; the total is 5.00 now"
    assert units(catalog, product_id) == Units(10, 0, 0)


async def test_a_price_that_the_buyer_saw_is_kept_to(catalog: Shop) -> None:
    product_id = await catalog.product(price="2.50", stock=10)
    seen = line(product_id, 2, price=Decimal("2.5"))
    reply = await reserve(catalog, [seen], expected_total=Decimal("5"))
    assert reply.json["total_amount"] == Decimal("5.00")


async def test_an_order_of_free_products_alone_is_rejected(catalog: Shop) -> None:
    product_id = await catalog.product(price="0", stock=10)
    reply = await reserve(catalog, [line(product_id)], ORDER)
    assert (reply.status, reply.code) == (422, "order_total_zero")
    assert reply.json["order_id"] == ORDER
    assert units(catalog, product_id) == Units(10, 0, 0)


async def test_a_free_product_is_held_beside_one_that_costs(catalog: Shop) -> None:
    free, paid = await catalog.product(price="0"), await catalog.product(price="0.01")
    reply = await reserve(catalog, [line(free, 5), line(paid)])
    assert reply.json["total_amount"] == Decimal("0.01")


async def test_the_dearest_order_there_can_be_is_held_to_the_cent(catalog: Shop) -> None:
    products = [await catalog.product(price="1000000.00", stock=1000) for _ in range(100)]
    reply = await reserve(catalog, [line(product_id, 1000) for product_id in products])
    assert reply.status == 200
    assert reply.json["total_amount"] == Decimal("100000000000.00")


async def test_a_hold_out_of_bounds_is_invalid_and_leaves_the_order_unknown(
    catalog: Shop, subtests: pytest.Subtests
) -> None:
    await catalog.product()
    for wanted in OUT_OF_BOUNDS:
        with subtests.test(str(wanted)[:60]):
            reply = await catalog.call(
                "catalog", "PUT", f"/reservations/{ORDER}", **as_json(wanted)
            )
            assert (reply.status, reply.code) == (422, "invalid_request")
    read = await catalog.call("catalog", "GET", f"/reservations/{ORDER}")
    assert read.code == "reservation_not_found"


async def test_an_order_id_that_is_no_uuid_is_invalid(
    catalog: Shop, subtests: pytest.Subtests
) -> None:
    for order_id in ["1", "not-a-uuid", f"{ORDER}0", f"{ORDER}%0a"]:
        with subtests.test(order_id):
            reply = await reserve(catalog, [line(await catalog.product())], order_id)
            assert (reply.status, reply.code) == (422, "invalid_request")


async def test_a_transition_takes_no_parameters(catalog: Shop) -> None:
    path = f"/reservations/{uuid.uuid4()}/release"
    assert (await catalog.call("catalog", "POST", path, json={"why": "late"})).status == 422
    assert (await catalog.call("catalog", "POST", f"{path}?why=late")).status == 422
    assert (await catalog.call("catalog", "POST", path, json={})).status == 200


@pytest.mark.parametrize(
    ("method", "what"),
    [("PUT", ""), ("GET", ""), ("POST", "/commit"), ("POST", "/release"), ("POST", "/return")],
)
async def test_reservations_are_the_operators_alone(catalog: Shop, method: str, what: str) -> None:
    path = f"/reservations/{ORDER}{what}"
    reply = await catalog.call("catalog", method, path, key=token("ada"))
    assert (reply.status, reply.code) == (403, "forbidden")
    assert (await catalog.call("catalog", method, path, key=None)).status == 401


async def test_a_repeat_is_known_by_what_it_asks_and_not_by_how_it_was_stored(
    catalog: Shop,
) -> None:
    product_id = await catalog.product(stock=5)
    first = await reserve(catalog, [line(product_id, 2)], ORDER)
    rewritten = "UPDATE reservations SET request = ? WHERE order_id = ?"
    as_a_later_release = json.dumps({"lines": [{"quantity": 2, "product_id": product_id}]})
    await write(catalog, "catalog", rewritten, as_a_later_release, ORDER)
    again = await reserve(catalog, [line(product_id, 2)], ORDER)
    assert (again.status, again.body) == (200, first.body)


async def test_an_answer_is_what_was_written_whatever_order_the_lines_came_in(
    catalog: Shop,
) -> None:
    first, second = await catalog.product(price="1.20"), await catalog.product(price="2.30")
    held = await reserve(catalog, [line(second, 2), line(first, 3)], ORDER)
    stored = await catalog.call("catalog", "GET", f"/reservations/{ORDER}")
    repeated = await reserve(catalog, [line(second, 2), line(first, 3)], ORDER)
    assert held.body == stored.body == repeated.body
    assert [each["product_id"] for each in held.json["lines"]] == [first, second]
    committed = await move(catalog, ORDER, "commit")
    stored = await catalog.call("catalog", "GET", f"/reservations/{ORDER}")
    assert committed.body == stored.body == (await move(catalog, ORDER, "commit")).body
