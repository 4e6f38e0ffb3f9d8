"""Every cell of the payment's table: each state against a key, another one, none, and a refund."""

from decimal import Decimal
from typing import Any

import pytest

from tests.shop import Reply, Shop

from .orders import some_uuid
from .payment_service import PaymentService, start_payment


@pytest.fixture
async def payment_service(shop: Shop) -> PaymentService:
    return await start_payment(shop)


def outcome(reply: Reply) -> tuple[int, str]:
    """The status, and the payment's status or the problem's code."""
    return reply.status, reply.code if reply.status >= 400 else reply.json["status"]


@pytest.mark.parametrize("key", ["one", None])
async def test_without_a_payment_a_first_one_goes_through(
    payment_service: PaymentService, key: str | None
) -> None:
    reply = await payment_service.pay(idempotency_key=key)
    (payment,) = await payment_service.payments()
    assert reply.status == 200
    assert reply.json == {
        "payment_id": payment["payment_id"],
        "order_id": payment_service.order_id,
        "amount": Decimal("5.00"),
        "currency": "USD",
        "status": "COMPLETED",
        "order_status": "PAID",
    }


async def test_without_a_payment_a_refund_is_404(payment_service: PaymentService) -> None:
    for payment_id in (some_uuid(), "no-uuid"):
        assert outcome(await payment_service.refund(payment_id)) == (404, "payment_not_found")


@pytest.mark.parametrize("key", ["one", None])
async def test_while_pending_a_repeat_is_that_payment_and_then_its_final_answer(
    payment_service: PaymentService, key: str | None
) -> None:
    begun = await payment_service.paid("PENDING", key)
    again = await payment_service.pay(idempotency_key=key)
    assert outcome(again) == (202, "PENDING")
    assert (again.json["payment_id"], again.json["order_status"]) == (begun["payment_id"], None)
    payment_service.back()
    final = await payment_service.pay(idempotency_key=key)
    assert outcome(final) == (200, "COMPLETED")
    assert final.json["payment_id"] == begun["payment_id"]


async def test_while_pending_another_key_is_payment_in_progress_which_is_not_kept(
    payment_service: PaymentService,
) -> None:
    await payment_service.paid("PENDING")
    reply = await payment_service.pay(idempotency_key="two")
    assert outcome(reply) == (409, "payment_in_progress")
    payment_service.back()
    assert outcome(await payment_service.pay(idempotency_key="two")) == (409, "already_paid")
    assert len(await payment_service.payments()) == 1


async def test_while_pending_another_key_settles_the_first_before_its_own(
    payment_service: PaymentService,
) -> None:
    begun = await payment_service.paid("PENDING")
    payment_service.back()
    reply = await payment_service.pay(idempotency_key="two")
    assert outcome(reply) == (409, "already_paid")
    (payment,) = await payment_service.payments()
    assert (payment["payment_id"], payment["status"]) == (begun["payment_id"], "COMPLETED")


async def test_while_pending_another_key_pays_when_the_first_fails(
    payment_service: PaymentService,
) -> None:
    begun = await payment_service.paid("PENDING")
    payment_service.says_first.append((422, "amount_mismatch"))
    payment_service.back()
    reply = await payment_service.pay(idempotency_key="two")
    assert outcome(reply) == (200, "COMPLETED")
    assert reply.json["payment_id"] != begun["payment_id"]


async def test_while_pending_no_key_and_another_amount_is_like_another_key(
    payment_service: PaymentService,
) -> None:
    await payment_service.paid("PENDING", None)
    assert outcome(await payment_service.pay(4)) == (409, "payment_in_progress")
    payment_service.back()
    assert outcome(await payment_service.pay(4)) == (422, "amount_mismatch")


async def test_while_pending_a_refund_is_rejected_and_the_rejection_kept(
    payment_service: PaymentService,
) -> None:
    begun = await payment_service.paid("PENDING")
    reply = await payment_service.refund(begun["payment_id"], idempotency_key="r")
    assert outcome(reply) == (409, "payment_not_refundable")
    payment_service.back()
    again = await payment_service.refund(begun["payment_id"], idempotency_key="r")
    assert again.body == reply.body


