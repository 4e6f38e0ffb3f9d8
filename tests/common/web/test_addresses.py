"""Whose request it is: the connection's address, or what a trusted proxy says."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from services.common.web.addresses import (
    TRUSTED_PROXIES,
    address_of,
    network_of,
    read_networks,
)

PROXIES = ("10.0.0.0/8", "192.0.2.7", "fd00::/8")


def address(
    remote: str, headers: dict[str, str] | list[tuple[str, str]], trusted: Any = PROXIES
) -> str:
    app = web.Application()
    app[TRUSTED_PROXIES] = read_networks(trusted)
    transport = mock.Mock()
    transport.get_extra_info.side_effect = lambda name, *_: (
        (remote, 1) if name == "peername" else None
    )
    return address_of(
        make_mocked_request("GET", "/", CIMultiDict(headers), app=app, transport=transport)
    )


def test_without_a_trusted_proxy_only_the_connection_is_believed() -> None:
    for name, told in (("X-Forwarded-For", "8.8.8.8"), ("Forwarded", "for=8.8.8.8")):
        assert address("10.0.0.1", {name: told}, trusted=()) == "10.0.0.1"
        assert address("203.0.113.9", {name: told}) == "203.0.113.9"


@pytest.mark.parametrize(
    ("told", "whose"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("1.1.1.1, 8.8.8.8", "8.8.8.8"),
        ("1.1.1.1, 8.8.8.8, 10.1.2.3", "8.8.8.8"),
        ("8.8.8.8,192.0.2.7 , 10.1.2.3", "8.8.8.8"),
        ("10.9.9.9, 10.1.2.3", "10.9.9.9"),
        ("8.8.8.8:4711", "8.8.8.8"),
        ("2001:db8::1", "2001:db8::/64"),
        ("[2001:db8::1]:4711", "2001:db8::/64"),
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("8.8.8.8, nonsense", "10.0.0.1"),
        ("8.8.8.8, , 10.1.2.3", "10.1.2.3"),
        ("", "10.0.0.1"),
    ],
)
def test_the_last_hop_that_is_no_trusted_proxy_is_the_address(told: str, whose: str) -> None:
    assert address("10.0.0.1", {"X-Forwarded-For": told}) == whose


@pytest.mark.parametrize(
    ("told", "whose"),
    [
        ("for=8.8.8.8", "8.8.8.8"),
        ('For="8.8.8.8:80";proto=https;by=10.1.1.1', "8.8.8.8"),
        ('proto=https; for="[2001:db8::1]:80", for=10.1.2.3', "2001:db8::/64"),
        ("for=1.1.1.1, for=8.8.8.8", "8.8.8.8"),
        ("for=8.8.8.8, for=unknown", "10.0.0.1"),
        ("for=8.8.8.8, by=10.1.1.1", "10.0.0.1"),
    ],
)
def test_forwarded_is_read_the_same_way(told: str, whose: str) -> None:
    assert address("10.0.0.1", {"Forwarded": told}) == whose


def test_a_header_that_is_there_twice_is_one_path() -> None:
    headers = [("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-For", "8.8.8.8")]
    assert address("10.0.0.1", headers) == "8.8.8.8"


def test_two_headers_that_do_not_agree_are_both_not_believed() -> None:
    agreeing = {"X-Forwarded-For": "8.8.8.8", "Forwarded": "for=8.8.8.8"}
    assert address("10.0.0.1", agreeing) == "8.8.8.8"
    assert address("10.0.0.1", {**agreeing, "Forwarded": "for=9.9.9.9"}) == "10.0.0.1"
    assert address("10.0.0.1", {**agreeing, "X-Forwarded-For": "9.9.9.9"}) == "10.0.0.1"


def test_the_addresses_of_one_network_are_counted_together() -> None:
    assert network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("2001:db8::1") == network_of("2001:db8::2:3:4:5")
    assert network_of("2001:db8::1") != network_of("2001:db8:0:1::1")
    assert network_of("fe80::1%eth0") == network_of("fe80::2%eth0")
    assert network_of("") == ""
