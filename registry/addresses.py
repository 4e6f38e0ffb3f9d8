"""Checks the addresses of instances: a plain http(s)://host:port on an allowed host."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

from services.common.core.errors import Invalid
from services.common.core.settings import is_loopback


def allowed_address(url: str, allowed_hosts: Collection[str]) -> str:
    """`url` in one normal form, so that two instances at the same address can be recognised.

    Raises Invalid (`url_not_allowed`) unless it is http(s)://host:port on loopback or on one of
    `allowed_hosts` (in lower case).
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), None
    host = parts.hostname
    rest = (parts.username, parts.password, parts.query, parts.fragment, parts.path.strip("/"))
    if parts.scheme not in ("http", "https") or not host or not port or any(rest):
        raise Invalid("url: expected http(s)://host:port", code="url_not_allowed")
    if not is_loopback(host) and host not in allowed_hosts:
        raise Invalid(
            f"url: {host} is not an allowed host; see --allow-host", code="url_not_allowed"
        )
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"
