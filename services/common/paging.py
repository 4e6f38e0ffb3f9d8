"""Lists in pages: `limit`, an opaque `after`, and `Link: <…>; rel="next"` (RFC 8288)."""

from __future__ import annotations

import base64
from typing import Annotated, Any, TypeVar

import msgspec
from aiohttp import web

from . import wire
from .errors import Invalid

T = TypeVar("T")

Limit = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Cursor = Annotated[str, msgspec.Meta(max_length=1000)]
Place = Annotated[int, msgspec.Meta(ge=0, le=wire.LARGEST_INTEGER)]
"""A number in a cursor; a forged one may be larger than the database can hold."""


class Page(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The part of a list that is asked for; a list's own query adds its filters."""

    limit: Limit = 100
    after: Cursor | None = None


def encode_cursor(place: Any) -> str:
    """The opaque form of the place after which the next page begins."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def decode_cursor(text: str, shape: type[T]) -> T:
    """The place that `encode_cursor` was given. Raises Invalid for anything else."""
    try:
        padded = text + "=" * (-len(text) % 4)
        return msgspec.json.decode(base64.urlsafe_b64decode(padded.encode()), type=shape)
    except (ValueError, msgspec.MsgspecError):
        raise Invalid("after: this is no place in this list; take it from a Link header") from None


def next_link(request: web.Request, next_after: str | None) -> dict[str, str]:
    """The `Link` header to the next page, if there is one."""
    if next_after is None:
        return {}
    # Relative to the request, so that it holds behind a gateway as well.
    query = request.rel_url.update_query(after=next_after).raw_query_string
    return {"Link": f'<?{query}>; rel="next"'}


def page_response(request: web.Request, things: list[Any], next_after: str | None) -> web.Response:
    """One page as a JSON array; `next_after` is the cursor of the next, if there is one."""
    return web.json_response(body=wire.encode(things), headers=next_link(request, next_after))
