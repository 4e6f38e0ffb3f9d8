"""Every cell of the table of a reservation: what each call answers in each state, and what it does
to the stock.
"""

import asyncio
import uuid

import pytest

from tests.services.stock import Units, line, move, reserve, rows, units
from tests.shop import Reply, Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

STOCK = 10
WANTED = 3
ON_SALE = Units(10, 0, 0)
HELD = Units(7, 3, 0)
SOLD = Units(7, 0, 3)

TABLE = [
    ("none", "PUT", 200, "HELD", HELD),
    ("none", "commit", 404, "reservation_not_found", ON_SALE),
    ("none", "release", 200, "RELEASED", ON_SALE),
    ("none", "return", 200, "RETURNED", ON_SALE),
    ("HELD", "PUT", 200, "HELD", HELD),
    ("HELD", "commit", 200, "COMMITTED", SOLD),
    ("HELD", "release", 200, "RELEASED", ON_SALE),
    ("HELD", "return", 200, "RETURNED", ON_SALE),
    ("COMMITTED", "PUT", 200, "COMMITTED", SOLD),
    ("COMMITTED", "commit", 200, "COMMITTED", SOLD),
    ("COMMITTED", "release", 409, "reservation_committed", SOLD),
    ("COMMITTED", "return", 200, "RETURNED", ON_SALE),
    ("RELEASED", "PUT", 409, "reservation_closed", ON_SALE),
    ("RELEASED", "commit", 409, "reservation_closed", ON_SALE),
    ("RELEASED", "release", 200, "RELEASED", ON_SALE),
    ("RELEASED", "return", 200, "RELEASED", ON_SALE),
    ("REJECTED", "PUT", 409, "insufficient_stock", ON_SALE),
    ("REJECTED", "commit", 409, "reservation_closed", ON_SALE),
    ("REJECTED", "release", 200, "REJECTED", ON_SALE),
    ("REJECTED", "return", 200, "REJECTED", ON_SALE),
    ("RETURNED", "PUT", 409, "reservation_closed", ON_SALE),
    ("RETURNED", "commit", 409, "reservation_closed", ON_SALE),
    ("RETURNED", "release", 200, "RETURNED", ON_SALE),
    ("RETURNED", "return", 200, "RETURNED", ON_SALE),
]
WAY_TO = {
    "none": [],
    "HELD": ["PUT"],
    "COMMITTED": ["PUT", "commit"],
    "RELEASED": ["PUT", "release"],
    "REJECTED": ["PUT"],
    "RETURNED": ["PUT", "commit", "return"],
}


class StagedReservation:
    """One product, and one order that may hold units of it."""

    def __init__(self, shop: Shop, product_id: int, state: str) -> None:
        self.shop = shop
        self.product_id = product_id
        self.order_id = str(uuid.uuid4())
        self.quantity = STOCK + 1 if state == "REJECTED" else WANTED

    async def call(self, what: str) -> Reply:
        if what == "PUT":
            lines = [line(self.product_id, self.quantity)]
            return await reserve(self.shop, lines, self.order_id)
        return await move(self.shop, self.order_id, what)


async def reservation_in(shop: Shop, state: str) -> StagedReservation:
    """A reservation that was brought to a state."""
    staged = StagedReservation(shop, await shop.product(stock=STOCK), state)
    for what in WAY_TO[state]:
        await staged.call(what)
    return staged


@pytest.mark.parametrize(("state", "call", "status", "outcome", "stock"), TABLE)
async def test_every_call_has_the_outcome_and_the_stock_of_the_table_however_often(
    shared_catalog: Shop, state: str, call: str, status: int, outcome: str, stock: Units
) -> None:
    here = await reservation_in(shared_catalog, state)
    first = await here.call(call)
    assert first.status == status
    assert (first.json["state"] if status == 200 else first.code) == outcome
    assert first.json["order_id"] == here.order_id
    assert units(shared_catalog, here.product_id) == stock
    again = await here.call(call)
    assert again.status == status
    assert {**again.json, "request_id": ""} == {**first.json, "request_id": ""}
    assert units(shared_catalog, here.product_id) == stock


