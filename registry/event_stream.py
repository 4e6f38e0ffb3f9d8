"""`GET /events`: the events of the registry as they happen, as server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from services.common.core import wire
from services.common.core.tracing import current_request_id

from .hub import HUB, Stream

PAUSE_SECONDS = 15.0
"""After a silence this long, a stream sends a comment to show that it is open."""
PATIENCE_SECONDS = 5.0
"""How long a slow reader may block one write; then its stream is cut."""


async def stream_events(request: web.Request) -> web.StreamResponse:
    """The events as they happen, as server-sent events."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            "X-Request-ID": current_request_id(),
        }
    )
    if request.method == "HEAD":
        return response
    with request.app[HUB].stream() as stream:
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
    """The text of the next event, or a comment after a silence; empty when the stream ends."""
    try:
        async with asyncio.timeout(PAUSE_SECONDS):
            event = await stream.get()
    except TimeoutError:
        return ": still here\n\n"
    return f"event: {event.what}\ndata: {wire.encode(event).decode()}\n\n" if event else ""
