"""The lease table, with a clock that the tests turn."""

from contextlib import suppress
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import leases
from registry.leases import LeaseTable
from registry.model import (
    Event,
    Instance,
    InstanceRecord,
    Name,
    Registration,
    Superseded,
    UnknownInstance,
    UnknownService,
)

AT = "2026-01-01T00:00:00.000Z"
URL = "http://127.0.0.1:8001"
OTHER_URL = "http://127.0.0.1:8011"


@pytest.fixture
def table() -> LeaseTable:
    return new_table()


def new_table() -> LeaseTable:
    numbers = count(1)
    return LeaseTable("e1", new_lease=lambda: f"lease {next(numbers)}", wall_clock=lambda: AT)


def register(table: LeaseTable, instance_id: str = "cart-1", now: float = 0) -> Registration:
    port = 8000 + int(instance_id.partition("-")[2])
    return table.register("cart", instance_id, f"http://127.0.0.1:{port}", now=now)[0]


def cart(table: LeaseTable, now: float = 0) -> Instance:
    return table.instance("cart", "cart-1", now=now)


def said(events: list[Event]) -> list[tuple[str, str, str]]:
    return [(event.what, event.instance_id, event.detail) for event in events]


def test_a_registered_instance_is_up(table: LeaseTable) -> None:
    registration, events = table.register(
        "cart", "cart-1", URL, version="1.2", meta={"zone": "a"}, ttl=9, now=100
    )

    assert registration.lease == "lease 1"
    assert registration.heartbeat_every == 3
    assert events == [Event("registered", "cart", "cart-1", AT, f"at {URL}")]
    assert table.instances("cart", now=104) == [
        Instance("cart", "cart-1", URL, "up", "1.2", {"zone": "a"}, 9, 5, AT, None)
    ]


def test_leases_cannot_be_guessed() -> None:
    table = LeaseTable("e1")
    leases = {register(table).lease for _ in range(3)}
    assert len(leases) == 3
    assert min(map(len, leases)) >= 32


def test_a_service_without_instances_is_unknown(table: LeaseTable) -> None:
    with pytest.raises(UnknownService):
        table.instances("cart", now=0)


def test_registering_again_replaces_the_lease(table: LeaseTable) -> None:
    first = register(table)
    second = register(table)

    assert second.lease != first.lease
    assert len(table.instances("cart", now=0)) == 1
    with pytest.raises(Superseded):
        table.heartbeat("cart", "cart-1", first.lease, now=1)
    assert table.heartbeat("cart", "cart-1", second.lease, now=1) == []


def test_registering_again_at_another_url_moves_the_instance(table: LeaseTable) -> None:
    register(table)
    table.register("cart", "cart-1", OTHER_URL, now=0)
    assert cart(table).url == OTHER_URL


def test_an_instance_at_the_url_of_another_supersedes_it(table: LeaseTable) -> None:
    first = register(table)
    _, events = table.register("cart", "cart-9", URL, now=1)

    assert said(events) == [
        ("superseded", "cart-1", f"by cart-9 at {URL}"),
        ("registered", "cart-9", f"at {URL}"),
    ]
    assert [instance.instance_id for instance in table.instances("cart", now=1)] == ["cart-9"]
    with pytest.raises(Superseded):
        table.heartbeat("cart", "cart-1", first.lease, now=2)


def test_the_same_url_in_another_service_supersedes_nothing(table: LeaseTable) -> None:
    register(table)
    table.register("order", "order-1", URL, now=0)
    assert cart(table).state == "up"


def test_a_superseded_instance_may_register_anew(table: LeaseTable) -> None:
    register(table)
    table.register("cart", "cart-9", URL, now=1)
    again, _ = table.register("cart", "cart-1", OTHER_URL, now=2)
    assert table.heartbeat("cart", "cart-1", again.lease, now=3) == []


def test_old_leases_are_remembered_within_bounds(
    table: LeaseTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "MAX_OLD_LEASES", 2)
    held = [register(table).lease for _ in range(4)]
    table.remove("cart", "cart-1")

    with pytest.raises(UnknownInstance):
        table.heartbeat("cart", "cart-1", held[0], now=1)
    with pytest.raises(Superseded):
        table.heartbeat("cart", "cart-1", held[1], now=1)


def test_a_heartbeat_of_an_unknown_instance_raises(table: LeaseTable) -> None:
    with pytest.raises(UnknownInstance):
        table.heartbeat("cart", "cart-1", "lease 1", now=0)