async def test_while_pending_a_refund_settles_the_payment_first(
    payment_service: PaymentService,
) -> None:
    begun = await payment_service.paid("PENDING")
    payment_service.back()
    assert outcome(await payment_service.refund(begun["payment_id"])) == (200, "REFUNDED")


@pytest.mark.parametrize("status", ["COMPLETED", "REFUNDING", "REFUNDED", "FAILED"])
async def test_once_settled_the_same_key_gets_its_final_answer(
    payment_service: PaymentService, status: str
) -> None:
    await payment_service.paid("COMPLETED" if status != "FAILED" else status)
    first = await payment_service.pay(idempotency_key="one")
    (payment,) = await payment_service.payments()
    if status.startswith("REFUND"):
        payment_service.says = "away" if status == "REFUNDING" else "yes"
        await payment_service.refund(payment["payment_id"])
    again = await payment_service.pay(idempotency_key="one")
    assert again.body == first.body
    assert outcome(again) == ((409, "order_closed") if status == "FAILED" else (200, "COMPLETED"))
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(await payment_service.payments()) == 1


@pytest.mark.parametrize("status", ["COMPLETED", "REFUNDING"])
@pytest.mark.parametrize("amount", [5, 4])
async def test_once_paid_another_key_is_already_paid_for_good(
    payment_service: PaymentService, status: str, amount: float
) -> None:
    await payment_service.paid(status)
    replies = [await payment_service.pay(amount, idempotency_key="two") for _ in range(2)]
    assert outcome(replies[0]) == (409, "already_paid")
    assert replies[0].body == replies[1].body
    assert len(await payment_service.payments()) == 1


@pytest.mark.parametrize("status", ["COMPLETED", "REFUNDING"])
async def test_once_paid_no_key_gets_the_payment_as_it_stands(
    payment_service: PaymentService, status: str
) -> None:
    begun = await payment_service.paid(status)
    reply = await payment_service.pay()
    assert outcome(reply) == (200, status)
    assert reply.json["payment_id"] == begun["payment_id"]


@pytest.mark.parametrize("status", ["COMPLETED", "REFUNDING"])
async def test_once_paid_no_key_and_another_amount_is_amount_mismatch(
    payment_service: PaymentService, status: str
) -> None:
    await payment_service.paid(status)
    assert outcome(await payment_service.pay(4)) == (422, "amount_mismatch")


@pytest.mark.parametrize("key", ["two", None])
async def test_once_refunded_another_payment_fails_as_order_closed(
    payment_service: PaymentService, key: str | None
) -> None:
    await payment_service.paid("REFUNDED")
    payment_service.says = (
        409,
        "already_paid",
    )  # as the order says of any payment but the one that paid
    reply = await payment_service.pay(idempotency_key=key)
    assert outcome(reply) == (409, "order_closed")
    assert [each["status"] for each in await payment_service.payments()] == ["FAILED", "REFUNDED"]


@pytest.mark.parametrize("key", ["two", None])
async def test_once_failed_another_payment_is_a_new_one(
    payment_service: PaymentService, key: str | None
) -> None:
    await payment_service.paid("FAILED")
    payment_service.back()
    assert outcome(await payment_service.pay(idempotency_key=key)) == (200, "COMPLETED")
    assert [each["status"] for each in await payment_service.payments()] == ["COMPLETED", "FAILED"]


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("COMPLETED", (200, "REFUNDED")),
        ("REFUNDING", (200, "REFUNDED")),
        ("REFUNDED", (200, "REFUNDED")),
        ("FAILED", (409, "payment_not_refundable")),
    ],
)
async def test_a_refund_while_the_order_service_answers_has_the_outcome_of_the_table(
    payment_service: PaymentService, status: str, answer: Any
) -> None:
    await payment_service.paid(status)
    payment_service.back()
    (payment,) = await payment_service.payments()
    assert outcome(await payment_service.refund(payment["payment_id"])) == answer


@pytest.mark.parametrize("status", ["COMPLETED", "REFUNDING"])
async def test_a_refund_while_the_order_service_does_not_answer_is_202(
    payment_service: PaymentService, status: str
) -> None:
    begun = await payment_service.paid(status)
    payment_service.says = "away"
    assert outcome(await payment_service.refund(begun["payment_id"])) == (202, "REFUNDING")
