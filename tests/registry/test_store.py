"""The registry's file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from registry import store
from registry.model import Event, InstanceRecord, Registration
from services.common.storage.database import Database, open_database
from services.operations.databases import schema_of

CART = Registration(
    service="cart",
    instance_id="cart-1",
    url="http://127.0.0.1:8001",
    lease="lease 1",
    registered_at="2026-01-01T00:00:00.000Z",
    version="1.2",
    meta={"zone": "a", "weights": [1, 2.5, None]},
    ttl=7.5,
    draining=True,
)
ORDER = Registration("order", "order-1", "http://127.0.0.1:8003", "lease 2", CART.registered_at)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "registry.db", schema_of("registry.db")) as database:
        yield database


def there(registration: Registration, *, drained: bool = False) -> InstanceRecord:
    return InstanceRecord(registration.name, registration, drained)


def away(registration: Registration, *, drained: bool = False) -> InstanceRecord:
    return InstanceRecord(registration.name, None, drained)


def event(detail: str) -> Event:
    return Event("registered", "cart", "cart-1", CART.registered_at, detail)


def details(events: list[Event]) -> list[str]:
    return [one.detail for one in events]


async def test_what_is_saved_is_loaded_again(database: Database) -> None:
    await database.write(store.save, [there(ORDER), there(CART, drained=True)], [])
    assert await database.read(store.load) == ([CART, ORDER], {CART.name})


async def test_saving_an_instance_again_replaces_it(
    database: Database,
) -> None:
    await database.write(store.save, [there(CART, drained=True), there(ORDER)], [])
    moved = Registration("cart", "cart-1", "http://127.0.0.1:8011", "lease 3", CART.registered_at)
    await database.write(store.save, [there(moved)], [])
    assert await database.read(store.load) == ([moved, ORDER], set())


async def test_a_removed_instance_is_deleted_and_its_override_stays(
    database: Database,
) -> None:
    await database.write(store.save, [there(CART, drained=True), there(ORDER)], [])
    await database.write(store.save, [away(CART, drained=True), away(ORDER)], [])
    assert await database.read(store.load) == ([], {CART.name})


async def test_history_is_listed_newest_first_in_pages(database: Database) -> None:
    await database.write(store.save, [], [event("one"), event("two")])
    await database.write(store.save, [], [event("three")])

    newest, after = await database.read(store.list_history, 2)
    assert newest == [event("three"), event("two")]
    oldest, end = await database.read(store.list_history, 2, after)
    assert oldest == [event("one")]
    assert end is None


async def test_a_full_last_page_has_no_next(database: Database) -> None:
    await database.write(store.save, [], [event("one"), event("two")])
    _, after = await database.read(store.list_history, 2)
    assert after is None


async def test_history_keeps_its_newest_events(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MAX_EVENTS", 3)
    for batch in (["1", "2"], ["3", "4"], ["5"]):
        await database.write(store.save, [], map(event, batch))
    events, _ = await database.read(store.list_history, 100)
    assert details(events) == ["5", "4", "3"]


async def test_a_shop_keeps_the_id_it_was_first_given(database: Database) -> None:
    assert await database.write(store.open_shop, "first") == "first"
    assert await database.write(store.open_shop, "second") == "first"
