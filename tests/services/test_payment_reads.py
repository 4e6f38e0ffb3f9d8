"""Payments read one by one and as a list in pages, and whose they are."""

from decimal import Decimal

import pytest

from services.common.web import paging
from tests.shop import OPERATOR, Shop, token

from .orders import some_uuid
from .payment_service import PaymentService, start_payment

ADA, EVE = token("ada"), token("eve")


@pytest.fixture
async def payment_service(shop: Shop) -> PaymentService:
    return await start_payment(shop)


async def ids(payment_service: PaymentService, query: str = "", key: str = OPERATOR) -> list[str]:
    """The ids in a list of payments."""
    reply = await payment_service.shop.call("payment", "GET", f"/payments{query}", key=key)
    assert reply.status == 200, reply.body
    return [payment["payment_id"] for payment in reply.json]


async def paid(payment_service: PaymentService, key: str = ADA) -> str:
    """Pay another order; returns the payment's id."""
    reply = await payment_service.pay(order_id=some_uuid(), key=key)
    return str(reply.json["payment_id"])


async def test_a_payment_is_shown_with_its_amount_its_customer_and_its_status(
    payment_service: PaymentService,
) -> None:
    receipt = (await payment_service.pay(5.25, key=ADA)).json
    reply = await payment_service.shop.call(
        "payment", "GET", f"/payments/{receipt['payment_id']}", key=ADA
    )
    payment = reply.json
    assert payment.pop("created_at") <= payment.pop("updated_at")
    assert payment == {
        "payment_id": receipt["payment_id"],
        "order_id": payment_service.order_id,
        "user_id": "ada",
        "amount": Decimal("5.25"),
        "currency": "USD",
        "status": "COMPLETED",
        "reason": None,
        "refunded_amount": Decimal("0.00"),
    }


async def test_a_failed_payment_says_why(payment_service: PaymentService) -> None:
    payment_service.says = (422, "amount_mismatch")
    assert (await payment_service.pay()).code == "amount_mismatch"
    (payment,) = await payment_service.payments()
    assert (payment["status"], payment["reason"]) == ("FAILED", "amount_mismatch")


async def test_somebody_elses_payment_is_as_if_it_did_not_exist(
    payment_service: PaymentService,
) -> None:
    theirs, nobodys = [
        await payment_service.shop.call("payment", "GET", f"/payments/{payment_id}", key=EVE)
        for payment_id in (await paid(payment_service), some_uuid())
    ]
    assert [theirs.status, nobodys.status] == [404, 404]
    assert theirs.code == nobodys.code == "payment_not_found"
    assert theirs.json.keys() == nobodys.json.keys()


async def test_a_customer_lists_their_own_payments_and_the_operator_all(
    payment_service: PaymentService,
) -> None:
    adas, eves = await paid(payment_service, ADA), await paid(payment_service, EVE)
    payment_service.says = "away"
    assert await ids(payment_service, key=ADA) == [adas]
    assert await ids(payment_service) == [eves, adas]


async def test_a_payment_by_the_operator_belongs_to_the_customer_of_the_order(
    payment_service: PaymentService,
) -> None:
    payment_service.says = "away"
    payment_id = (await payment_service.pay()).json["payment_id"]
    assert await ids(payment_service, key=ADA) == []
    payment_service.back()
    await payment_service.pay()
    assert await ids(payment_service, key=ADA) == [payment_id]


async def test_payments_are_listed_by_order_and_by_status(payment_service: PaymentService) -> None:
    payment_id, _ = (await payment_service.pay()).json["payment_id"], await paid(payment_service)
    assert await ids(payment_service, f"?order_id={payment_service.order_id}") == [payment_id]
    assert await ids(payment_service, f"?order_id={payment_service.order_id}&status=FAILED") == []
    assert len(await ids(payment_service, "?status=COMPLETED")) == 2


@pytest.mark.parametrize(
    "query", ["status=LOST", "order_id=1", "limit=0", "after=W10=", "user_id=ada", "colour=red"]
)
async def test_a_list_asked_for_wrongly_is_422(payment_service: PaymentService, query: str) -> None:
    reply = await payment_service.shop.call("payment", "GET", f"/payments?{query}")
    assert (reply.status, reply.code) == (422, "invalid_request")


async def test_a_list_comes_in_pages_newest_first(payment_service: PaymentService) -> None:
    made = [await paid(payment_service) for _ in range(5)]
    seen, path = [], "/payments?limit=2"
    while path:
        reply = await payment_service.shop.call("payment", "GET", path, key=ADA)
        seen += [payment["payment_id"] for payment in reply.json]
        link = reply.headers.get("Link")
        path = link[1 : link.index(">")] if link else ""
    assert seen == made[::-1]


async def test_a_payment_can_be_made_by_its_parameters_in_the_query(
    payment_service: PaymentService,
) -> None:
    path = f"/pay?order_id={payment_service.order_id}&amount=5.00"
    reply = await payment_service.shop.call("payment", "POST", path)
    assert (reply.status, reply.json["amount"]) == (200, Decimal("5.00"))


@pytest.mark.parametrize("amount", [0, -1, 0.001, "5.00", None, 10**13 + 1])
async def test_an_invalid_amount_is_422_and_nothing_is_written(
    payment_service: PaymentService, amount: float
) -> None:
    reply = await payment_service.pay(amount)
    assert (reply.status, reply.code) == (422, "invalid_request")
    assert await payment_service.payments() == []


async def test_a_customer_cannot_refund(payment_service: PaymentService) -> None:
    reply = await payment_service.refund(await paid(payment_service), key=ADA)
    assert (reply.status, reply.code) == (403, "forbidden")


async def test_a_page_that_is_long_enough_ends_early_and_leads_on(
    payment_service: PaymentService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE_BYTES", 1000)
    made = [await paid(payment_service) for _ in range(5)]
    seen, path = [], "/payments?limit=1000"
    while path:
        reply = await payment_service.shop.call("payment", "GET", path)
        assert len(reply.body) <= 1000
        seen += [payment["payment_id"] for payment in reply.json]
        link = reply.headers.get("Link")
        path = link[1 : link.index(">")] if link else ""
    assert seen == made[::-1]
