"""Watching the registry by long poll: what changed, as soon as it has."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from registry.hub import HUB, Hub
from registry.model import Changes
from tests.registry.requests import CART, OTHER_URL, ask, beat, drain, register
from tests.routes import assert_problem
from tests.shop import Reply, Shop, until


async def snapshot(shop: Shop) -> Any:
    return (await ask(shop, "GET", "/services")).json


def watch(shop: Shop, seen: Any, wait: int = 60, **more: str) -> asyncio.Task[Reply]:
    """Wait for what changes after what was seen."""
    query = {"epoch": seen["epoch"], "index": str(seen["index"]), "wait": str(wait), **more}
    return asyncio.create_task(ask(shop, "GET", "/services", params=query))


@pytest.fixture(autouse=True)
def watchers(monkeypatch: pytest.MonkeyPatch) -> list[Hub]:
    """Grows by one when a watcher begins to wait, or is answered at once."""
    begun: list[Hub] = []
    changes = Hub.changes

    async def noted(hub: Hub, *arguments: Any) -> Changes:
        begun.append(hub)
        return await changes(hub, *arguments)

    monkeypatch.setattr(Hub, "changes", noted)
    return begun


async def more_come(watchers: list[Hub], number: int = 1) -> None:
    """Return once so many more watchers are being kept waiting."""
    wanted = len(watchers) + number
    await until(lambda: len(watchers) == wanted)


async def test_the_first_answer_has_every_service(shop: Shop) -> None:
    registered = await register(shop)
    answer = await snapshot(shop)
    assert answer.keys() == {"index", "epoch", "reset", "shop", "services"}
    assert answer["reset"] is True
    assert (answer["index"], answer["epoch"]) == (registered["index"], registered["epoch"])
    assert answer["shop"] == registered["shop"]
    assert list(answer["services"]) == ["cart"]


async def test_a_watcher_is_answered_as_soon_as_something_changes(
    shop: Shop, watchers: list[Hub]
) -> None:
    watching = watch(shop, await snapshot(shop))
    await more_come(watchers)
    await register(shop)
    async with asyncio.timeout(5):
        answer = (await watching).json
    assert answer["reset"] is False
    assert [each["state"] for each in answer["services"]["cart"]] == ["up"]


async def test_the_head_of_a_watch_does_not_wait(shop: Shop) -> None:
    seen = await snapshot(shop)
    query = {"epoch": seen["epoch"], "index": str(seen["index"]), "wait": "60"}
    async with asyncio.timeout(5):
        answer = await ask(shop, "HEAD", "/services", params=query)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Type"].startswith("application/json")


async def test_every_watcher_is_told(shop: Shop, watchers: list[Hub]) -> None:
    seen = await snapshot(shop)
    watching = [watch(shop, seen) for _ in range(20)]
    await more_come(watchers, 20)
    await register(shop)
    answers = [(await each).json["services"] for each in watching]
    assert all(list(services) == ["cart"] for services in answers)


async def test_an_earlier_change_is_answered_at_once(shop: Shop) -> None:
    seen = await snapshot(shop)
    await register(shop)
    async with asyncio.timeout(5):
        assert list((await watch(shop, seen)).json["services"]) == ["cart"]


async def test_an_answer_has_the_changed_services_with_all_their_instances(shop: Shop) -> None:
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


async def test_a_service_whose_last_instance_left_is_shown_as_empty(shop: Shop) -> None:
    await register(shop)
    seen = await snapshot(shop)
    await ask(shop, "DELETE", CART)
    assert (await watch(shop, seen, 0)).json["services"] == {"cart": []}


async def test_when_nothing_changes_it_answers_after_the_wait(shop: Shop) -> None:
    seen = await snapshot(shop)
    changes = await shop.app("registry")[HUB].changes(seen["epoch"], seen["index"], 0.01)
    assert (changes.index, changes.reset, changes.services) == (seen["index"], False, {})


async def test_without_a_wait_it_answers_at_once(shop: Shop) -> None:
    seen = await snapshot(shop)
    assert (await watch(shop, seen, 0)).json["services"] == {}


async def test_heartbeats_answer_no_watcher(shop: Shop, watchers: list[Hub]) -> None:
    lease = (await register(shop))["lease"]
    watching = watch(shop, await snapshot(shop))
    await more_come(watchers)
    for _ in range(5):
        await beat(shop, lease)
    assert not watching.done()
    await drain(shop)
    assert (await watching).json["services"]["cart"][0]["state"] == "draining"


@pytest.mark.usefixtures("leases_end_on_time")
async def test_the_end_of_a_lease_answers_the_watchers(shop: Shop) -> None:
    watching = watch(shop, await register(shop, ttl=0.05))
    assert (await watching).json["services"]["cart"][0]["state"] in ("suspect", "down")


@pytest.mark.parametrize("query", [{}, {"epoch": "another"}, {"index": "3"}])
async def test_a_watcher_of_another_epoch_is_answered_with_everything_at_once(
    shop: Shop, query: dict[str, str]
) -> None:
    await register(shop)
    answer = (await ask(shop, "GET", "/services", params={"wait": "60", **query})).json
    assert answer["reset"] is True
    assert list(answer["services"]) == ["cart"]


async def test_a_watcher_with_a_future_index_is_answered_with_everything_at_once(
    shop: Shop,
) -> None:
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


async def test_watchers_are_answered_when_the_registry_stops(
    shop: Shop, watchers: list[Hub]
) -> None:
    watching = watch(shop, await snapshot(shop))
    await more_come(watchers)
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
async def test_a_watch_out_of_bounds_is_invalid(shop: Shop, query: dict[str, str]) -> None:
    reply = await ask(shop, "GET", "/services", params=query)
    assert next(iter(query)) in assert_problem(reply, 422)["detail"]


async def test_a_watcher_may_say_who_it_is(shop: Shop) -> None:
    assert (await watch(shop, await snapshot(shop), 0, **{"as": "cart/cart-1"})).status == 200
