"""`GET /events`: what happens in the registry, live, as server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from services.common import wire
from services.common.routing import Nothing
from services.common.tracing import current_request_id

from .board import BOARD, Stream

PAUSE_SECONDS = 15.0
"""A silence after which a stream says that it is still there."""
PATIENCE_SECONDS = 5.0
"""What a reader may take to make room for more; then its stream is cut."""


async def stream_events(request: web.Request, _parameters: Nothing) -> web.StreamResponse:
    """What happens, live, as server-sent events named for what it is."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            "X-Request-ID": current_request_id(),
        }
    )
    with request.app[BOARD].stream() as stream:
        await response.prepare(request)
        try:
            text = ": from now on\n\n"
            while text:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await response.write(text.encode())
                text = await _next_text(stream)
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            pass  # the reader has left
    return response


async def _next_text(stream: Stream) -> str:
    """The next event as it is sent, or a comment after a silence; empty at the end."""
    try:
        async with asyncio.timeout(PAUSE_SECONDS):
            event = await stream.get()
    except TimeoutError:
        return ": still here\n\n"
    return f"event: {event.what}\ndata: {wire.encode(event).decode()}\n\n" if event else ""
