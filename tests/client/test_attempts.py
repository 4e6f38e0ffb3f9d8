"""Attempts: when a call is made again, and what is concluded in the end."""

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
from tests.client.fakes import (
    Reply,
    hang_for,
    hang_up,
    nowhere,
    problem,
)
from tests.client.stage import OK, Stage

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
async def test_a_call_that_was_put_off_is_made_again_without_a_key(
    stage: Stage, busy: Reply
) -> None:
    cart = await stage.cart(busy, busy, OK)
    await stage.post()
    assert len(cart.seen) == 3


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (problem(503, "overloaded", Retry_After="60"), Unavailable),
        (problem(429, "too_many_requests", Retry_After="60"), RateLimited),
    ],
)
async def test_a_wait_that_does_not_fit_the_deadline_is_not_begun(
    stage: Stage, answer: Reply, kind: type[ShopError]
) -> None:
    cart = await stage.cart(answer)
    async with asyncio.timeout(3):
        with pytest.raises(kind) as caught:
            await stage.post(deadline=20.0)
    assert caught.value.retry_after == 60
    assert not caught.value.may_have_been_done
    assert len(cart.seen) == 1


async def test_retry_after_is_waited_for(stage: Stage) -> None:
    cart = await stage.cart(problem(503, "overloaded", Retry_After="0.15"), OK)
    began = asyncio.get_running_loop().time()
    await stage.post()
    assert asyncio.get_running_loop().time() - began >= 0.15
    assert len(cart.seen) == 2


@pytest.mark.parametrize("answer", INCONCLUSIVE)
async def test_what_may_have_been_done_is_repeated_with_the_same_key(
    stage: Stage, answer: Reply
) -> None:
    cart = await stage.cart(answer, answer, OK)
    await stage.post(idempotency_key="k-1")
    assert [seen.headers["idempotency-key"] for seen in cart.seen] == ["k-1"] * 3
    assert len({seen.headers["x-request-id"] for seen in cart.seen}) == 1


@pytest.mark.parametrize("answer", INCONCLUSIVE[:-1])
async def test_what_may_have_been_done_is_not_repeated_without_a_key(
    stage: Stage, answer: Reply
) -> None:
    cart = await stage.cart(answer, OK)
    with pytest.raises(OutcomeUnknown) as caught:
        await stage.post()
    assert caught.value.may_have_been_done
    assert caught.value.request_id == cart.seen[0].headers["x-request-id"]
    assert len(cart.seen) == 1


@pytest.mark.parametrize(("method", "sent"), [("PUT", 2), ("DELETE", 2), ("GET", 2), ("PATCH", 1)])
async def test_an_idempotent_method_needs_no_key(stage: Stage, method: str, sent: int) -> None:
    cart = await stage.cart(hang_up, OK)
    try:
        await stage.transport.request("cart", method, "/x")
    except OutcomeUnknown:
        assert method == "PATCH"
    assert len(cart.seen) == sent


async def test_a_caller_may_say_that_a_repeat_is_harmless(stage: Stage) -> None:
    cart = await stage.cart(hang_up, OK)
    await stage.post(repeatable=True)
    assert len(cart.seen) == 2


async def test_without_retries_there_is_one_attempt(stage: Stage) -> None:
    cart = await stage.cart(BUSY, OK)
    with pytest.raises(Unavailable):
        await stage.get(retries=False)
    assert len(cart.seen) == 1
    with pytest.raises(Unavailable, match="No instance of order is known"):
        await stage.transport.request("order", "GET", "/orders", retries=False)


async def test_an_attempt_that_takes_too_long_is_made_again(stage: Stage) -> None:
    cart = await stage.cart(hang_for(20), OK)
    await stage.post(idempotency_key="k", attempt_timeout=20.0, deadline=60.0)
    assert len(cart.seen) == 2


async def test_a_call_ends_at_its_deadline_and_its_outcome_is_unknown(stage: Stage) -> None:
    cart = await stage.cart(hang_for(20))
    with pytest.raises(OutcomeUnknown) as caught:
        await stage.post(idempotency_key="k", deadline=20.0)
    assert len(cart.seen) == 1
    assert (caught.value.code, caught.value.status) == ("timeout", None)


