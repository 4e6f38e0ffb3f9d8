"""How each part of the shop is told its place."""

from __future__ import annotations

from pathlib import Path

from services.operations.parts import PARTS, Place, children

PLACE = Place(base_port=9000, data_dir=Path("/srv/shop"))


def commands(place: Place) -> dict[str, str]:
    return {child.name: " ".join(child.command[1:]) for child in children(place)}


def test_every_part_has_its_port_its_folder_and_the_registrys_url_and_no_other_address() -> None:
    assert commands(PLACE)["payment"] == (
        "-m services.payment --host 127.0.0.1 --port 9004 --registry http://127.0.0.1:9000 "
        "--data-dir /srv/shop --stop-with-parent"
    )


def test_the_registry_is_told_no_registry_and_stops_last() -> None:
    first, *others = children(PLACE)
    assert first.name == "registry"
    assert "--registry" not in first.command
    assert first.stops_last
    assert not any(child.stops_last for child in others)


def test_the_ports_follow_the_contract() -> None:
    ports = {child.name: child.port for child in children(Place())}
    assert ports == {
        "registry": 8000,
        "cart": 8001,
        "catalog": 8002,
        "order": 8003,
        "payment": 8004,
        "storefront": 8080,
    }


def test_only_the_catalog_is_filled_with_a_demo_and_only_when_wanted() -> None:
    assert [name for name, told in commands(PLACE).items() if "--demo" in told] == ["catalog"]
    assert not any("--demo" in told for told in commands(Place(demo=False)).values())


def test_on_every_address_the_parts_find_the_registry_by_loopback() -> None:
    place = Place(base_port=9000, host="0.0.0.0", advertise="shop.example")
    told = commands(place)["cart"]
    assert "--host 0.0.0.0" in told
    assert "--advertise shop.example" in told
    assert "--registry http://127.0.0.1:9000" in told
    assert {child.host for child in children(place)} == {"127.0.0.1"}


def test_an_ipv6_address_is_bracketed_in_urls_alone() -> None:
    place = Place(host="::1")
    assert place.local_url(PARTS[0]) == "http://[::1]:8000"
    assert {child.host for child in children(place)} == {"::1"}


def test_people_are_told_the_advertised_name() -> None:
    place = Place(base_port=9000, host="0.0.0.0", advertise="shop.example")
    assert place.public_url(PARTS[1]) == "http://shop.example:9001"
