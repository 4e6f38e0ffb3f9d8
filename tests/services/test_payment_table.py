"""Every cell of the payment's table: each state against a key, another one, none, and a refund."""

from decimal import Decimal
from typing import Any

import pytest

from tests.shop import Reply, Shop

from .orders import some_uuid
from .till import Till, open_till


@pytest.fixture
async def till(shop: Shop) -> Till:
    return await open_till(shop)


def told(reply: Reply) -> tuple[int, str]:
    """The status, and the payment's status or the problem's code."""
    return reply.status, reply.code if reply.status >= 400 else reply.json["status"]


@pytest.mark.parametrize("key", ["one", None])
async def test_none_a_payment_goes_through(till: Till, key: str | None) -> None:
    reply = await till.pay(idempotency_key=key)
    (payment,) = await till.payments()
    assert reply.status == 200
    assert reply.json == {
        "payment_id": payment["payment_id"],
        "order_id": till.order_id,
        "amount": Decimal("5.00"),
        "currency": "USD",
        "status": "COMPLETED",
        "order_status": "PAID",
    }


async def test_none_a_refund_is_404(till: Till) -> None:
    for payment_id in (some_uuid(), "no-uuid"):
        assert told(await till.refund(payment_id)) == (404, "payment_not_found")


@pytest.mark.parametrize("key", ["one", None])
async def test_pending_the_same_again_is_that_payment_and_then_its_end(
    till: Till, key: str | None
) -> None:
    begun = await till.paid("PENDING", key)
    again = await till.pay(idempotency_key=key)
    assert told(again) == (202, "PENDING")
    assert (again.json["payment_id"], again.json["order_status"]) == (begun["payment_id"], None)
    till.back()
    final = await till.pay(idempotency_key=key)
    assert told(final) == (200, "COMPLETED")
    assert final.json["payment_id"] == begun["payment_id"]


async def test_pending_another_key_is_payment_in_progress_which_is_not_kept(till: Till) -> None:
    await till.paid("PENDING")
    reply = await till.pay(idempotency_key="two")
    assert told(reply) == (409, "payment_in_progress")
    till.back()
    assert told(await till.pay(idempotency_key="two")) == (409, "already_paid")
    assert len(await till.payments()) == 1


async def test_pending_another_key_has_the_first_go_on_before_it(till: Till) -> None:
    begun = await till.paid("PENDING")
    till.back()
    reply = await till.pay(idempotency_key="two")
    assert told(reply) == (409, "already_paid")
    (payment,) = await till.payments()
    assert (payment["payment_id"], payment["status"]) == (begun["payment_id"], "COMPLETED")


async def test_pending_another_key_pays_when_the_first_comes_to_nothing(till: Till) -> None:
    begun = await till.paid("PENDING")
    till.says_first.append((422, "amount_mismatch"))
    till.back()
    reply = await till.pay(idempotency_key="two")
    assert told(reply) == (200, "COMPLETED")
    assert reply.json["payment_id"] != begun["payment_id"]


async def test_pending_no_key_and_another_amount_waits_like_another_key(till: Till) -> None:
    await till.paid("PENDING", None)
    assert told(await till.pay(4)) == (409, "payment_in_progress")
    till.back()
    assert told(await till.pay(4)) == (422, "amount_mismatch")


async def test_pending_a_refund_is_refused_and_the_refusal_kept(till: Till) -> None:
    begun = await till.paid("PENDING")
    reply = await till.refund(begun["payment_id"], idempotency_key="r")
    assert told(reply) == (409, "payment_not_refundable")
    till.back()
    again = await till.refund(begun["payment_id"], idempotency_key="r")
    assert again.body == reply.body


async def test_pending_a_refund_has_the_payment_go_on_first(till: Till) -> None:
    begun = await till.paid("PENDING")
    till.back()
    assert told(await till.refund(begun["payment_id"])) == (200, "REFUNDED")


@pytest.mark.parametrize("status", ["COMPLETED", "REFUNDING", "REFUNDED", "FAILED"])
async def test_settled_the_same_key_hears_its_final_answer(till: Till, status: str) -> None:
    await till.paid("COMPLETED" if status != "FAILED" else status)
    first = await till.pay(idempotency_key="one")
    (payment,) = await till.payments()
    if status.startswith("REFUND"):
        till.says = "away" if status == "REFUNDING" else "yes"
        await till.refund(payment["payment_id"])
    again = await till.pay(idempotency_key="one")
    assert again.body == first.body
    assert told(again) == ((409, "order_closed") if status == "FAILED" else (200, "COMPLETED"))
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(await till.payments()) == 1


@pytest.mark.parametrize("status", ["COMPLETED", "REFUNDING"])
@pytest.mark.parametrize("amount", [5, 4])
async def test_live_another_key_is_already_paid_for_good(
    till: Till, status: str, amount: float
) -> None:
    await till.paid(status)
    replies = [await till.pay(amount, idempotency_key="two") for _ in range(2)]
    assert told(replies[0]) == (409, "already_paid")
    assert replies[0].body == replies[1].body
    assert len(await till.payments()) == 1


@pytest.mark.parametrize("status", ["COMPLETED", "REFUNDING"])
async def test_live_no_key_is_the_payment_as_it_stands(till: Till, status: str) -> None:
    begun = await till.paid(status)
    reply = await till.pay()
    assert told(reply) == (200, status)
    assert reply.json["payment_id"] == begun["payment_id"]


@pytest.mark.parametrize("status", ["COMPLETED", "REFUNDING"])
async def test_live_no_key_and_another_amount_is_amount_mismatch(till: Till, status: str) -> None:
    await till.paid(status)
    assert told(await till.pay(4)) == (422, "amount_mismatch")


@pytest.mark.parametrize("key", ["two", None])
async def test_refunded_another_payment_ends_as_order_closed(till: Till, key: str | None) -> None:
    await till.paid("REFUNDED")
    till.says = (409, "already_paid")  # as the order says of any payment but the one that paid
    reply = await till.pay(idempotency_key=key)
    assert told(reply) == (409, "order_closed")
    assert [each["status"] for each in await till.payments()] == ["FAILED", "REFUNDED"]


@pytest.mark.parametrize("key", ["two", None])
async def test_failed_another_payment_is_a_new_one(till: Till, key: str | None) -> None:
    await till.paid("FAILED")
    till.back()
    assert told(await till.pay(idempotency_key=key)) == (200, "COMPLETED")
    assert [each["status"] for each in await till.payments()] == ["COMPLETED", "FAILED"]


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("COMPLETED", (200, "REFUNDED")),
        ("REFUNDING", (200, "REFUNDED")),
        ("REFUNDED", (200, "REFUNDED")),
        ("FAILED", (409, "payment_not_refundable")),
    ],
)
async def test_a_refund_while_the_order_answers(till: Till, status: str, answer: Any) -> None:
    await till.paid(status)
    till.back()
    (payment,) = await till.payments()
    assert told(await till.refund(payment["payment_id"])) == answer


@pytest.mark.parametrize("status", ["COMPLETED", "REFUNDING"])
async def test_a_refund_while_the_order_does_not_answer_is_202(till: Till, status: str) -> None:
    begun = await till.paid(status)
    till.says = "away"
    assert told(await till.refund(begun["payment_id"])) == (202, "REFUNDING")
