"""What the registry's own end, its disk, and its loss do to a shop: as little as can be."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from signal import Signals
from typing import Any

import pytest

from client.discovery import Discovery
from registry import hub, store
from registry.hub import HUB
from services.common.storage.database import DiskFull
from services.common.web.keys import DATABASE, DISCOVERY
from services.common.web.lifecycle import LIFECYCLE
from tests.processes import Process, call
from tests.registry.requests import (
    CART,
    OTHER_URL,
    URL,
    ask,
    beat,
    drain,
    happened,
    register,
    states,
)
from tests.routes import assert_problem
from tests.shop import Shop, until

AWAY = "/services/cart/cart-2"
GONE = "/services/cart/cart-3"


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    """Processes that are ended whatever becomes of the test."""
    processes: list[Process] = []
    yield processes
    for process in processes:
        process.kill()


def test_what_was_registered_drained_and_taken_out_survives_a_kill(
    tmp_path: Path, processes: list[Process]
) -> None:
    def start() -> str:
        processes.append(Process("registry", tmp_path, "--port", "0"))
        return processes[-1].url()

    url = start()
    leases = {}
    for number, path in enumerate((CART, AWAY, GONE), start=1):
        _, answer = call(
            "PUT", url + path, {"url": f"http://127.0.0.1:{number}", "meta": {"n": 2.5}}
        )
        leases[path] = answer["lease"]
    assert call("PUT", f"{url}{CART}/state", {"state": "draining"})[0] == 200
    assert call("PUT", f"{url}{AWAY}/state", {"state": "draining"})[0] == 200
    assert call("DELETE", url + AWAY)[0] == 204
    assert call("PUT", f"{url}{GONE}/state", {"state": "draining"})[0] == 200
    assert call("PUT", f"{url}{GONE}/state", {"state": "up"})[0] == 200
    _, before = call("GET", f"{url}/services")
    assert processes[-1].end(Signals.SIGKILL) == -Signals.SIGKILL

    url = start()
    _, after = call("GET", f"{url}/services")
    assert after["shop"] == before["shop"]
    assert after["epoch"] != before["epoch"]
    for name in ("instance_id", "url", "state", "version", "meta", "reason", "registered_at"):
        seen = [[each[name] for each in answer["services"]["cart"]] for answer in (before, after)]
        assert seen[0] == seen[1], name
    assert call("POST", f"{url}{CART}/heartbeat", {"lease": leases[CART]})[0] == 200
    assert call("POST", f"{url}{AWAY}/heartbeat", {"lease": leases[AWAY]})[0] == 404
    assert call("PUT", url + AWAY, {"url": OTHER_URL})[1]["state"] == "draining"
    history = [event["what"] for event in call("GET", f"{url}/history")[1]]
    assert history.count("registered") == 4
    assert processes[-1].end() == 0


async def test_an_instance_that_drains_itself_still_drains_after_a_restart(shop: Shop) -> None:
    lease = (await register(shop))["lease"]
    await drain(shop, lease=lease)
    await shop.restart("registry")
    assert await states(shop) == {"cart-1": "draining"}
    assert (await drain(shop, state="up", lease=lease))["state"] == "up"


@pytest.mark.parametrize("number", ["2.5", "1E+400", "123456789012345678901234567890", "0.10"])
async def test_numbers_in_meta_survive_a_restart_as_they_were_sent(shop: Shop, number: str) -> None:
    await shop.call(
        "registry",
        "PUT",
        CART,
        data=f'{{"url": "{URL}", "meta": {{"weight": {number}}}}}',
        headers={"Content-Type": "application/json"},
    )
    before = (await ask(shop, "GET", "/services/cart")).json["instances"][0]["meta"]
    await shop.restart("registry")
    after = (await ask(shop, "GET", "/services/cart")).json["instances"][0]["meta"]
    assert str(before["weight"]) == number
    assert after == before


def stop_growing(conn: sqlite3.Connection) -> None:
    (pages,) = conn.execute("PRAGMA page_count").fetchone()
    conn.execute(f"PRAGMA max_page_count = {pages}").fetchall()


def grow_again(conn: sqlite3.Connection) -> None:
    conn.execute("PRAGMA max_page_count = 1000000").fetchall()


def fail(_conn: sqlite3.Connection) -> None:
    error = sqlite3.OperationalError("the disk is on fire")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    raise error


def add_to_history(conn: sqlite3.Connection, size: int) -> None:
    conn.execute(
        "INSERT INTO history (what, service, instance_id, at, detail) VALUES ('', '', '', '', ?)",
        ("x" * size,),
    )


@pytest.fixture
async def registry_on_full_disk(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A registry that knows a cart, and whose disk has no room for the least that happens."""
    monkeypatch.setattr(hub, "LONGEST_PAUSE", 0.01)
    await shop.restart("registry")
    await register(shop)
    database = shop.app("registry")[DATABASE]
    await database.write(stop_growing)
    for size in (1000, 100, 10, 0):
        with suppress(DiskFull):
            while True:
                await database.write(add_to_history, size)
    return shop


async def make_room(shop: Shop) -> None:
    """And wait until what was not stored is."""
    database = shop.app("registry")[DATABASE]
    await database.write(grow_again)

    table = shop.app("registry")[HUB].table

    async def all_stored() -> bool:
        registrations, drained = await database.read(store.load)
        shown = (await ask(shop, "GET", "/services")).json["services"]
        names = {
            (each["service"], each["instance_id"]) for found in shown.values() for each in found
        }
        names |= {(each.service, each.instance_id) for each in registrations} | drained
        records = table.records(sorted(names))
        return registrations == [
            each.registration for each in records if each.registration
        ] and drained == {each.name for each in records if each.drained}

    await until(all_stored)