def test_a_removed_instance_is_unknown(table: LeaseTable) -> None:
    lease = register(table).lease
    assert said(table.remove("cart", "cart-1")) == [("removed", "cart-1", "taken out")]

    with pytest.raises(UnknownInstance):
        table.heartbeat("cart", "cart-1", lease, now=1)
    with pytest.raises(UnknownInstance):
        table.remove("cart", "cart-1")
    with pytest.raises(UnknownService):
        table.instances("cart", now=1)


def test_heartbeats_renew_the_lease_and_do_not_raise_the_index(table: LeaseTable) -> None:
    lease = register(table).lease
    index = table.index
    for now in range(2, 60, 2):
        assert table.heartbeat("cart", "cart-1", lease, now=now) == []
        assert table.expire(now=now + 1) == []
    assert table.index == index
    assert cart(table, now=58).expires_in == 6


def test_a_lease_that_is_not_renewed_makes_its_instance_suspect_and_then_down(
    table: LeaseTable,
) -> None:
    register(table)

    assert table.expire(now=5.9) == []
    assert said(table.expire(now=6)) == [("suspect", "cart-1", "no heartbeat for 6 s")]
    assert (cart(table, now=7).state, cart(table, now=7).expires_in) == ("suspect", 0)
    assert table.expire(now=11.9) == []
    assert said(table.expire(now=12)) == [("down", "cart-1", "no heartbeat for 12 s")]
    assert cart(table, now=12).reason == "no heartbeat for 12 s"


def test_a_pause_of_the_registry_does_not_count_as_silence(table: LeaseTable) -> None:
    register(table)
    table.excuse(100, now=105)
    assert table.expire(now=105) == []
    assert said(table.expire(now=106)) == [("suspect", "cart-1", "no heartbeat for 6 s")]


def test_a_lease_renewed_after_a_pause_is_not_extended_for_it(table: LeaseTable) -> None:
    lease = register(table).lease
    table.heartbeat("cart", "cart-1", lease, now=104)
    table.excuse(100, now=105)
    assert cart(table, now=105).expires_in == 6


@pytest.mark.parametrize("silent_for", [7, 13, 300])
def test_a_heartbeat_brings_a_suspect_or_a_down_instance_back(
    table: LeaseTable, silent_for: float
) -> None:
    lease = register(table).lease
    table.expire(now=silent_for)
    assert said(table.heartbeat("cart", "cart-1", lease, now=silent_for)) == [
        ("up", "cart-1", "heartbeat")
    ]
    assert cart(table, now=silent_for).reason is None


def test_an_instance_is_forgotten_ten_minutes_after_it_went_down(table: LeaseTable) -> None:
    register(table)
    table.expire(now=12)
    assert table.expire(now=611) == []
    assert said(table.expire(now=612)) == [("removed", "cart-1", "it was down for 10 minutes")]


def test_an_instance_with_an_override_is_not_forgotten_until_that_is_lifted(
    table: LeaseTable,
) -> None:
    register(table)
    table.set_override("cart", "cart-1", "draining", now=1)
    table.expire(now=10_000)
    assert cart(table).state == "down"
    assert table.next_deadline() is None

    table.set_override("cart", "cart-1", "up", now=10_001)
    assert table.next_deadline() == 612
    assert [event.what for event in table.expire(now=10_001)] == ["removed"]


def test_the_next_deadline_is_the_earliest_of_all(table: LeaseTable) -> None:
    assert table.next_deadline() is None
    lease = register(table).lease
    register(table, "cart-2", now=3)
    assert table.next_deadline() == 6
    table.heartbeat("cart", "cart-1", lease, now=5)
    assert table.next_deadline() == 9
    table.expire(now=9)
    assert table.next_deadline() == 11
    table.expire(now=15)
    assert table.next_deadline() == 17
    table.expire(now=17)
    assert table.next_deadline() == 615


def test_an_instance_can_drain_itself_and_come_up_again(table: LeaseTable) -> None:
    lease = register(table).lease
    events = table.set_own_state("cart", "cart-1", lease, "draining", now=1)
    assert said(events) == [("draining", "cart-1", "draining at its own request")]
    assert cart(table).state == "draining"

    table.set_own_state("cart", "cart-1", lease, "up", now=2)
    assert cart(table).state == "up"


def test_an_instance_stops_draining_itself_with_its_lease(table: LeaseTable) -> None:
    lease = register(table).lease
    table.set_own_state("cart", "cart-1", lease, "draining", now=1)
    register(table, now=2)
    assert cart(table).state == "up"


