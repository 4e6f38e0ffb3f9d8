"""Watching the registry by long poll: what changed, as soon as it has."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from registry.board import BOARD
from tests.registry.desk import CART, OTHER_URL, ask, beat, drain, register
from tests.routes import assert_problem
from tests.shop import Reply, Shop, until


async def snapshot(shop: Shop) -> Any:
    return (await ask(shop, "GET", "/services")).json


def watch(shop: Shop, seen: Any, wait: int = 60, **more: str) -> asyncio.Task[Reply]:
    """Wait for what changes after what was seen."""
    query = {"epoch": seen["epoch"], "index": str(seen["index"]), "wait": str(wait), **more}
    return asyncio.create_task(ask(shop, "GET", "/services", params=query))


async def is_waiting(shop: Shop) -> None:
    """Return once a watcher is being kept waiting."""
    changed = shop.app("registry")[BOARD]._changed
    await until(lambda: changed._waiters)


async def test_the_first_answer_is_all_there_is(shop: Shop) -> None:
    told = await register(shop)
    answer = await snapshot(shop)
    assert answer.keys() == {"index", "epoch", "reset", "shop", "services"}
    assert answer["reset"] is True
    assert (answer["index"], answer["epoch"]) == (told["index"], told["epoch"])
    assert answer["shop"] == told["shop"]
    assert list(answer["services"]) == ["cart"]


async def test_a_change_is_told_as_soon_as_it_happens(shop: Shop) -> None:
    watching = watch(shop, await snapshot(shop))
    await is_waiting(shop)
    await register(shop)
    async with asyncio.timeout(5):
        answer = (await watching).json
    assert answer["reset"] is False
    assert [each["state"] for each in answer["services"]["cart"]] == ["up"]


async def test_every_watcher_is_told(shop: Shop) -> None:
    seen = await snapshot(shop)
    watching = [watch(shop, seen) for _ in range(20)]
    await is_waiting(shop)
    await register(shop)
    answers = [(await each).json["services"] for each in watching]
    assert all(list(services) == ["cart"] for services in answers)


async def test_what_changed_before_it_was_asked_for_is_told_at_once(shop: Shop) -> None:
    seen = await snapshot(shop)
    await register(shop)
    async with asyncio.timeout(5):
        assert list((await watch(shop, seen)).json["services"]) == ["cart"]


async def test_only_the_services_that_changed_are_told_and_each_whole(shop: Shop) -> None:
    await register(shop)
    await register(shop, "/services/cart/cart-2", OTHER_URL)
    await register(shop, "/services/order/order-1")
    seen = await snapshot(shop)
    await drain(shop)
    services = (await watch(shop, seen, 0)).json["services"]
    assert {each["instance_id"]: each["state"] for each in services.pop("cart")} == {
        "cart-1": "draining",
        "cart-2": "up",
    }
    assert services == {}


async def test_a_service_whose_last_instance_left_is_told_as_empty(shop: Shop) -> None:
    await register(shop)
    seen = await snapshot(shop)
    await ask(shop, "DELETE", CART)
    assert (await watch(shop, seen, 0)).json["services"] == {"cart": []}


async def test_when_nothing_changes_it_answers_after_the_wait(shop: Shop) -> None:
    seen = await snapshot(shop)
    changes = await shop.app("registry")[BOARD].changes(seen["epoch"], seen["index"], 0.01)
    assert (changes.index, changes.reset, changes.services) == (seen["index"], False, {})


async def test_without_a_wait_it_answers_at_once(shop: Shop) -> None:
    seen = await snapshot(shop)
    assert (await watch(shop, seen, 0)).json["services"] == {}


async def test_heartbeats_wake_nobody(shop: Shop) -> None:
    lease = (await register(shop))["lease"]
    watching = watch(shop, await snapshot(shop))
    await is_waiting(shop)
    for _ in range(5):
        await beat(shop, lease)
    assert not watching.done()
    await drain(shop)
    assert (await watching).json["services"]["cart"][0]["state"] == "draining"


@pytest.mark.usefixtures("watchful")
async def test_a_lease_that_ends_wakes_whoever_watches(shop: Shop) -> None:
    watching = watch(shop, await register(shop, ttl=0.05))
    assert (await watching).json["services"]["cart"][0]["state"] in ("suspect", "down")


@pytest.mark.parametrize("query", [{}, {"epoch": "another"}, {"index": "3"}])
async def test_whoever_watched_another_registry_is_told_everything_at_once(
    shop: Shop, query: dict[str, str]
) -> None:
    await register(shop)
    answer = (await ask(shop, "GET", "/services", params={"wait": "60", **query})).json
    assert answer["reset"] is True
    assert list(answer["services"]) == ["cart"]


async def test_whoever_is_ahead_is_told_everything_at_once(shop: Shop) -> None:
    seen = await snapshot(shop)
    answer = (await watch(shop, {**seen, "index": seen["index"] + 1})).json
    assert answer["reset"] is True


async def test_each_start_is_a_new_epoch_and_the_same_shop(shop: Shop) -> None:
    seen = await snapshot(shop)
    await shop.restart("registry")
    answer = (await watch(shop, seen)).json
    assert answer["reset"] is True
    assert answer["epoch"] != seen["epoch"]
    assert answer["shop"] == seen["shop"]


async def test_whoever_waits_is_let_go_when_the_registry_stops(shop: Shop) -> None:
    watching = watch(shop, await snapshot(shop))
    await is_waiting(shop)
    async with asyncio.timeout(5):
        await shop.stop("registry")
        assert (await watching).json["services"] == {}


@pytest.mark.parametrize(
    "query",
    [
        *({"wait": wait} for wait in ("61", "-1", "1.5", "x", "")),
        *({"index": index} for index in ("-1", "x", "1.5", str(2**63))),
        {"as": "x" * 201},
    ],
    ids=str,
)
async def test_what_a_watcher_says_has_bounds(shop: Shop, query: dict[str, str]) -> None:
    reply = await ask(shop, "GET", "/services", params=query)
    assert next(iter(query)) in assert_problem(reply, 422)["detail"]


async def test_a_watcher_may_say_who_it_is(shop: Shop) -> None:
    assert (await watch(shop, await snapshot(shop), 0, **{"as": "cart/cart-1"})).status == 200
