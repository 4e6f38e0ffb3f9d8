"""Attempts: when a call is repeated, and which error it ends with."""

import asyncio

import pytest

from client.errors import (
    AuthenticationError,
    Conflict,
    OutcomeUnknown,
    RateLimited,
    ShopError,
    Unavailable,
)
from tests.client.fake_carts import OK, FakeCarts
from tests.client.fakes import Reply, hang_for, hang_up, problem, unreachable

BUSY = problem(503, "overloaded", Retry_After="0")
IN_PROGRESS = problem(409, "request_in_progress")
INCONCLUSIVE = [
    hang_up,
    problem(500, "internal_error"),
    problem(502, ""),
    problem(503, "no retry-after"),
    problem(504, "outcome_unknown"),
    IN_PROGRESS,
]


@pytest.mark.parametrize("busy", [BUSY, problem(429, "too_many", Retry_After="0")])
async def test_a_call_that_was_not_processed_is_repeated_without_a_key(
    carts: FakeCarts, busy: Reply
) -> None:
    cart = await carts.start_registered(busy, busy, OK)
    await carts.post()
    assert len(cart.seen) == 3


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (problem(503, "overloaded", Retry_After="60"), Unavailable),
        (problem(429, "too_many_requests", Retry_After="60"), RateLimited),
    ],
)
async def test_a_wait_that_ends_after_the_deadline_is_not_begun(
    carts: FakeCarts, answer: Reply, kind: type[ShopError]
) -> None:
    cart = await carts.start_registered(answer)
    async with asyncio.timeout(3):
        with pytest.raises(kind) as caught:
            await carts.post(deadline=20.0)
    assert caught.value.retry_after == 60
    assert not caught.value.may_have_been_done
    assert len(cart.seen) == 1


async def test_a_repeat_waits_as_long_as_retry_after_says(carts: FakeCarts) -> None:
    cart = await carts.start_registered(problem(503, "overloaded", Retry_After="0.15"), OK)
    began = asyncio.get_running_loop().time()
    await carts.post()
    assert asyncio.get_running_loop().time() - began >= 0.15
    assert len(cart.seen) == 2


@pytest.mark.parametrize("answer", INCONCLUSIVE)
async def test_what_may_have_been_done_is_repeated_with_the_same_key(
    carts: FakeCarts, answer: Reply
) -> None:
    cart = await carts.start_registered(answer, answer, OK)
    await carts.post(idempotency_key="k-1")
    assert [seen.headers["idempotency-key"] for seen in cart.seen] == ["k-1"] * 3
    assert len({seen.headers["x-request-id"] for seen in cart.seen}) == 1


@pytest.mark.parametrize("answer", INCONCLUSIVE[:-1])
async def test_what_may_have_been_done_is_not_repeated_without_a_key(
    carts: FakeCarts, answer: Reply
) -> None:
    cart = await carts.start_registered(answer, OK)
    with pytest.raises(OutcomeUnknown) as caught:
        await carts.post()
    assert caught.value.may_have_been_done
    assert caught.value.request_id == cart.seen[0].headers["x-request-id"]
    assert len(cart.seen) == 1


@pytest.mark.parametrize(("method", "sent"), [("PUT", 2), ("DELETE", 2), ("GET", 2), ("PATCH", 1)])
async def test_an_idempotent_method_needs_no_key(carts: FakeCarts, method: str, sent: int) -> None:
    cart = await carts.start_registered(hang_up, OK)
    try:
        await carts.transport.request("cart", method, "/x")
    except OutcomeUnknown:
        assert method == "PATCH"
    assert len(cart.seen) == sent


async def test_a_caller_may_say_that_a_repeat_is_harmless(carts: FakeCarts) -> None:
    cart = await carts.start_registered(hang_up, OK)
    await carts.post(repeatable=True)
    assert len(cart.seen) == 2


async def test_without_retries_there_is_one_attempt(carts: FakeCarts) -> None:
    cart = await carts.start_registered(BUSY, OK)
    with pytest.raises(Unavailable):
        await carts.get(retries=False)
    assert len(cart.seen) == 1
    with pytest.raises(Unavailable, match="No instance of order is known"):
        await carts.transport.request("order", "GET", "/orders", retries=False)


async def test_an_attempt_that_times_out_is_followed_by_another(carts: FakeCarts) -> None:
    cart = await carts.start_registered(hang_for(20), OK)
    await carts.post(idempotency_key="k", attempt_timeout=20.0, deadline=60.0)
    assert len(cart.seen) == 2


