"""What can go wrong with a call, as one small tree that says what may be concluded from it.

ShopError
├── InvalidRequest        400, 413, 415, 422 and other 4xx: the request itself is wrong
├── AuthenticationError   401: the key is missing, wrong or expired
├── PermissionDenied      403: the key is right, but not for this
├── NotFound              404
├── Conflict              409, 412: the thing is not in a state that allows it
├── RateLimited           429: nothing was done
├── Unavailable           503, other 5xx, no connection, no instance: not done, as far as known
└── OutcomeUnknown        504, or no answer to what was sent: it may have been done
"""

import math
from collections.abc import Mapping
from typing import Any

import msgspec


class ShopError(Exception):
    """Base of everything that the client raises for a call.

    `status` is the HTTP status, or None where no answer came. `code` is the stable name of what is
    wrong ("" where the answer had none) and `detail` one sentence for people. `request_id` finds
    the request in the logs. `problem`, `headers` and `body` are the answer as it came.
    `maybe_done` tells that this call, in one attempt or another, may have been carried out.
    """

    def __init__(
        self,
        detail: str,
        *,
        status: int | None = None,
        code: str = "",
        request_id: str | None = None,
        problem: dict[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        maybe_done: bool = False,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status
        self.code = code
        self.request_id = request_id
        self.problem = problem or {}
        self.headers = headers or {}
        self.body = body
        self.maybe_done = maybe_done

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Each thing that is wrong, where the service named several."""
        found = self.problem.get("errors")
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    @property
    def retry_after(self) -> float | None:
        """Seconds that the service asks to be left alone for, or None where it did not say."""
        return retry_after(self.headers)

    @property
    def is_refusal(self) -> bool:
        """Whether the thing itself was refused, so that the same request meets the same answer."""
        refusals = (InvalidRequest, NotFound, Conflict)
        return isinstance(self, refusals) and self.code != "request_in_progress"

    def __str__(self) -> str:
        name = " ".join(str(part) for part in (self.status, self.code) if part)
        text = f"{name}: {self.detail}" if name else self.detail
        return f"{text} (request {self.request_id})" if self.request_id else text

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(status={self.status}, code={self.code!r}, "
            f"detail={self.detail!r}, request_id={self.request_id!r})"
        )


class InvalidRequest(ShopError):
    """The request is malformed, too large, of the wrong type, or holds invalid values."""


class AuthenticationError(ShopError):
    """The API key or token is missing, wrong or expired."""


class PermissionDenied(ShopError):
    """The key does not allow this call."""


class NotFound(ShopError):
    """There is no such thing, or it is somebody else's."""


class Conflict(ShopError):
    """The thing is not in a state, or not at the version, that allows the call."""


class RateLimited(ShopError):
    """Too many calls. Nothing was done."""


class Unavailable(ShopError):
    """No service could take the call. Nothing is known to have been done."""


class OutcomeUnknown(ShopError):
    """The call was sent and its outcome is not known. Repeat it with the same key to find out."""


_BY_STATUS: dict[int, type[ShopError]] = {
    401: AuthenticationError,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    421: Unavailable,
    429: RateLimited,
    504: OutcomeUnknown,
}


def error_from_answer(status: int, headers: Mapping[str, str], body: bytes) -> ShopError:
    """Return (not raise) the error that an answer stands for.

    `headers` are looked up as given, so hand over a case-insensitive mapping. Anything is
    understood as a body: what is no RFC 9457 problem has no `code`.
    """
    problem = _problem(body)
    kind = _BY_STATUS.get(status, InvalidRequest if 400 <= status < 500 else Unavailable)
    return kind(
        _text(problem, "detail") or _text(problem, "title") or f"Answered {status} with no reason",
        status=status,
        code=_text(problem, "code") or "",
        request_id=_text(problem, "request_id") or headers.get("X-Request-ID"),
        problem=problem,
        headers=headers,
        body=body,
        maybe_done=kind is OutcomeUnknown,
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, or None."""
    try:
        seconds = float(headers.get("Retry-After", ""))
    except ValueError:
        return None
    return seconds if seconds >= 0 and math.isfinite(seconds) else None


def _problem(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(problem: dict[str, Any], name: str) -> str | None:
    value = problem.get(name)
    return value if isinstance(value, str) and value else None
