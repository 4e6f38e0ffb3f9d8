"""Conditional requests (RFC 9110, section 13): `If-None-Match` to read, `If-Match` to edit."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from aiohttp import web

_VERSION = re.compile(r'("?)([0-9]{1,18})(?:-[0-9]+)?\1')


def cacheable(
    request: web.Request,
    body: bytes,
    etag: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """`body` as JSON with its ETag (a digest unless given), or 304 if the caller has it already."""
    etag = etag or digest_of(body)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", **(headers or {})}
    known = [tag.strip().removeprefix("W/") for tag in _tags(request, "If-None-Match")]
    if etag in known or known == ["*"]:
        return web.Response(status=304, headers=headers)
    return web.json_response(body=body, headers=headers)


def digest_of(body: bytes) -> str:
    """The ETag of a body that has no version of its own."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def matched_versions(request: web.Request) -> list[int] | None:
    """The versions of a product that `If-Match` allows to edit; None if it allows any.

    A tag is a product's ETag (`"3-97"`: version and stock) or the version alone, with or without
    quotes.
    """
    tags = _tags(request, "If-Match")
    if not tags or tags == ["*"]:
        return None
    return [int(match[2]) for tag in tags if (match := _VERSION.fullmatch(tag.strip()))]


def _tags(request: web.Request, header: str) -> list[str]:
    text = ",".join(request.headers.getall(header, []))
    return text.split(",") if text.strip() else []
