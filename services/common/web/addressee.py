"""What is settled about a request before its route: by which name it came, and whether it is meant
for this service.
"""

from __future__ import annotations

import re

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
        named = _NAME_AND_PORT.fullmatch(host)
        if named is None or not is_loopback(named[1].lower()):
            raise Forbidden(
                "With the development key only localhost, 127.0.0.1 and [::1] are hosts; set"
                " API_KEY to a secret of your own to be reached by other names",
                code="host_not_allowed",
            )
