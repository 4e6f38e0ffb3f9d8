"""Every route of every service, and a request to each that its shapes allow."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec

from services.common.core.currency import USD
from services.common.core.wire import schema_of
from services.common.web.routing import ROUTES, Access, Route
from tests.shop import MAKERS, Reply

SAMPLE_TEXTS = ("ada", str(uuid.UUID(int=7)), "http://127.0.0.1:9")
"""One of them fits the pattern of any field of text."""
SAMPLES = {"url": {"enum": ["http://127.0.0.1:9"]}}
"""What a field takes, where its type does not say all."""
PATH_VALUES = {
    "user_id": "ada",
    "product_id": "1",
    "order_id": str(uuid.UUID(int=7)),
    "payment_id": str(uuid.UUID(int=7)),
    "file": "start.js",
}


@dataclass(frozen=True)
class RouteCase:
    """One route of one service."""

    service: str
    route: Route

    def __str__(self) -> str:
        return f"{self.service} {self.route.method} {self.route.path}"

    @property
    def method(self) -> str:
        return self.route.method

    @property
    def is_public(self) -> bool:
        return self.route.access is Access.PUBLIC

    @property
    def names(self) -> list[str]:
        """The variable parts of its path."""
        return re.findall(r"{(\w+)", self.route.path)

    def path(self, **values: str) -> str:
        """Its path, the variable parts filled in."""

        def value(match: re.Match[str]) -> str:
            name = match[1]
            return values.get(name) or PATH_VALUES.get(name) or f"{name}-1"

        return re.sub(r"{(\w+)(?::(?:[^{}]|{[^{}]*})*)?}", value, self.route.path)

    def body(self) -> dict[str, Any] | None:
        """The least that it takes as a body, if it takes one."""
        return least_of(self.route.takes) if self.route.has_body else None

    def query(self) -> dict[str, str]:
        """The least that it takes in the query string."""
        if self.route.has_body or not self.route.has_query:
            return {}
        return {name: str(value) for name, value in least_of(self.route.takes).items()}


@cache
def every_route() -> tuple[RouteCase, ...]:
    """All of them, as the applications serve them."""
    return tuple(_routes())


def _routes() -> Iterator[RouteCase]:
    for service, (kind, create_app) in MAKERS.items():
        app = create_app(kind(service=service, data_dir=Path("never-opened")))
        for route in app[ROUTES]:
            yield RouteCase(service, route)


def least_of(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """Values for the required fields of a type."""
    schema = json.loads(
        msgspec.json.encode(
            msgspec.json.schema(shape, schema_hook=partial(schema_of, currency=USD))
        )
    )
    value = _least(schema, schema.get("$defs", {}))
    assert isinstance(value, dict)
    return value


def _least(schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _least(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    match schema:
        case {"enum": [first, *_]}:
            return first
        case {"type": "object"}:
            required = schema.get("required", [])
            fields = {name: schema["properties"][name] for name in required}
            return {name: _least(SAMPLES.get(name, fields[name]), definitions) for name in fields}
        case {"type": "array", "items": items}:
            return [_least(items, definitions)] * schema.get("minItems", 0)
        case {"type": "string"}:
            pattern = schema.get("pattern", "").replace(r"\Z", "$")
            return next(text for text in SAMPLE_TEXTS if re.search(pattern, text))
        case {"type": "integer" | "number"}:
            return max(1, schema.get("minimum", 1))
    raise AssertionError(f"no sample is known for {schema}")


def assert_problem(reply: Reply, status: int, code: str | None = None) -> Any:
    """Check that a rejection has the shape that every rejection has; returns its body."""
    assert reply.status == status, (reply.status, reply.body)
    assert reply.headers["Content-Type"] == "application/problem+json"
    body = reply.json
    assert {"type", "title", "status", "detail", "code", "request_id"} <= body.keys()
    assert body["status"] == status
    assert body["code"] == (code or body["code"])
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", body["code"])
    assert body["type"] == f"urn:tuckshop:problem:{body['code']}"
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == reply.headers["X-Request-ID"]
    assert b"Traceback" not in reply.body
    return body
