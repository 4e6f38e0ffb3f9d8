"""Payments read one by one and as a list in pages, and whose they are."""

from decimal import Decimal

import pytest

from tests.shop import OPERATOR, Shop, token

from .orders import some_uuid
from .till import Till, open_till

ADA, EVE = token("ada"), token("eve")


@pytest.fixture
async def till(shop: Shop) -> Till:
    return await open_till(shop)


async def ids(till: Till, query: str = "", key: str = OPERATOR) -> list[str]:
    """The ids in a list of payments."""
    reply = await till.shop.call("payment", "GET", f"/payments{query}", key=key)
    assert reply.status == 200, reply.body
    return [payment["payment_id"] for payment in reply.json]


async def paid(till: Till, key: str = ADA) -> str:
    """Pay another order; returns the payment's id."""
    reply = await till.pay(order_id=some_uuid(), key=key)
    return str(reply.json["payment_id"])


async def test_a_payment_is_shown_with_its_amount_its_customer_and_its_status(till: Till) -> None:
    receipt = (await till.pay(5.25, key=ADA)).json
    reply = await till.shop.call("payment", "GET", f"/payments/{receipt['payment_id']}", key=ADA)
    payment = reply.json
    assert payment.pop("created_at") <= payment.pop("updated_at")
    assert payment == {
        "payment_id": receipt["payment_id"],
        "order_id": till.order_id,
        "user_id": "ada",
        "amount": Decimal("5.25"),
        "currency": "USD",
        "status": "COMPLETED",
        "reason": None,
        "refunded_amount": Decimal("0.00"),
    }


async def test_a_failed_payment_says_why(till: Till) -> None:
    till.says = (422, "amount_mismatch")
    assert (await till.pay()).code == "amount_mismatch"
    (payment,) = await till.payments()
    assert (payment["status"], payment["reason"]) == ("FAILED", "amount_mismatch")


async def test_somebody_elses_payment_is_as_if_it_did_not_exist(till: Till) -> None:
    theirs, nobodys = [
        await till.shop.call("payment", "GET", f"/payments/{payment_id}", key=EVE)
        for payment_id in (await paid(till), some_uuid())
    ]
    assert [theirs.status, nobodys.status] == [404, 404]
    assert theirs.code == nobodys.code == "payment_not_found"
    assert theirs.json.keys() == nobodys.json.keys()


async def test_a_customer_lists_their_own_payments_and_the_operator_all(till: Till) -> None:
    adas, eves = await paid(till, ADA), await paid(till, EVE)
    till.says = "away"
    assert await ids(till, key=ADA) == [adas]
    assert await ids(till) == [eves, adas]


async def test_what_the_operator_paid_is_its_customers_once_the_order_told(till: Till) -> None:
    till.says = "away"
    payment_id = (await till.pay()).json["payment_id"]
    assert await ids(till, key=ADA) == []
    till.back()
    await till.pay()
    assert await ids(till, key=ADA) == [payment_id]


async def test_payments_are_listed_by_order_and_by_status(till: Till) -> None:
    payment_id, _ = (await till.pay()).json["payment_id"], await paid(till)
    assert await ids(till, f"?order_id={till.order_id}") == [payment_id]
    assert await ids(till, f"?order_id={till.order_id}&status=FAILED") == []
    assert len(await ids(till, "?status=COMPLETED")) == 2


@pytest.mark.parametrize(
    "query", ["status=LOST", "order_id=1", "limit=0", "after=x", "user_id=ada", "colour=red"]
)
async def test_a_list_asked_for_wrongly_is_422(till: Till, query: str) -> None:
    reply = await till.shop.call("payment", "GET", f"/payments?{query}")
    assert (reply.status, reply.code) == (422, "invalid_request")


async def test_a_list_comes_in_pages_newest_first(till: Till) -> None:
    made = [await paid(till) for _ in range(5)]
    seen, path = [], "/payments?limit=2"
    while path:
        reply = await till.shop.call("payment", "GET", path, key=ADA)
        seen += [payment["payment_id"] for payment in reply.json]
        link = reply.headers.get("Link")
        path = f"/payments{link[1 : link.index('>')]}" if link else ""
    assert seen == made[::-1]


async def test_a_payment_can_be_made_by_its_parameters_in_the_query(till: Till) -> None:
    path = f"/pay?order_id={till.order_id}&amount=5.00"
    reply = await till.shop.call("payment", "POST", path)
    assert (reply.status, reply.json["amount"]) == (200, Decimal("5.00"))


@pytest.mark.parametrize("amount", [0, -1, 0.001, "5.00", None, 10**13])
async def test_an_amount_that_is_none_is_422_and_nothing_is_written(
    till: Till, amount: float
) -> None:
    reply = await till.pay(amount)
    assert (reply.status, reply.code) == (422, "invalid_request")
    assert await till.payments() == []


async def test_a_customer_gives_no_refunds(till: Till) -> None:
    reply = await till.refund(await paid(till), key=ADA)
    assert (reply.status, reply.code) == (403, "forbidden")
