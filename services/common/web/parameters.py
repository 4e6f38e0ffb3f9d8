"""Reads a request: typed parameters from its query string or its body, and ids from its path."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import msgspec
from aiohttp import web

from ..core import wire
from ..core.errors import (
    Invalid,
    Malformed,
    NotFound,
    PayloadTooLarge,
    RequestTimeout,
    UnsupportedMediaType,
)
from ..core.query import parse_query
from .keys import SETTINGS
from .request import BODY_LIMIT, Request

CODINGS = ("gzip", "deflate")
"""How a body may be packed; its limit is that of what is in it."""


def unknown_coding() -> UnsupportedMediaType:
    """That a body is packed in a way that is not known here."""
    return UnsupportedMediaType(
        "A body is packed as gzip or deflate, or not at all",
        headers={"Accept-Encoding": ", ".join(CODINGS)},
    )


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"A request body may have {limit} bytes")


async def read_body(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """The whole body, of at most `limit` bytes.

    Raises PayloadTooLarge, UnsupportedMediaType, RequestTimeout, Malformed.
    """
    if not request.can_read_body:
        return b""
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    coding = request.headers.get("Content-Encoding", "identity")
    if coding.lower() not in ("identity", *CODINGS):
        raise unknown_coding()
    seconds = request.app[SETTINGS].body_seconds
    try:
        if request.content.is_eof():  # usually all of it has come with the header
            body = request.content.read_nowait()
            if len(body) > limit:
                raise _too_large(limit)
            return body
        async with asyncio.timeout(seconds):
            return await request.read(limit)
    except web.HTTPRequestEntityTooLarge:
        raise _too_large(limit) from None
    except TimeoutError:
        raise RequestTimeout(f"The body did not arrive within {seconds:g} s") from None
    except web.RequestPayloadError:
        raise Malformed("The body cannot be read: its chunks or its packing are broken") from None


def parse_parameters(
    request: web.Request, body: bytes, shape: type[msgspec.Struct], *, takes_query: bool
) -> msgspec.Struct:
    """The parameters of a request, from its query string or its JSON body, but not from both.

    Raises Malformed, UnsupportedMediaType, Invalid.
    """
    if body and request.method in ("GET", "HEAD"):
        raise Invalid(f"A {request.method} takes no body")
    value: Any = _parse_json_body(request, body) if body else {}
    query = request.query
    if len(set(query)) != len(query):
        raise Invalid("A query parameter is there twice")
    if query and not takes_query:
        raise Invalid(f"Unknown query parameter {next(iter(query))}")
    if query and body:
        raise Invalid("Parameters come in the query string or in the body, not in both")
    if query:
        value = parse_query(query, shape)
    return wire.build(value, shape, request.app[SETTINGS].currency)


def _parse_json_body(request: web.Request, body: bytes) -> Any:
    if request.content_type != "application/json":
        raise UnsupportedMediaType("The body must be JSON, with Content-Type: application/json")
    try:
        charset = (request.charset or "utf-8").lower()
    except ValueError:
        charset = "unreadable"
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType("JSON is UTF-8 here")
    return wire.parse_json(body)


def path_id(request: web.Request, name: str, code: str, detail: str) -> int:
    """A positive integer from the path. Raises NotFound if it is none; `detail` takes the text."""
    text = request.match_info[name]
    if re.fullmatch(r"[1-9][0-9]{0,18}", text) and int(text) <= wire.MAX_INTEGER:
        return int(text)
    raise NotFound(detail.format(text[:40]), code=code)


def path_uuid(request: web.Request, name: str, code: str, detail: str) -> str:
    """A UUID from the path, in lower case. Raises NotFound as `path_id` does."""
    text = request.match_info[name]
    try:
        return str(msgspec.convert(text.lower(), wire.Uuid))
    except msgspec.ValidationError:
        raise NotFound(detail.format(text[:40]), code=code) from None
