"""The request that is being served, and the headers that carry its ids to the next service.

`X-Request-ID` is for people; `traceparent` is W3C Trace Context, https://www.w3.org/TR/trace-context/.
"""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:@/+=-]{1,128}")
_TRACEPARENT = re.compile(
    r"00-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-(?P<flags>[0-9a-f]{2})"
)


def _random_hex(size: int) -> str:
    """So many random bytes; nobody has to be kept from guessing them."""
    return random.randbytes(size).hex()  # noqa: S311


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The ids of one request: the caller's, or made here."""

    request_id: str
    trace_id: str
    trace_flags: str = "00"

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> RequestContext:
        """Take the caller's ids where they are well-formed, and make what is missing."""
        request_id = headers.get("X-Request-ID", "")
        if not _REQUEST_ID.fullmatch(request_id):
            request_id = str(uuid.uuid4())
        trace = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
        if trace is None:
            return cls(request_id, _random_hex(16))
        return cls(request_id, trace["trace"], trace["flags"])

    def onward_headers(self) -> dict[str, str]:
        """The headers of a call to a peer: the same request and trace ids, and a new span id."""
        span = _random_hex(8)
        return {
            "X-Request-ID": self.request_id,
            "traceparent": f"00-{self.trace_id}-{span}-{self.trace_flags}",
        }


_current: ContextVar[RequestContext | None] = ContextVar("request", default=None)


def current_request() -> RequestContext | None:
    """The request that this task serves, if it serves one."""
    return _current.get()


def current_request_id() -> str:
    """The id of the request that this task serves, or a new one if it serves none."""
    request = _current.get()
    return request.request_id if request else str(uuid.uuid4())


def enter_request(context: RequestContext) -> None:
    """Make `context` the current request of this task and of what it starts."""
    _current.set(context)


def onward_headers() -> Mapping[str, str]:
    """The headers for a call to a peer; none if no request is being served."""
    request = _current.get()
    return request.onward_headers() if request else {}
