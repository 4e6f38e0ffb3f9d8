"""What of a request goes on to a service, and what of its answer comes back.

All headers do, but those that are about one connection (RFC 9110, section 7.6.1) or are made anew.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from aiohttp import web
from multidict import CIMultiDict

from services.common.errors import Malformed

PREFIX = "/api"

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
    # The body is unpacked here, both ways.
    "accept-encoding",
    "content-encoding",
    "cookie",  # a browser sends those of everything else on this host
    "expect",
    "host",
    "tuckshop-service",
    "tuckshop-shop",
    # As they were taken or made for this request, and with a span of our own.
    "traceparent",
    "x-request-id",
}
_NOT_BACK = _OF_A_CONNECTION | {"content-encoding", "date"}
_PATH_IN_LINK = re.compile(r"<(/(?!/))")


def target_onward(request: web.Request) -> str:
    """The path that the service knows, and the query string just as it came."""
    url = request.rel_url
    path = url.raw_path.removeprefix(PREFIX)
    return f"{path}?{url.raw_query_string}" if url.raw_query_string else path


def headers_onward(request: web.Request) -> CIMultiDict[str]:
    """A request's headers for the service. Raises Malformed for what cannot be sent on as it is."""
    onward = _without(_NOT_ONWARD, request.headers)
    try:
        "".join(onward.values()).encode()
    except UnicodeEncodeError:
        raise Malformed("A header is not valid UTF-8") from None
    onward["Accept-Encoding"] = "identity"
    return onward


def headers_back(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """An answer's headers for the caller: the places that they name are behind the gateway, too."""
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
