"""What is settled about a request before its route: by which name it came, and whether it is meant
for this service.
"""

from __future__ import annotations

import re
from functools import lru_cache

from aiohttp import web

from ..core.errors import Forbidden
from ..core.settings import is_loopback
from .keys import SETTINGS
from .lifecycle import LIFECYCLE

_NAME_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]*)?")


def require_addressee(request: web.Request) -> None:
    """Raise Forbidden or Misdirected unless a request is meant for this service of this shop.

    It is looked at before the path: another service may not have it, and its 404 would be taken for
    an answer.
    """
    if request.app[SETTINGS].uses_development_key:
        _check_host(request)
    request.app[LIFECYCLE].check_addressee(request)


def _check_host(request: web.Request) -> None:
    """Raise Forbidden unless the caller knows this machine by a name of its own.

    A page of another site can have its own name lead here (DNS rebinding), and then it may read
    what this service answers. It knows the development key.
    """
    for host in request.headers.getall("Host", []):
        if not _is_this_machine(host):
            raise Forbidden(
                "With the development key only localhost, 127.0.0.1 and [::1] are hosts; set"
                " API_KEY to a secret of your own to be reached by other names",
                code="host_not_allowed",
            )


@lru_cache(maxsize=64)
def _is_this_machine(host: str) -> bool:
    """Whether a `Host` is a name of this machine's own."""
    named = _NAME_AND_PORT.fullmatch(host)
    return named is not None and is_loopback(named[1].lower())
