"""Flags and the environment: what is refused is refused with one sentence that says which."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from services.common.core.arguments import SettingsError, seconds
from services.common.core.settings import Settings, is_loopback
from services.common.process.flags import flags

OWN_KEY = {"API_KEY": "a key of our own"}


def settings_from(*argv: str, service: str = "cart", **environ: str) -> Settings:
    return Settings(**vars(flags(service, environ, default_port=8001).parse_args(argv)))


def rejection(*argv: str, **environ: str) -> str:
    with pytest.raises(SettingsError) as refused:
        settings_from(*argv, **environ)
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def test_the_defaults_are_those_of_the_contract() -> None:
    settings = settings_from()
    assert (settings.host, settings.port) == ("127.0.0.1", 8001)
    assert settings.registry_url == "http://127.0.0.1:8000"
    assert settings.data_dir == Path("data")
    assert settings.api_key == "secret-key-123"
    assert settings.currency.code == "USD"
    assert settings.instance_id == "cart-1"


def test_flags_are_taken() -> None:
    settings = settings_from(
        *("--host", "localhost", "--port", "0", "--data-dir", "/srv/shop", "--currency", "EUR"),
        *("--registry", "https://registry.example/", "--instance-id", "cart-2"),
        *("--advertise", "shop.example", "--stop-with-parent"),
        **OWN_KEY,
    )
    assert (settings.host, settings.port, settings.currency.code) == ("localhost", 0, "EUR")
    assert settings.data_dir == Path("/srv/shop")
    assert settings.registry_url == "https://registry.example"
    assert (settings.instance_id, settings.advertise) == ("cart-2", "shop.example")
    assert settings.stop_with_parent


def test_the_environment_is_taken_and_a_flag_wins() -> None:
    environ = {"REGISTRY_URL": "http://127.0.0.1:9000", "CURRENCY": "EUR", **OWN_KEY}
    settings = settings_from(**environ)
    assert settings.registry_url == "http://127.0.0.1:9000"
    assert (settings.currency.code, settings.api_key) == ("EUR", "a key of our own")
    assert settings_from("--registry", "http://[::1]:1", **environ).registry_url == "http://[::1]:1"


def test_no_service_reads_a_peer_s_address() -> None:
    environ = {"CATALOG_SERVICE_URL": "http://evil:1", "ORDER_SERVICE_URL": "http://evil:2"}
    assert "evil" not in repr(settings_from(**environ))


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (["--port", "http"], "--port"),
        (["--port", "65536"], "65536"),
        (["--port", "-1"], "--port"),
        (["--port"], "--port"),
        (["--prot", "1"], "--prot"),
        (["--por", "1"], "--por"),
        (["8001"], "8001"),
        (["--registry", "127.0.0.1:8000"], "--registry"),
        (["--registry", "ftp://127.0.0.1"], "--registry"),
        (["--registry", "http://"], "--registry"),
        (["--registry", "http://[::1"], "--registry"),
        (["--registry", "http://127.0.0.1:99999"], "--registry"),
        (["--registry", "http://127.0.0.1:x"], "--registry"),
        (["--registry", "http://me:pw@127.0.0.1:1"], "--registry"),
        (["--registry", "http://127.0.0.1:1?x=1"], "--registry"),
        (["--registry", ""], "--registry"),
        (["--currency", "usd"], "CURRENCY"),
        (["--currency", "EURO"], "CURRENCY"),
        (["--currency", "ZZZ"], "CURRENCY"),
        (["--currency", "XAU"], "CURRENCY"),
        (["--instance-id", "cart 1"], "--instance-id"),
        (["--instance-id", "../cart"], "--instance-id"),
        (["--instance-id", "x" * 129], "--instance-id"),
        (["--advertise", "http://shop.example"], "--advertise"),
        (["--advertise", "shop.example:80"], "--advertise"),
    ],
    ids=" ".join,
)
def test_a_bad_flag_is_named(argv: list[str], named: str) -> None:
    assert named in rejection(*argv)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"API_KEY": ""}, "API_KEY"),
        ({"API_KEY": "two\nlines"}, "API_KEY"),
        ({"API_KEY": " spaced "}, "API_KEY"),
        ({"REGISTRY_URL": "nowhere"}, "nowhere"),
        ({"CURRENCY": "bitcoin"}, "CURRENCY"),
    ],
    ids=str,
)
def test_a_bad_variable_is_named(environ: Mapping[str, str], named: str) -> None:
    assert named in rejection(**environ)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.5", "shop.example", "::2"])
def test_with_the_development_key_only_this_machine_is_served(host: str) -> None:
    assert "API_KEY" in rejection("--host", host, "--advertise", "shop.example")
    assert settings_from("--host", host, "--advertise", "shop.example", **OWN_KEY).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
def test_the_development_key_is_taken_on_loopback(host: str) -> None:
    assert settings_from("--host", host).on_loopback


def test_with_the_development_key_no_other_name_can_be_advertised() -> None:
    assert "API_KEY" in rejection("--advertise", "shop.example")
    assert settings_from("--advertise", "shop.example", **OWN_KEY).advertise == "shop.example"
    assert settings_from("--advertise", "localhost").advertise == "localhost"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_listening_on_every_address_needs_an_advertised_host(host: str) -> None:
    assert "--advertise" in rejection("--host", host, **OWN_KEY)


@pytest.mark.parametrize(
    ("argv", "url"),
    [
        ([], "http://127.0.0.1:80"),
        (["--host", "::1"], "http://[::1]:80"),
        (["--advertise", "shop.example"], "http://shop.example:80"),
        (["--advertise", "2001:db8::1"], "http://[2001:db8::1]:80"),
    ],
    ids=str,
)
def test_a_service_tells_others_the_url_it_is_reached_by(argv: list[str], url: str) -> None:
    assert settings_from(*argv, **OWN_KEY).url(80) == url


def test_the_registry_has_no_registry() -> None:
    with pytest.raises(SettingsError, match="--registry"):
        settings_from("--registry", "http://127.0.0.1:1", service="registry")


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "x", "", "1e10"])
def test_a_time_is_positive_and_finite(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="seconds above 0"):
        seconds(text)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *(("127.0.0.1.evil.example", False), ("localhost.evil.example", False)),
        *(("2130706433", False), ("0x7f.1", False), ("127.1", False), ("", False)),
        *(("[::1]", True), ("::ffff:8.8.8.8", False), ("localhost.", False)),
    ],
)
def test_what_only_looks_like_loopback_is_not(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_settings_cannot_be_changed() -> None:
    settings: Any = settings_from()
    with pytest.raises(AttributeError):
        settings.port = 1
