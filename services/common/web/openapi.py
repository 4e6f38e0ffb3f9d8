"""The OpenAPI 3.1 document of a service, from its routes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from types import UnionType
from typing import Any, get_args

import msgspec

from ..core import wire
from ..core.currency import Currency
from ..core.errors import Unauthorized
from ..core.version import VERSION
from .codes import STATUSES
from .examples import PROBLEM_EXAMPLES, example_of
from .routing import Access, Route

PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable, snake_case."},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
PATH_PART = re.compile(r"{(\w+)(?::((?:[^{}]|{[^{}]*})*))?}")
"""A variable part of a route's path: its name, and its pattern if it has one."""
SECURITY = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key and request have one effect and one final answer.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[!-~]([ -~]*[!-~])?$",  # a header begins and ends with no blank
    },
}

_ANYWHERE = (400, 403, 404, 405, 408, 413, 415, 417, 421, 422, 429, 503)
"""What any route may reject a request with (services/contract.md, Errors)."""
_OF_CHANGES = (504, 507)
_SUCCESSES = {
    200: "Done.",
    201: "Made.",
    202: "Taken in.",
    204: "Done; there is nothing to tell.",
    304: "The caller has it already.",
    503: "It cannot do its work now, and says why.",
}
"""What an answer means that is no problem."""
_NOT_FINAL = (
    "Not final yet: it is finished in the background. Ask again with the same Idempotency-Key to"
    " learn how it ended."
)
_UUID = {
    "type": "string",
    "format": "uuid",
    "pattern": "^[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}$",
}
_PATH_SCHEMAS: dict[str, dict[str, Any]] = {
    "product_id": msgspec.json.schema(wire.ProductId),
    "order_id": _UUID,
    "payment_id": _UUID,
    "user_id": msgspec.json.schema(wire.UserId),
    "token": {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": 128},
    **dict.fromkeys(("service", "instance_id", "kid"), msgspec.json.schema(wire.Id)),
}
"""Of the variable parts of paths, those that the path itself gives no pattern."""
_EITHER = (
    "The parameters may come in the query string instead of the body, as in the first version of"
    " this shop."
)


@dataclass(frozen=True)
class _Shapes:
    """The schemas of all types of a document, and the components that they refer to."""

    schemas: Mapping[Any, Any]
    components: Mapping[str, Any]
    currency: Currency

    def taken(self, route: Route) -> dict[str, Any]:
        """The body of a request, with an example."""
        return self._body(route.takes)

    def given(self, route: Route, status: int) -> dict[str, Any]:
        """The body of an answer with that status, with an example: the route's, or a made one."""
        body = self._body(route.gives, status=status, shows=route.shows)
        return body | {"example": route.examples.get(status, body["example"])}

    def _body(self, kind: Any, **more: Any) -> dict[str, Any]:
        one_of = [self.schemas[each] for each in alternatives(kind)]
        schema = one_of[0] if len(one_of) == 1 else {"anyOf": one_of}
        example = example_of(schema, self.components, self.currency, **more)
        return {"schema": schema, "example": example}


def openapi_document(service: str, routes: list[Route], currency: Currency) -> dict[str, Any]:
    """The document of `service`, with money in `currency`. Raw routes are left out: others describe
    them.
    """
    routes = [route for route in routes if not route.raw]
    types = {route.takes for route in routes if route.has_body}
    given = [route.gives for route in routes if route.gives is not None]
    types |= {each for kind in given for each in alternatives(kind)}
    ordered = sorted(types, key=repr)
    schemas, components = msgspec.json.schema_components(
        ordered, schema_hook=_schema_hook(currency), ref_template="#/components/schemas/{name}"
    )
    shapes = _Shapes(dict(zip(ordered, schemas, strict=True)), components, currency)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = PATH_PART.sub(r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = {
            "tags": [service],
            **_operation(route, shapes),
        }
    document = {
        "openapi": "3.1.0",
        "info": {"title": f"Tuckshop: {service}", "version": VERSION},
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": PROBLEM},
            "examples": PROBLEM_EXAMPLES,
            "securitySchemes": SECURITY,
        },
    }
    return {name: _in_ecma_262(part) for name, part in document.items()}


def alternatives(kind: Any) -> tuple[Any, ...]:
    """The types of a union: msgspec has no schema of one of two objects."""
    return get_args(kind) if isinstance(kind, UnionType) else (kind,)


def _schema_hook(currency: Currency) -> Callable[[type], dict[str, Any]]:
    return partial(wire.schema_of, currency=currency)


def _in_ecma_262(schema: Any) -> Any:
    """The same with its patterns as JSON Schema has them: the end is `$`, not Python's `\\Z`."""
    if isinstance(schema, list):
        return [_in_ecma_262(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: re.sub(r"\\Z$", "$", value)
        if name == "pattern" and isinstance(value, str)
        else _in_ecma_262(value)
        for name, value in schema.items()
    }


def _operation(route: Route, shapes: _Shapes) -> dict[str, Any]:
    text = inspect.getdoc(route.handler) or ""
    summary, _, description = text.partition("\n\n")
    parameters = [_path_parameter(*each) for each in PATH_PART.findall(route.path)]
    if route.has_query and not route.has_body:
        parameters += _query_parameters(route.takes, shapes.currency)
    if route.idempotent:
        parameters.append(IDEMPOTENCY_KEY)
    operation: dict[str, Any] = {
        "operationId": f"{route.handler.__name__}_{route.method.lower()}",
        "summary": " ".join(summary.split()),
        "responses": _responses(route, shapes),
    }
    if route.query_or_body:
        # To the two, a generated client would send both, which is rejected.
        description = "\n\n".join(filter(None, (description, _EITHER)))
    if description:
        operation["description"] = description
    if parameters:
        operation["parameters"] = parameters
    if route.has_body:
        operation["requestBody"] = {
            "required": any(field.required for field in msgspec.structs.fields(route.takes)),
            "content": {"application/json": shapes.taken(route)},
        }
    if route.access is not Access.PUBLIC:
        operation["security"] = [{"key": []}, {"bearer": []}]
        operation["x-access"] = route.access.value
    elif Unauthorized.code in route.rejections:
        operation["security"] = [{}, {"key": []}, {"bearer": []}]  # it may come without any, too
    return operation


def _responses(route: Route, shapes: _Shapes) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for status in (route.status, *route.also):
        told[str(status)] = {"description": _success(route, status)}
        if route.gives is not None and status != HTTPStatus.NOT_MODIFIED:
            media = "text/plain" if route.gives is str else "application/json"
            told[str(status)]["content"] = {media: shapes.given(route, status)}
    codes = _codes(route)
    statuses = {*_ANYWHERE, *codes, *(() if route.method == "GET" else _OF_CHANGES)}
    if route.access is not Access.PUBLIC:
        statuses.add(Unauthorized.status)
    problems = sorted(statuses - {*route.also})
    return told | {str(status): _problem(status, codes.get(status, [])) for status in problems}


def _success(route: Route, status: int) -> str:
    is_final = status != HTTPStatus.ACCEPTED or not route.idempotent
    return _SUCCESSES[status] if is_final else _NOT_FINAL


def _codes(route: Route) -> dict[int, list[str]]:
    """The codes that a route's own rejections have, by their status."""
    codes = [*route.rejections]
    codes += ["request_in_progress", "idempotency_key_reused"] * route.idempotent
    codes += ["invalid_cursor"] * ("after" in route.takes.__struct_fields__)
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(STATUSES[code], []).append(code)
    return by_status


def _problem(status: int, codes: list[str]) -> dict[str, Any]:
    told = ", ".join(f"`{code}`" for code in codes)
    own = f" Of the thing itself: {told}." if told else ""
    return {
        "description": f"{HTTPStatus(status).phrase}.{own}",
        "content": {
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {"problem": {"$ref": f"#/components/examples/Problem{status}"}},
            }
        },
    }


def _path_parameter(name: str, pattern: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": f"^{pattern}$"} if pattern else _PATH_SCHEMAS[name]
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(shape: type[msgspec.Struct], currency: Currency) -> list[dict[str, Any]]:
    schema = msgspec.json.schema(shape, schema_hook=_schema_hook(currency))
    definition = schema["$defs"][shape.__name__]
    required = definition.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": _if_there(property_schema),
        }
        for name, property_schema in definition["properties"].items()
    ]


def _if_there(schema: dict[str, Any]) -> dict[str, Any]:
    """What a parameter has to be if it is there: there is no null among texts in a query string."""
    match schema:
        case {"anyOf": [{"type": "string"} | {"enum": _} as text, {"type": "null"}]}:
            return dict(text)
    return schema
