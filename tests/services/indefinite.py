"""Answers that settle nothing, whatever was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from .orders import some_uuid
from .peers import problem


@dataclass(frozen=True)
class Question:
    """What was asked: the ids it is about, a refusal that would settle it, and its success."""

    ids: dict[str, Any]
    status: int
    code: str
    success: dict[str, Any]

    def naming_others(self) -> dict[str, Any]:
        """Ids that are not ours."""
        return {name: some_uuid() for name in self.ids}


def _elsewhere(_: Question) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": "http://127.0.0.1:9/elsewhere"})


INDEFINITE: dict[str, Callable[[Question], web.StreamResponse]] = {
    "500": lambda asked: problem(500, "internal_error", **asked.ids),
    "502": lambda asked: problem(502, asked.code, **asked.ids),
    "503": lambda asked: problem(503, asked.code, **asked.ids),
    "504": lambda asked: problem(504, "outcome_unknown", **asked.ids),
    "507": lambda asked: problem(507, "insufficient_storage", **asked.ids),
    "401": lambda asked: problem(401, "invalid_api_key", **asked.ids),
    "403": lambda asked: problem(403, "forbidden", **asked.ids),
    "421": lambda asked: problem(421, "wrong_shop", **asked.ids),
    "429": lambda asked: problem(429, "too_many_requests", **asked.ids),
    "a redirect": _elsewhere,
    "404 without a code": lambda asked: problem(404, None, **asked.ids),
    "404 of the route": lambda asked: problem(404, "not_found", **asked.ids),
    "409 of another kind": lambda asked: problem(409, "conflict", **asked.ids),
    "422 of the request": lambda asked: problem(422, "invalid_request", **asked.ids),
    "a listed code with another status": lambda asked: problem(400, asked.code, **asked.ids),
    "a listed code that names nothing": lambda asked: problem(asked.status, asked.code),
    "a listed code for another": lambda asked: problem(
        asked.status, asked.code, **asked.naming_others()
    ),
    "a listed code with no problem": lambda asked: web.Response(status=asked.status),
    "a success for another": lambda asked: web.json_response(asked.success | asked.naming_others()),
    "a success of another shape": lambda asked: web.json_response([asked.success]),
    "a success that says nothing": lambda _: web.json_response({}),
    "no JSON": lambda _: web.Response(text="<html>Welcome to the hotel</html>"),
    "no content": lambda _: web.Response(status=204),
}
