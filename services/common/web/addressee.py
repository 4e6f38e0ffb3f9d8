"""What is settled about a request outside its route: by which name it came, whether it is meant for
this service, and which methods its path takes.
"""

from __future__ import annotations

import re

from aiohttp import web
from aiohttp.typedefs import Handler

from ..core.errors import Forbidden, MethodNotAllowed
from ..core.settings import is_loopback
from .keys import SETTINGS
from .lifecycle import LIFECYCLE

_NAME_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]*)?")


@web.middleware
async def require_addressee(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serve what is meant for this service of this shop. Another service may not have the path, and
    its 404 would be taken for an answer.
    """
    if request.app[SETTINGS].uses_development_key:
        _check_host(request)
    request.app[LIFECYCLE].check_addressee(request)
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted({*error.allowed_methods, "OPTIONS"}))
        if request.method == "OPTIONS":
            return web.Response(status=204, headers={"Allow": allowed})
        raise MethodNotAllowed(f"This takes {allowed}", headers={"Allow": allowed}) from None


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
