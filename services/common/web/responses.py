"""A response as data, so that it can be kept for a repeat of its request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from ..core import wire
from ..core.errors import Problem


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A status, a JSON body as bytes, and headers besides the usual ones."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> StoredResponse:
        """A response with `value` as JSON."""
        return cls(status, wire.encode(value), headers or {})

    @classmethod
    def of_problem(cls, problem: Problem, request_id: str) -> StoredResponse:
        """A response with the problem document of a failure."""
        return cls(problem.status, wire.encode(problem.body(request_id)), problem.headers)

    @property
    def is_success(self) -> bool:
        """Whether it is a 2xx."""
        return self.status < 300

    def to_web(self, *, replayed: bool = False) -> web.Response:
        """The aiohttp response; `replayed` marks a repeat of a kept one."""
        media = "application/json" if self.is_success else "application/problem+json"
        headers = {**self.headers, "Content-Type": media}
        if replayed:
            headers["Idempotent-Replayed"] = "true"
        return web.Response(status=self.status, body=self.body, headers=headers)
