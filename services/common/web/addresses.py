"""From which address a request came: the connection's, or what a trusted proxy says of it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from aiohttp import web

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

TRUSTED_PROXIES: web.AppKey[Sequence[Network]] = web.AppKey("trusted_proxies", Sequence)
"""The networks whose word about an address is believed."""

_FORWARDED_FOR = re.compile(r'(?:^|;)\s*for\s*=\s*("[^"]*"|[^;"\s]*)', re.IGNORECASE)
_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]*)\](?::\d+)?|(?P<v4>[0-9.]+):\d+")


def read_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks in CIDR notation, or addresses. Raises ValueError, which names what is neither."""
    return tuple(ipaddress.ip_network(text) for text in texts)


def address_of(request: web.Request) -> str:
    """Whose request it is, as far as an address tells: an IPv4 address, or a /64 of IPv6.

    Behind a trusted proxy it is the last hop of `X-Forwarded-For` or `Forwarded` that is no trusted
    proxy itself. Where both headers are there and do not agree, the proxy has passed one of them
    on as the caller wrote it, and its own address counts.
    """
    remote = request.remote or ""
    trusted = request.app[TRUSTED_PROXIES]
    if not trusted:
        return network_of(remote)
    told = {_last_untrusted(remote, hops, trusted) for hops in _paths(request)}
    return network_of(told.pop() if len(told) == 1 else remote)


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """Whose address it is, as far as one can tell: with IPv6 everybody has 2^64 of them."""
    ip = _parsed(address)
    if ip is None:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else str(ip)


def _paths(request: web.Request) -> Iterator[list[str]]:
    """The hops that each header tells, the caller's own first."""
    if plain := request.headers.getall("X-Forwarded-For", []):
        yield ",".join(plain).split(",")
    if forwarded := request.headers.getall("Forwarded", []):
        elements = ",".join(forwarded).split(",")
        yield [match[1] if (match := _FORWARDED_FOR.search(each)) else "" for each in elements]


def _last_untrusted(remote: str, hops: Sequence[str], trusted: Sequence[Network]) -> str:
    """The hop nearest to us that is no trusted proxy; one that cannot be read is not believed."""
    nearest = remote
    for hop in (remote, *reversed(hops)):
        ip = _parsed(_without_port(hop))
        if ip is None:
            return nearest
        nearest = str(ip)
        if not any(ip in network for network in trusted if network.version == ip.version):
            return nearest
    return nearest


def _without_port(hop: str) -> str:
    bare = hop.strip().strip('"')
    match = _WITH_PORT.fullmatch(bare)
    return (match["v6"] or match["v4"] or "") if match else bare


def _parsed(address: str) -> Address | None:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip
