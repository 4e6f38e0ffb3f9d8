"""How each service of the shop is told its deployment."""

from __future__ import annotations

from pathlib import Path

from services.operations.run.deployment import SERVICES, Deployment, children

PLACE = Deployment(base_port=9000, data_dir=Path("/srv/shop"))


def commands(deployment: Deployment) -> dict[str, str]:
    return {child.name: " ".join(child.command[1:]) for child in children(deployment)}


def test_every_part_has_its_port_its_folder_and_the_registrys_url_and_no_other_address() -> None:
    assert commands(PLACE)["payment"] == (
        "-m services.payment --host 127.0.0.1 --port 9004 --registry http://127.0.0.1:9000 "
        "--data-dir /srv/shop --stop-with-parent"
    )


def test_the_registry_gets_no_registry_url_and_stops_last() -> None:
    first, *others = children(PLACE)
    assert first.name == "registry"
    assert "--registry" not in first.command
    assert first.stops_last
    assert not any(child.stops_last for child in others)


def test_the_ports_follow_the_contract() -> None:
    ports = {child.name: child.port for child in children(Deployment())}
    assert ports == {
        "registry": 8000,
        "cart": 8001,
        "catalog": 8002,
        "order": 8003,
        "payment": 8004,
        "storefront": 8080,
    }


def test_only_the_catalog_is_filled_with_a_demo_and_only_when_wanted() -> None:
    assert [name for name, flags in commands(PLACE).items() if "--demo" in flags] == ["catalog"]
    assert not any("--demo" in flags for flags in commands(Deployment(demo=False)).values())


def test_on_every_address_the_parts_find_the_registry_by_loopback() -> None:
    deployment = Deployment(base_port=9000, host="0.0.0.0", advertise="shop.example")
    flags = commands(deployment)["cart"]
    assert "--host 0.0.0.0" in flags
    assert "--advertise shop.example" in flags
    assert "--registry http://127.0.0.1:9000" in flags
    assert {child.host for child in children(deployment)} == {"127.0.0.1"}


def test_an_ipv6_address_is_bracketed_in_urls_alone() -> None:
    deployment = Deployment(host="::1")
    assert deployment.local_url(SERVICES[0]) == "http://[::1]:8000"
    assert {child.host for child in children(deployment)} == {"::1"}


def test_people_are_told_the_advertised_name() -> None:
    deployment = Deployment(base_port=9000, host="0.0.0.0", advertise="shop.example")
    assert deployment.public_url(SERVICES[1]) == "http://shop.example:9001"
