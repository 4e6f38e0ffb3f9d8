"""What is settled about a request before its path is looked at."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler

from .lifecycle import LIFECYCLE


@web.middleware
async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serve what is meant for this service of this shop. Another service may not have the path, and
    its 404 would be taken for an answer.
    """
    request.app[LIFECYCLE].check_addressee(request)
    return await handler(request)