async def test_a_read_that_is_not_answered_has_no_outcome_to_be_unknown(stage: Stage) -> None:
    await stage.cart(hang_for(20))
    with pytest.raises(Unavailable) as caught:
        await stage.get(deadline=20.0)
    assert not caught.value.may_have_been_done


async def test_an_attempt_that_may_have_been_done_outweighs_later_ones_that_were_not(
    stage: Stage,
) -> None:
    busy = problem(503, "overloaded", Retry_After="60")
    await stage.cart(hang_up, busy)
    with pytest.raises(OutcomeUnknown) as caught:
        await stage.post(idempotency_key="k")
    assert (caught.value.code, caught.value.status) == ("outcome_unknown", None)
    assert isinstance(caught.value.__cause__, Unavailable)


async def test_a_refused_key_says_nothing_of_an_attempt_before_it(stage: Stage) -> None:
    await stage.cart(hang_up, problem(401, "invalid_api_key"))
    with pytest.raises(OutcomeUnknown) as caught:
        await stage.post(idempotency_key="k")
    assert isinstance(caught.value.__cause__, AuthenticationError)


async def test_a_refusal_settles_an_attempt_before_it_and_tells_of_it(stage: Stage) -> None:
    await stage.cart(hang_up, problem(409, "sku_taken"))
    with pytest.raises(Conflict) as caught:
        await stage.post(idempotency_key="k")
    assert caught.value.may_have_been_done


async def test_a_request_still_in_progress_at_the_deadline_is_a_conflict(stage: Stage) -> None:
    later = problem(409, "request_in_progress", Retry_After="60")
    cart = await stage.cart(IN_PROGRESS, later)
    with pytest.raises(Conflict) as caught:
        await stage.post(idempotency_key="k")
    assert caught.value.code == "request_in_progress"
    assert len(cart.seen) == 2


async def test_no_room_on_the_disk_is_not_tried_again(stage: Stage) -> None:
    cart = await stage.cart(problem(507, "disk_full"))
    with pytest.raises(Unavailable):
        await stage.post(idempotency_key="k")
    assert len(cart.seen) == 1


async def test_nothing_was_done_where_nobody_could_be_reached(stage: Stage) -> None:
    await stage.have(nowhere("cart-1"), nowhere("cart-2"))
    with pytest.raises(Unavailable) as caught:
        await stage.post(deadline=20.0, patience=0.0)
    assert (caught.value.code, caught.value.may_have_been_done) == ("unreachable", False)


async def test_who_has_lost_patience_no_longer_waits_for_what_was_not_done(stage: Stage) -> None:
    await stage.have(nowhere("cart-1"))
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable) as caught:
            await stage.post(deadline=20.0, patience=0.05)
    assert caught.value.code == "unreachable"


async def test_patience_for_what_may_have_been_done_lasts_to_the_deadline(stage: Stage) -> None:
    cart = await stage.cart(hang_up, BUSY, OK)
    await stage.post(idempotency_key="k", deadline=5.0, patience=0.0)
    assert len(cart.seen) == 3


async def test_an_instance_that_is_ready_is_tried_though_patience_is_lost(stage: Stage) -> None:
    slow = await stage.start(hang_for(20))
    await stage.have(slow.at("cart-1"))
    other = await stage.start(OK)
    await stage.registry.put("cart", slow.at("cart-1"), other.at("cart-2", "suspect"))
    await stage.registry.until(lambda: len(stage.discovery.instances("cart")) == 2)
    await stage.get(deadline=60.0, attempt_timeout=20.0, patience=0.0)
    assert (len(slow.seen), len(other.seen)) == (1, 1)


async def test_a_pooled_connection_that_drops_counts_as_sent(stage: Stage) -> None:
    cart = await stage.cart(OK, hang_up)
    await stage.get()
    with pytest.raises(OutcomeUnknown):
        await stage.transport.request("cart", "DELETE", "/cart/ada", retries=False)
    assert len(cart.seen) == 2
