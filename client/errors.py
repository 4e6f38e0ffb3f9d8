"""What can go wrong with a call: one small tree, which says what to conclude from each error.

ShopError
├── InvalidRequest        400, 413, 415, 422 and other 4xx: the request itself is wrong
├── AuthenticationError   401: the key is missing, wrong or expired
├── PermissionDenied      403: the key is valid, but does not allow this call
├── NotFound              404: there is no such thing, or it belongs to somebody else
├── Conflict              409, 412: the thing is not in a state that allows the call
├── RateLimited           429: too many calls; nothing was done
├── Unavailable           503, other 5xx, no connection, no instance: nothing was done
└── OutcomeUnknown        504, or no answer to a request that was sent: it may have been done
"""

import math
from collections.abc import Mapping
from typing import Any

import msgspec


class ShopError(Exception):
    """Base of everything that the client raises for a call.

    `status` is the HTTP status, or None if no answer came. `code` is the stable name of what is
    wrong ("" if the answer had none), and `detail` is a sentence for people. `request_id` finds
    the request in the shop's logs. `problem`, `headers` and `body` are the answer as it came.
    `may_have_been_done` is True if one of the call's attempts may have been carried out.
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
        may_have_been_done: bool = False,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status
        self.code = code
        self.request_id = request_id
        self.problem = problem or {}
        self.headers = headers or {}
        self.body = body
        self.may_have_been_done = may_have_been_done

    @property
    def errors(self) -> list[dict[str, Any]]:
        """What is wrong, one by one, if the service named several things."""
        found = self.problem.get("errors")
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    @property
    def retry_after(self) -> float | None:
        """The seconds after which the service may be asked again; None if it did not say."""
        return retry_after(self.headers)

    @property
    def is_rejection(self) -> bool:
        """Whether the shop rejected the request itself: sent again, it gets the same answer."""
        rejections = (InvalidRequest, NotFound, Conflict)
        return isinstance(self, rejections) and self.code != "request_in_progress"

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
    """The request is malformed, too large, of the wrong type, or has invalid values."""


class AuthenticationError(ShopError):
    """The API key or token is missing, wrong or expired."""


class PermissionDenied(ShopError):
    """The key does not allow this call."""


class NotFound(ShopError):
    """There is no such thing, or it belongs to somebody else."""


class Conflict(ShopError):
    """The thing is not in a state, or not at the version, that allows the call."""


class RateLimited(ShopError):
    """Too many calls. Nothing was done."""


class Unavailable(ShopError):
    """No instance could take the call. Nothing was done."""


class OutcomeUnknown(ShopError):
    """The call was sent, and its outcome is not known. Repeat it with the same key to find out."""


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

    `headers` should be a case-insensitive mapping. `body` may be anything: if it is no RFC 9457
    problem, the error has no `code`.
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
        may_have_been_done=kind is OutcomeUnknown,
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
