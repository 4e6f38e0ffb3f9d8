"""A definite rejection as data: a row can keep it, and every repeat of the request gets it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from . import wire
from .errors import Conflict, Invalid, NotFound, Problem


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """A rejection that does not depend on the moment: a repeat of the request gets the same."""

    status: Literal[404, 409, 422]
    code: str
    detail: str
    errors: list[dict[str, Any]] = []

    def problem(self, **extensions: str) -> Problem:
        """The problem to raise or to render; `extensions` are the ids that it names (RFC 9457)."""
        kind: type[Problem] = {404: NotFound, 409: Conflict, 422: Invalid}[self.status]
        return kind(self.detail, code=self.code, errors=self.errors, extensions=extensions)


def read_rejection(text: bytes | str) -> Rejection:
    """A rejection as a row or a peer's answer has it, with all digits of the money in it (`3.00`).

    Raises Malformed, Invalid.
    """
    return wire.build(wire.parse_json(text, integers=False), Rejection)
