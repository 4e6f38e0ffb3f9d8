"""Lists in pages: `limit`, an opaque `after`, and `Link: <…>; rel="next"` (RFC 8288)."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from aiohttp import web

from ..core import wire
from ..core.errors import Invalid

T = TypeVar("T")

PAGE_BYTES = 256 * 1024
"""A page ends at its `limit` or at so much JSON, whichever comes first."""

Limit = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Cursor = Annotated[
    str,
    wire.like(r"^[A-Za-z0-9_-]+\Z", "a place in this list; take it from a Link header"),
    msgspec.Meta(min_length=1, max_length=1000),
]
CursorNumber = Annotated[int, msgspec.Meta(ge=0, le=wire.MAX_INTEGER)]
"""A number in a cursor; bounded, because a forged one may be too large for the database."""


class Page(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The part of a list that a request asks for; each list's query type adds its filters."""

    limit: Limit = 100
    after: Cursor | None = None


def encode_cursor(place: Any) -> str:
    """The opaque form of a place in a list, after which the next page begins."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def decode_cursor(text: str, shape: type[T]) -> T:
    """The place in a cursor that `encode_cursor` made. Raises Invalid for any other text."""
    try:
        padded = text + "=" * (-len(text) % 4)
        return msgspec.json.decode(base64.urlsafe_b64decode(padded.encode()), type=shape)
    except (ValueError, msgspec.MsgspecError):
        raise Invalid(
            "after: this is no place in this list; take it from a Link header",
            code="invalid_cursor",
        ) from None


def next_link(request: web.Request, next_after: str | None) -> dict[str, str]:
    """The `Link` header to the next page, if there is one."""
    if next_after is None:
        return {}
    # Absolute, for clients that do not resolve it; a gateway puts its own path in front.
    url = request.rel_url.update_query(after=next_after)
    return {"Link": f'<{url.raw_path_qs}>; rel="next"'}


def page_response(request: web.Request, things: list[Any], next_after: str | None) -> web.Response:
    """One page as a JSON array; `next_after` is the cursor of the next, if there is one."""
    return web.json_response(body=wire.encode(things), headers=next_link(request, next_after))


def has_room(sizes: Sequence[int]) -> bool:
    """Whether a page has room for things that take so many bytes each. It always has for one."""
    return len(sizes) <= 1 or sum(sizes) + len(sizes) * len(",") <= PAGE_BYTES - len("[]")


def fill_page(
    rows: Iterable[Any],
    limit: int,
    show: Callable[[Any], T],
    size_of: Callable[[T], int] = lambda thing: len(wire.encode(thing)),
) -> tuple[list[T], Any]:
    """What `show` makes of the rows that have room in one page, and the last of these rows, or None
    if no row comes after it. There is always room for one. `size_of` tells the bytes of its JSON.

    `rows` is read no further than the page goes, and one row more: give it a cursor.
    """
    things: list[T] = []
    last = None
    room = PAGE_BYTES - len("[]")
    for row in rows:
        thing = show(row)
        room -= size_of(thing) + len(",")
        if things and (len(things) == limit or room < 0):
            return things, last
        things.append(thing)
        last = row
    return things, None


def newest_first(
    conn: sqlite3.Connection,
    table: str,
    page: Page,
    show: Callable[[sqlite3.Row], T],
    **filters: str | None,
) -> tuple[list[T], str | None]:
    """One page of what `show` makes of a table's rows, the highest `number` first, and the cursor
    of the next page if there is one. A filter that is None does not filter. Raises Invalid for a
    bad cursor.
    """
    values: dict[str, str | int] = {
        f"{column} = ?": wanted for column, wanted in filters.items() if wanted is not None
    }
    if page.after is not None:
        values["number < ?"] = decode_cursor(page.after, CursorNumber)
    rows = conn.execute(
        f"SELECT * FROM {table} WHERE {' AND '.join(values) or 'TRUE'}"  # noqa: S608  our own names
        " ORDER BY number DESC LIMIT ?",
        (*values.values(), page.limit + 1),
    )
    things, last = fill_page(rows, page.limit, show)
    return things, None if last is None else encode_cursor(last["number"])
