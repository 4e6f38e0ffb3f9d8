"""What is settled about a request outside its route: whether it is meant for this service, and
which methods its path takes.
"""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from ..core.errors import MethodNotAllowed
from .lifecycle import LIFECYCLE


@web.middleware
async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serve what is meant for this service of this shop. Another service may not have the path, and
    its 404 would be taken for an answer.
    """
    request.app[LIFECYCLE].check_addressee(request)
    try:
        return await handler(request)
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted({*error.allowed_methods, "OPTIONS"}))
        if request.method == "OPTIONS":
            return web.Response(status=204, headers={"Allow": allowed})
        raise MethodNotAllowed(f"This takes {allowed}", headers={"Allow": allowed}) from None