async def test_a_call_ends_at_its_deadline_and_its_outcome_is_unknown(carts: FakeCarts) -> None:
    cart = await carts.start_registered(hang_for(20))
    with pytest.raises(OutcomeUnknown) as caught:
        await carts.post(idempotency_key="k", deadline=20.0)
    assert len(cart.seen) == 1
    assert (caught.value.code, caught.value.status) == ("timeout", None)


async def test_a_read_without_an_answer_is_unavailable(carts: FakeCarts) -> None:
    await carts.start_registered(hang_for(20))
    with pytest.raises(Unavailable) as caught:
        await carts.get(deadline=20.0)
    assert not caught.value.may_have_been_done


async def test_the_outcome_stays_unknown_when_later_attempts_were_not_processed(
    carts: FakeCarts,
) -> None:
    busy = problem(503, "overloaded", Retry_After="60")
    await carts.start_registered(hang_up, busy)
    with pytest.raises(OutcomeUnknown) as caught:
        await carts.post(idempotency_key="k")
    assert (caught.value.code, caught.value.status) == ("outcome_unknown", None)
    assert isinstance(caught.value.__cause__, Unavailable)


async def test_the_outcome_stays_unknown_when_a_later_attempt_has_its_key_rejected(
    carts: FakeCarts,
) -> None:
    await carts.start_registered(hang_up, problem(401, "invalid_api_key"))
    with pytest.raises(OutcomeUnknown) as caught:
        await carts.post(idempotency_key="k")
    assert isinstance(caught.value.__cause__, AuthenticationError)


async def test_a_rejection_settles_the_outcome_and_says_that_an_attempt_may_have_been_done(
    carts: FakeCarts,
) -> None:
    await carts.start_registered(hang_up, problem(409, "sku_taken"))
    with pytest.raises(Conflict) as caught:
        await carts.post(idempotency_key="k")
    assert caught.value.may_have_been_done


async def test_a_request_still_in_progress_at_the_deadline_is_a_conflict(carts: FakeCarts) -> None:
    later = problem(409, "request_in_progress", Retry_After="60")
    cart = await carts.start_registered(IN_PROGRESS, later)
    with pytest.raises(Conflict) as caught:
        await carts.post(idempotency_key="k")
    assert caught.value.code == "request_in_progress"
    assert len(cart.seen) == 2


async def test_a_full_disk_is_not_tried_again(carts: FakeCarts) -> None:
    cart = await carts.start_registered(problem(507, "disk_full"))
    with pytest.raises(Unavailable):
        await carts.post(idempotency_key="k")
    assert len(cart.seen) == 1


async def test_nothing_was_done_when_no_instance_could_be_reached(carts: FakeCarts) -> None:
    await carts.register(unreachable("cart-1"), unreachable("cart-2"))
    with pytest.raises(Unavailable) as caught:
        await carts.post(deadline=20.0, max_wait=0.0)
    assert (caught.value.code, caught.value.may_have_been_done) == ("unreachable", False)


async def test_a_call_that_was_not_done_waits_no_longer_than_its_max_wait(carts: FakeCarts) -> None:
    await carts.register(unreachable("cart-1"))
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable) as caught:
            await carts.post(deadline=20.0, max_wait=0.05)
    assert caught.value.code == "unreachable"


async def test_a_call_that_may_have_been_done_waits_up_to_its_deadline(carts: FakeCarts) -> None:
    cart = await carts.start_registered(hang_up, BUSY, OK)
    await carts.post(idempotency_key="k", deadline=5.0, max_wait=0.0)
    assert len(cart.seen) == 3


async def test_an_instance_that_is_ready_is_tried_after_the_max_wait(
    carts: FakeCarts,
) -> None:
    slow = await carts.start(hang_for(20))
    await carts.register(slow.at("cart-1"))
    other = await carts.start(OK)
    await carts.registry.put("cart", slow.at("cart-1"), other.at("cart-2", "suspect"))
    await carts.registry.wait_until(lambda: len(carts.discovery.instances("cart")) == 2)
    await carts.get(deadline=60.0, attempt_timeout=20.0, max_wait=0.0)
    assert (len(slow.seen), len(other.seen)) == (1, 1)


async def test_a_pooled_connection_that_drops_counts_as_sent(carts: FakeCarts) -> None:
    cart = await carts.start_registered(OK, hang_up)
    await carts.get()
    with pytest.raises(OutcomeUnknown):
        await carts.transport.request("cart", "DELETE", "/cart/ada", retries=False)
    assert len(cart.seen) == 2