def test_only_the_holder_of_the_lease_can_drain_an_instance(table: LeaseTable) -> None:
    with pytest.raises(UnknownInstance):
        table.set_own_state("cart", "cart-1", "lease 1", "draining", now=0)
    register(table)
    with pytest.raises(Superseded):
        table.set_own_state("cart", "cart-1", "lease 9", "draining", now=0)


def test_an_override_outlives_registration_and_absence(table: LeaseTable) -> None:
    register(table)
    events = table.set_override("cart", "cart-1", "draining", now=1)
    assert said(events) == [("draining", "cart-1", "drained by the operator")]

    table.remove("cart", "cart-1")
    _, events = table.register("cart", "cart-1", URL, now=2)
    assert said(events) == [("registered", "cart-1", f"at {URL}; drained by the operator")]
    assert cart(table).state == "draining"


def test_an_override_can_be_lifted_while_the_instance_is_away(table: LeaseTable) -> None:
    register(table)
    table.set_override("cart", "cart-1", "draining", now=1)
    table.remove("cart", "cart-1")
    assert said(table.set_override("cart", "cart-1", "up", now=2)) == [
        ("up", "cart-1", "the operator's override, for when it is back")
    ]
    register(table, now=3)
    assert cart(table).state == "up"


def test_an_instance_cannot_lift_an_override(table: LeaseTable) -> None:
    lease = register(table).lease
    table.set_override("cart", "cart-1", "draining", now=1)
    table.set_own_state("cart", "cart-1", lease, "up", now=2)
    table.heartbeat("cart", "cart-1", lease, now=2)
    assert cart(table).state == "draining"


def test_lifting_an_override_does_not_end_the_draining_of_an_instance_by_itself(
    table: LeaseTable,
) -> None:
    lease = register(table).lease
    table.set_own_state("cart", "cart-1", lease, "draining", now=1)
    table.set_override("cart", "cart-1", "up", now=2)
    assert cart(table).state == "draining"


def test_an_unknown_instance_cannot_be_drained(table: LeaseTable) -> None:
    with pytest.raises(UnknownInstance):
        table.set_override("cart", "cart-1", "draining", now=0)


def test_a_drained_instance_that_falls_silent_goes_down(table: LeaseTable) -> None:
    register(table)
    table.set_override("cart", "cart-1", "draining", now=1)
    table.expire(now=6)
    assert cart(table).state == "draining"
    table.expire(now=12)
    assert cart(table).state == "down"
    assert cart(table).reason == "no heartbeat for 12 s; drained by the operator"


def test_an_instance_that_cannot_be_reached_is_suspect_until_its_next_heartbeat(
    table: LeaseTable,
) -> None:
    lease = register(table).lease
    assert said(table.suspect("cart", "cart-1", "connection refused", now=1)) == [
        ("suspect", "cart-1", "connection refused")
    ]
    assert table.suspect("cart", "cart-1", "connection refused", now=1) == []
    table.heartbeat("cart", "cart-1", lease, now=2)
    assert cart(table).state == "up"


def test_suspecting_an_unknown_instance_raises(table: LeaseTable) -> None:
    with pytest.raises(UnknownInstance):
        table.suspect("cart", "cart-1", "connection refused", now=1)


def test_changes_are_the_changed_services_with_all_their_instances(table: LeaseTable) -> None:
    register(table)
    table.register("order", "order-1", OTHER_URL, now=0)
    index = table.index
    register(table, "cart-2")

    changes = table.changed_since("e1", index, now=0)
    assert (changes.index, changes.epoch, changes.reset) == (index + 1, "e1", False)
    assert list(changes.services) == ["cart"]
    assert [one.instance_id for one in changes.services["cart"]] == ["cart-1", "cart-2"]
    assert table.changed_since("e1", table.index, now=0).services == {}


def test_a_service_without_instances_is_an_empty_change(table: LeaseTable) -> None:
    register(table)
    index = table.index
    table.remove("cart", "cart-1")
    assert table.changed_since("e1", index, now=0).services == {"cart": []}


@pytest.mark.parametrize(("epoch", "index"), [(None, 0), ("e0", 1), ("e1", 99)])
def test_another_epoch_or_a_future_index_is_answered_with_everything(
    table: LeaseTable, epoch: str | None, index: int
) -> None:
    register(table)
    changes = table.changed_since(epoch, index, now=0)
    assert changes.reset
    assert list(changes.services) == ["cart"]


def test_an_index_too_far_behind_is_answered_with_everything(
    table: LeaseTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "MAX_GONE_SERVICES", 1)
    register(table)
    seen = table.index
    for service in ("a", "b"):
        table.register(service, f"{service}-1", URL, now=0)
        table.remove(service, f"{service}-1")

    changes = table.changed_since("e1", seen, now=0)
    assert changes.reset
    assert list(changes.services) == ["cart"]
    assert table.changed_since("e1", seen + 2, now=0).services == {"b": []}


