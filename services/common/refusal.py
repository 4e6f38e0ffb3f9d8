"""A definite no as data, so that a row can keep it and every repeat of the question hear it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from .errors import Conflict, Invalid, NotFound, Problem


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal of the thing itself."""

    status: Literal[404, 409, 422]
    code: str
    detail: str
    errors: list[dict[str, Any]] = []

    def problem(self, **about: str) -> Problem:
        """To be raised, or rendered; `about` are the ids that it names."""
        kind: type[Problem] = {404: NotFound, 409: Conflict, 422: Invalid}[self.status]
        return kind(self.detail, code=self.code, errors=self.errors, about=about)
