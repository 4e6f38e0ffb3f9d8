"""The expected failures of every service, rendered as `application/problem+json` (RFC 9457).

Problem
├── Malformed              400  a request that cannot be read
├── Unauthorized           401  no key, or a wrong one
├── Forbidden              403  an operator's route with a customer token
├── NotFound               404  no such route or thing, or it is somebody else's
├── MethodNotAllowed       405
├── RequestTimeout         408  a body that did not arrive in time
├── Conflict               409
├── PreconditionFailed     412  If-Match named another version
├── PayloadTooLarge        413
├── UnsupportedMediaType   415
├── ExpectationFailed      417  an `Expect` other than `100-continue`
├── Misdirected            421  meant for another service, or another shop
├── Invalid                422  readable, but a value is out of bounds
├── TooManyRequests        429
├── InternalError          500
├── Unavailable            503  nothing was done; send it again
├── OutcomeUnknown         504  begun; whether it was finished is not known
└── InsufficientStorage              507  the disk is full; nothing was done
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar


class Problem(Exception):
    """An expected failure: a status, a stable snake_case `code`, and a sentence for a person.

    `errors` lists several things that are wrong; `extensions` are further members of the body
    (RFC 9457), such as `order_id`; `headers` go out with the response. A `transient` problem holds
    only for this moment, so it is not kept for a repeat of the request.
    """

    status: ClassVar[int] = 500
    code: str = "internal_error"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        transient: bool = False,
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.transient = transient
        self.detail = detail
        self.code = code or type(self).code
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.extensions = dict(extensions or {})

    @property
    def is_final(self) -> bool:
        """Whether this is a rejection that is kept: a repeat of the request gets it again."""
        return self.status in (404, 409, 422) and not self.transient

    def body(self, request_id: str) -> dict[str, Any]:
        """The members of the problem document."""
        document: dict[str, Any] = {
            "type": f"urn:tuckshop:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id,
            **self.extensions,
        }
        if self.errors:
            document["errors"] = self.errors
        return document


class Malformed(Problem):
    status = 400
    code = "malformed_request"


class Unauthorized(Problem):
    status = 401
    code = "invalid_api_key"

    def __init__(self) -> None:
        super().__init__("Invalid API Key", headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Problem):
    status = 403
    code = "forbidden"


class NotFound(Problem):
    status = 404
    code = "not_found"


class MethodNotAllowed(Problem):
    status = 405
    code = "method_not_allowed"


class RequestTimeout(Problem):
    status = 408
    code = "request_timeout"


class Conflict(Problem):
    status = 409
    code = "conflict"


class PreconditionFailed(Problem):
    status = 412
    code = "version_mismatch"


class PayloadTooLarge(Problem):
    status = 413
    code = "payload_too_large"


class UnsupportedMediaType(Problem):
    status = 415
    code = "unsupported_media_type"


class ExpectationFailed(Problem):
    status = 417
    code = "expectation_failed"


class Misdirected(Problem):
    status = 421
    code = "wrong_service"


class Invalid(Problem):
    status = 422
    code = "invalid_request"


class TooManyRequests(Problem):
    status = 429
    code = "too_many_requests"


class InternalError(Problem):
    status = 500
    code = "internal_error"

    def __init__(self) -> None:
        super().__init__("Something went wrong here. It has been logged under this request id.")


class Unavailable(Problem):
    """Nothing was done, and the same request may be sent again after `retry_after` seconds."""

    status = 503
    code = "unavailable"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        retry_after: int = 1,
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            detail, code=code, headers={"Retry-After": str(retry_after)}, extensions=extensions
        )


class OutcomeUnknown(Problem):
    status = 504
    code = "outcome_unknown"


class InsufficientStorage(Problem):
    status = 507
    code = "insufficient_storage"