def test_a_restored_table_has_full_leases_and_its_overrides(
    table: LeaseTable,
) -> None:
    first = register(table)
    second = replace(register(table, "cart-2"), draining=True)

    restored = LeaseTable("e2")
    restored.restore([first, second], {first.name}, now=1000)

    assert restored.instances("cart", now=1000) == [
        Instance("cart", "cart-1", URL, "draining", None, {}, 6, 6, AT, "drained by the operator"),
        Instance(
            "cart",
            "cart-2",
            "http://127.0.0.1:8002",
            "draining",
            None,
            {},
            6,
            6,
            AT,
            "draining at its own request",
        ),
    ]
    assert restored.heartbeat("cart", "cart-1", first.lease, now=1001) == []
    assert restored.next_deadline() == 1006


def test_an_instance_s_registration_and_override_are_stored(
    table: LeaseTable,
) -> None:
    lease = register(table).lease
    register(table, "cart-2")
    table.set_override("cart", "cart-2", "draining", now=1)

    [event] = table.set_own_state("cart", "cart-1", lease, "draining", now=1)
    [record] = table.records([event.name])
    assert record.name == ("cart", "cart-1")
    assert record.registration is not None
    assert record.registration.draining
    assert not record.drained

    [event] = table.remove("cart", "cart-2")
    assert table.records([event.name]) == [InstanceRecord(("cart", "cart-2"), None, drained=True)]


STEPS = st.tuples(
    st.sampled_from(["register", "move", "beat", "drain", "undrain", "own", "remove", "doubt"]),
    st.sampled_from(["cart", "order"]),
    st.integers(1, 3),
    st.floats(0, 400),
    st.booleans(),
)


@given(st.lists(STEPS, max_size=60))
def test_following_the_changes_shows_what_the_table_holds(
    steps: list[tuple[str, str, int, float, bool]],
) -> None:
    table = new_table()
    held: dict[tuple[str, str], str] = {}
    seen: dict[str, list[tuple[str, str, str | None]]] = {}
    stored: dict[Name, InstanceRecord] = {}
    index, now = 0, 0.0
    for step, service, number, pause, look in steps:
        now += pause
        before = table.index
        events = table.expire(now=now)
        with suppress(UnknownInstance, Superseded):
            events += act(table, held, step, (service, f"{service}-{number}"), now)
        assert table.index >= before
        deadline = table.next_deadline()
        if deadline is not None and deadline <= now:
            due = table.expire(now=now)
            assert due
            events += due
        stored.update(
            {record.name: record for record in table.records(event.name for event in events)}
        )
        restored = LeaseTable("e2")
        restored.restore(
            [one.registration for one in stored.values() if one.registration],
            {name for name, one in stored.items() if one.drained},
            now=now,
        )
        assert standing_of(restored) == standing_of(table)
        if look:
            changes = table.changed_since("e1", index, now=now)
            assert not changes.reset
            seen.update({name: views(found) for name, found in changes.services.items()})
            index = changes.index
            whole = table.changed_since(None, 0, now=now).services
            assert {name: found for name, found in seen.items() if found} == {
                name: views(found) for name, found in whole.items()
            }


def act(
    table: LeaseTable,
    held: dict[tuple[str, str], str],
    step: str,
    name: tuple[str, str],
    now: float,
) -> list[Event]:
    if step in ("register", "move"):
        url = OTHER_URL if step == "move" else f"http://{'-'.join(name)}:80"
        registration, events = table.register(*name, url, now=now)
        held[name] = registration.lease
        return events
    lease = held.get(name, "none")
    if step == "beat":
        return table.heartbeat(*name, lease, now=now)
    if step == "own":
        return table.set_own_state(*name, lease, "draining", now=now)
    if step == "remove":
        return table.remove(*name)
    if step == "doubt":
        return table.suspect(*name, "refused", now=now)
    return table.set_override(*name, "draining" if step == "drain" else "up", now=now)


def views(instances: list[Instance]) -> list[tuple[str, str, str | None]]:
    return [(one.instance_id, one.state, one.reason) for one in instances]


def standing_of(table: LeaseTable) -> list[tuple[str, str, bool, bool]]:
    """What of a table outlives it."""
    found = table.changed_since(None, 0, now=0).services.values()
    return sorted(
        (
            one.instance_id,
            one.url,
            "its own request" in (one.reason or ""),
            "the operator" in (one.reason or ""),
        )
        for instances in found
        for one in instances
    )
