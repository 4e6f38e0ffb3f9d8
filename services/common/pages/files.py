"""Serves web pages from the files of a folder. Browsers keep a file for as long as it does not
change; the content policy allows nothing inline and nothing from elsewhere.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from aiohttp import web

from ..core.errors import NotFound
from ..web.routing import ROUTE, Access, Handler, Route

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
SHARED = Path(__file__).parent / "shared"
"""The files that the pages of several services share."""
VENDOR = Path(__file__).parent / "vendor"
"""Files that others have written, each package in a folder with its version and licence."""

_TEXT_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
_OTHER_TYPES = {".png": "image/png", ".webp": "image/webp", ".woff2": "font/woff2"}
_NAME = re.compile(r"(?:[\w-][\w.-]*/)*[\w-][\w.-]*", re.ASCII)
"""No segment begins with a dot, so that no name leads out of the folder or to a hidden file."""
_TAKES_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")
_WORTH_GZIP = 1000


@dataclass(frozen=True)
class File:
    """A file as it is sent; `gzipped` is None if compressing it is not worth it."""

    body: bytes
    gzipped: bytes | None
    media_type: str
    etag: str


async def send_file(
    request: web.Request, folder: Path, name: str, *, status: int = 200, policy: str = POLICY
) -> web.Response:
    """The file `name` below `folder`, or 304 in place of a 200 if the caller has it already.

    Raises NotFound if there is no such file, or it is not of a kind that pages are made of.
    """
    file = await asyncio.to_thread(_find, folder, name)
    headers = {
        # Checked at each use: a page must never run with a script of another version.
        "Cache-Control": "no-cache",
        "ETag": f'W/"{file.etag}"',
        "Vary": "Accept-Encoding",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",
    }
    if status == 200 and file.etag in {known.value for known in request.if_none_match or ()}:
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = file.media_type
    if file.gzipped and _TAKES_GZIP.search(request.headers.get("Accept-Encoding", "")):
        headers["Content-Encoding"] = "gzip"
        return web.Response(status=status, body=file.gzipped, headers=headers)
    return web.Response(status=status, body=file.body, headers=headers)


def reads_pages(request: web.Request) -> bool:
    """Whether the caller is a browser that would show a page."""
    return "text/html" in request.headers.get("Accept", "")


async def _always(_request: web.Request) -> bool:
    return True


def page_routes(
    folder: Path,
    views: Sequence[str],
    is_there: Callable[[web.Request], Awaitable[bool]] = _always,
    unlisted: Sequence[str] = (),
) -> list[Route]:
    """The routes of a page: the `index.html` of `folder` at the path of each view, the page's own
    files below `/assets/`, and the files that pages share below `/shared/` and `/vendor/`.

    Where what a view is about is not there, a browser gets the page all the same, as a 404. The
    path of an `unlisted` view is a secret: no search engine is to have it, and no other request.
    """

    async def page(request: web.Request, _body: Any) -> web.Response:
        """The page."""
        there = await is_there(request)
        if not there and not reads_pages(request):
            raise NotFound("There is no such page")
        response = await send_file(request, folder, "index.html", status=200 if there else 404)
        if request[ROUTE].path in unlisted:
            secret = {"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
            response.headers.update(secret)
        return response

    folders = {"assets": folder, "shared": SHARED, "vendor": VENDOR}
    return [
        # What names a thing may have to be asked for: such pages are bounded as calls are.
        *(Route("GET", view, page, Access.PUBLIC, raw=True, counted="{" in view) for view in views),
        *(
            Route("GET", f"/{place}/{{file:.+}}", _files(root), Access.PUBLIC, raw=True)
            for place, root in folders.items()
        ),
    ]


def _files(folder: Path) -> Handler:
    async def file(request: web.Request, _body: Any) -> web.Response:
        """A file of the page."""
        return await send_file(request, folder, request.match_info["file"])

    return file


def _find(folder: Path, name: str) -> File:
    path = folder / name
    known_type = path.suffix in _TEXT_TYPES or path.suffix in _OTHER_TYPES
    if not (known_type and _NAME.fullmatch(name) and path.is_file()):
        raise NotFound("There is no such file")
    return _load(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _load(path: Path, _changed_at: int) -> File:
    body = path.read_bytes()
    etag = hashlib.sha256(body).hexdigest()[:32]
    if path.suffix in _OTHER_TYPES:
        return File(body, None, _OTHER_TYPES[path.suffix], etag)
    gzipped = gzip.compress(body, mtime=0) if len(body) >= _WORTH_GZIP else None
    return File(body, gzipped, f"{_TEXT_TYPES[path.suffix]}; charset=utf-8", etag)
