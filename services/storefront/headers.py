"""Which headers of a request are passed on to a service, and which of its answer are passed back.

All, except those that concern one connection (RFC 9110, section 7.6.1) and those that are made new.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from aiohttp import web
from multidict import CIMultiDict

from services.common.core.errors import Malformed, Unauthorized

PREFIX = "/api"
CREDENTIALS = ("X-API-Key", "Authorization")
"""The headers that say who is calling."""

_OF_A_CONNECTION = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_NOT_ONWARD = _OF_A_CONNECTION | {
    # Bodies are decompressed here, in both directions.
    "accept-encoding",
    "content-encoding",
    "cookie",  # a browser also sends the cookies of other programs on this host
    "expect",
    "host",
    "tuckshop-service",
    "tuckshop-shop",
    # The transport sets these for the current request, with a new span id.
    "traceparent",
    "x-request-id",
}
_NOT_BACK = _OF_A_CONNECTION | {"content-encoding", "date"}
_PATH_IN_LINK = re.compile(r"<(/(?!/))")


def forwarded_target(request: web.Request) -> str:
    """The path as the service knows it, and the query string unchanged."""
    url = request.rel_url
    path = url.raw_path.removeprefix(PREFIX)
    return f"{path}?{url.raw_query_string}" if url.raw_query_string else path


def forwarded_headers(request: web.Request) -> CIMultiDict[str]:
    """A request's headers for the service. Raises Malformed for what cannot be sent on as it is,
    and Unauthorized if `Connection` names the credential: then it is not for the service.
    """
    onward = _without(_NOT_ONWARD, request.headers)
    if any(name in request.headers and name not in onward for name in CREDENTIALS):
        raise Unauthorized
    try:
        "".join(onward.values()).encode()
    except UnicodeEncodeError:
        raise Malformed("A header is not valid UTF-8") from None
    onward["Accept-Encoding"] = "identity"
    return onward


def returned_headers(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """An answer's headers for the caller, with paths in them changed to those of the gateway."""
    back = _without(_NOT_BACK, headers)
    location = back.get("Location", "")
    if location.startswith("/") and not location.startswith("//"):
        back["Location"] = PREFIX + location
    for link in back.popall("Link", []):
        back.add("Link", _PATH_IN_LINK.sub(rf"<{PREFIX}\1", link))
    return back


def _without(dropped: Collection[str], headers: Mapping[str, str]) -> CIMultiDict[str]:
    kept = CIMultiDict(headers)
    named = ",".join(kept.getall("Connection", [])).lower().split(",")
    for name in (*dropped, *(each.strip() for each in named)):
        kept.popall(name, None)
    return kept