async def test_instances_are_found_while_the_disk_is_full(registry_on_full_disk: Shop) -> None:
    answer = await register(registry_on_full_disk, "/services/cart/cart-2", OTHER_URL)
    assert (
        await beat(registry_on_full_disk, answer["lease"], "/services/cart/cart-2")
    ).status == 200
    assert await states(registry_on_full_disk) == {"cart-1": "up", "cart-2": "up"}


async def test_an_override_that_cannot_be_stored_is_507(
    registry_on_full_disk: Shop,
) -> None:
    reply = await ask(registry_on_full_disk, "PUT", f"{CART}/state", {"state": "draining"})
    problem = assert_problem(reply, 507, "insufficient_storage")
    assert "restart" in problem["detail"]
    reply = await ask(registry_on_full_disk, "DELETE", CART)
    assert_problem(reply, 507, "insufficient_storage")


async def test_an_override_that_was_507_holds_and_is_stored_once_there_is_room(
    registry_on_full_disk: Shop,
) -> None:
    await ask(registry_on_full_disk, "PUT", f"{CART}/state", {"state": "draining"})
    await register(registry_on_full_disk, "/services/cart/cart-2", OTHER_URL)
    before = {"cart-1": "draining", "cart-2": "up"}
    assert await states(registry_on_full_disk) == before
    await make_room(registry_on_full_disk)
    await registry_on_full_disk.restart("registry")
    assert await states(registry_on_full_disk) == before
    assert ("draining", "cart-1") in await happened(registry_on_full_disk)


async def test_an_override_works_again_when_there_is_room(registry_on_full_disk: Shop) -> None:
    await make_room(registry_on_full_disk)
    assert (await drain(registry_on_full_disk))["state"] == "draining"


async def test_a_full_disk_is_logged_once(
    registry_on_full_disk: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(10):
        await register(
            registry_on_full_disk, "/services/cart/cart-2", f"http://127.0.0.1:{number + 100}"
        )
    said = [record.getMessage() for record in caplog.records]
    assert said.count("going on from memory") == 1


async def test_the_newest_events_wait_for_room_on_the_disk(
    registry_on_full_disk: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MAX_UNSAVED", 3)
    for number in range(10):
        await register(
            registry_on_full_disk, "/services/cart/cart-2", f"http://127.0.0.1:{number + 100}"
        )
    await make_room(registry_on_full_disk)
    events = await happened(registry_on_full_disk)
    assert len([what for what, name in events if name == "cart-2"]) == 3
    await registry_on_full_disk.restart("registry")
    assert await states(registry_on_full_disk) == {"cart-1": "up", "cart-2": "up"}


async def test_instances_are_found_while_the_disk_fails(shop: Shop) -> None:
    lease = (await register(shop))["lease"]
    with pytest.raises(Exception, match="on fire"):
        await shop.app("registry")[DATABASE].write(fail)
    await register(shop, "/services/cart/cart-2", OTHER_URL)
    assert (await beat(shop, lease)).status == 200
    assert await states(shop) == {"cart-1": "up", "cart-2": "up"}
    reply = await ask(shop, "PUT", f"{CART}/state", {"state": "draining"})
    assert_problem(reply, 503, "storage_unavailable")
    ready = await shop.call("registry", "GET", "/readyz", key=None)
    assert (ready.status, "on fire" in ready.json["reasons"][0]) == (503, True)


async def buy(shop: Shop, product_id: int) -> Any:
    order = await shop.order(product_id)
    reply = await shop.pay(order)
    assert (reply.status, reply.json["order_status"]) == (200, "PAID")
    return order


def registry_port(shop: Shop) -> int:
    return int(shop.urls["registry"].rpartition(":")[2])


async def test_a_shop_goes_on_while_its_registry_is_away(four_services: Shop) -> None:
    shop = four_services
    product_id = await shop.product()
    await shop.stop("registry")
    await buy(shop, product_id)
    assert await shop.stock(product_id) == 99


async def test_a_shop_goes_on_when_its_registry_has_lost_everything(
    four_services: Shop,
) -> None:
    shop = four_services
    product_id = await shop.product()
    services = [name for name in shop.runners if name != "registry"]
    port = registry_port(shop)
    await shop.stop("registry")
    for file in shop.folder.glob("registry.db*"):
        file.unlink()
    await shop.start("registry", port=port)
    await buy(shop, product_id)

    new_shop = shop.app("registry")[LIFECYCLE].shop
    await until(lambda: {shop.app(name)[LIFECYCLE].shop for name in services} == {new_shop})
    for service in services:
        assert await states(shop, service) == {f"{service}-1": "up"}
    await buy(shop, product_id)
    assert await shop.stock(product_id) == 98


async def test_every_service_asks_a_registry_that_comes_back(four_services: Shop) -> None:
    shop = four_services
    port = registry_port(shop)
    await shop.stop("registry")
    await shop.start("registry", port=port)
    for name, peer in (("cart", "catalog"), ("order", "catalog"), ("payment", "order")):
        await register(shop, f"/services/{peer}/new", URL)
        discovery = shop.app(name)[DISCOVERY]

        def knows_the_new_one(discovery: Discovery = discovery, peer: str = peer) -> bool:
            return "new" in [each.instance_id for each in discovery.instances(peer)]

        await until(knows_the_new_one)