@pytest.mark.parametrize("state", ["HELD", "COMMITTED", "REJECTED"])
@pytest.mark.parametrize(
    "other", [{"quantity": 2}, {"price": 2.5}, {"product_id": 2}], ids=["units", "price", "product"]
)
async def test_a_put_of_other_lines_is_a_mismatch(
    shared_catalog: Shop, state: str, other: dict[str, float]
) -> None:
    here = await reservation_in(shared_catalog, state)
    await shared_catalog.product()
    before = units(shared_catalog, here.product_id)
    reply = await reserve(
        shared_catalog, [{**line(here.product_id, here.quantity), **other}], here.order_id
    )
    assert (reply.status, reply.code) == (409, "reservation_mismatch")
    assert reply.json["order_id"] == here.order_id
    assert units(shared_catalog, here.product_id) == before


@pytest.mark.parametrize(("early", "state"), [("release", "RELEASED"), ("return", "RETURNED")])
async def test_closing_an_unknown_order_leaves_a_tombstone_for_a_late_hold(
    shared_catalog: Shop, early: str, state: str
) -> None:
    here = await reservation_in(shared_catalog, "none")
    closed = await here.call(early)
    assert closed.json == {
        "order_id": here.order_id,
        "state": state,
        "lines": [],
        "total_amount": 0,
        "currency": "USD",
    }
    late = await here.call("PUT")
    assert (late.status, late.code) == (409, "reservation_closed")
    assert (await here.call("commit")).code == "reservation_closed"
    assert units(shared_catalog, here.product_id) == ON_SALE


async def test_a_rejection_stays_although_there_would_be_enough_now(
    shared_catalog: Shop,
) -> None:
    here = await reservation_in(shared_catalog, "REJECTED")
    change = {"delta": 100, "reason": "delivery"}
    await shared_catalog.call("catalog", "POST", f"/products/{here.product_id}/stock", json=change)
    reply = await here.call("PUT")
    assert reply.code == "insufficient_stock"
    assert reply.json["errors"] == [
        {"product_id": here.product_id, "requested": 11, "available": 10}
    ]
    assert units(shared_catalog, here.product_id) == Units(110, 0, 0)


async def test_tombstones_and_rejections_survive_a_restart(shared_catalog: Shop) -> None:
    released, rejected = (
        await reservation_in(shared_catalog, "RELEASED"),
        await reservation_in(shared_catalog, "REJECTED"),
    )
    await shared_catalog.restart("catalog")
    assert (await released.call("PUT")).code == "reservation_closed"
    assert (await rejected.call("PUT")).code == "insufficient_stock"


async def test_of_a_commit_and_a_release_at_once_one_wins_and_the_other_is_rejected(
    shared_catalog: Shop,
) -> None:
    stages = [await reservation_in(shared_catalog, "HELD") for _ in range(10)]
    await asyncio.gather(*(here.call(what) for here in stages for what in ("commit", "release")))
    for here in stages:
        state = (
            await shared_catalog.call("catalog", "GET", f"/reservations/{here.order_id}")
        ).json["state"]
        assert units(shared_catalog, here.product_id) == (SOLD if state == "COMMITTED" else ON_SALE)


async def test_a_release_at_the_same_time_as_its_hold_leaves_nothing_held(
    shared_catalog: Shop,
) -> None:
    stages = [await reservation_in(shared_catalog, "none") for _ in range(10)]
    await asyncio.gather(*(here.call(what) for here in stages for what in ("PUT", "release")))
    assert {units(shared_catalog, here.product_id) for here in stages} == {ON_SALE}


async def test_the_ledger_tells_each_movement_of_a_sold_and_refunded_unit(
    shared_catalog: Shop,
) -> None:
    here = await reservation_in(shared_catalog, "RETURNED")
    ledger = rows(
        shared_catalog,
        "products.db",
        "SELECT movement, available, reserved, sold FROM stock_ledger WHERE product_id = ?",
        here.product_id,
    )
    assert ledger == [
        ("stock", 10, 0, 0),
        ("hold", -3, 3, 0),
        ("commit", 0, -3, 3),
        ("return", 3, 0, -3),
    ]
