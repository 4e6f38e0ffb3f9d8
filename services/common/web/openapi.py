"""The OpenAPI 3.1 document of a service, from its routes."""

from __future__ import annotations

import inspect
import re
from http import HTTPStatus
from typing import Any

import msgspec

from ..core.errors import Conflict, PreconditionFailed, Unauthorized
from ..core.version import VERSION
from ..core.wire import MAX_INTEGER
from ..core.wire import schema_of as schema_of_type
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
SECURITY = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key and request have one effect and one final answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


_ANYWHERE = (400, 403, 404, 405, 408, 413, 415, 417, 421, 422, 429, 503)
"""What any route may reject a request with (services/contract.md, Errors)."""
_OF_CHANGES = (504, 507)
_OF_THINGS = (404, 409, 412, 422)
_UUID = {"type": "string", "format": "uuid"}
_PATH_SCHEMAS: dict[str, dict[str, Any]] = {
    "product_id": {"type": "integer", "minimum": 1, "maximum": MAX_INTEGER},
    "order_id": _UUID,
    "payment_id": _UUID,
}
"""Of the variable parts of paths that are not any text."""


def openapi_document(service: str, routes: list[Route]) -> dict[str, Any]:
    """The document of `service`. Raw routes are left out: they have no types to describe."""
    routes = [route for route in routes if not route.raw]
    types = {route.takes for route in routes if route.has_body}
    types |= {route.gives for route in routes if route.gives is not None}
    ordered = sorted(types, key=repr)
    schemas, components = msgspec.json.schema_components(
        ordered, schema_hook=schema_of_type, ref_template="#/components/schemas/{name}"
    )
    schema_of = dict(zip(ordered, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        path = re.sub(r"{(\w+):[^}]*}", r"{\1}", route.path)
        paths.setdefault(path, {})[route.method.lower()] = _operation(route, schema_of)
    document = {
        "openapi": "3.1.0",
        "info": {"title": f"Tuckshop: {service}", "version": VERSION},
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": PROBLEM},
            "securitySchemes": SECURITY,
        },
    }
    return {name: _in_ecma_262(part) for name, part in document.items()}


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


def _operation(route: Route, schema_of: dict[Any, Any]) -> dict[str, Any]:
    text = inspect.getdoc(route.handler) or ""
    summary, _, description = text.partition("\n\n")
    parameters = [_path_parameter(name) for name in re.findall(r"{(\w+)", route.path)]
    if route.has_query:
        parameters += _query_parameters(route.takes)
    if route.idempotent:
        parameters.append(IDEMPOTENCY_KEY)
    operation: dict[str, Any] = {
        "operationId": f"{route.handler.__name__}_{route.method.lower()}",
        "summary": " ".join(summary.split()),
        "responses": _responses(route, schema_of),
    }
    if description:
        operation["description"] = description
    if parameters:
        operation["parameters"] = parameters
    if route.has_body:
        operation["requestBody"] = {
            "content": {"application/json": {"schema": schema_of[route.takes]}}
        }
    if route.access is not Access.PUBLIC:
        operation["security"] = [{"key": []}, {"bearer": []}]
        operation["x-access"] = route.access.value
    return operation


def _responses(route: Route, schema_of: dict[Any, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Success."}
    if route.gives is not None:
        media = "text/plain" if route.gives is str else "application/json"
        success["content"] = {media: {"schema": schema_of[route.gives]}}
    told = {str(status): success for status in (route.status, *route.also)}
    if 304 in route.also:
        told["304"] = {"description": "The caller has it already."}
    return told | {str(status): _problem(route, status) for status in _problem_statuses(route)}


def _problem_statuses(route: Route) -> list[int]:
    statuses = {*_ANYWHERE}
    if route.access is not Access.PUBLIC or Unauthorized.code in route.rejections:
        statuses.add(Unauthorized.status)
    if route.idempotent or route.rejections:
        statuses.add(Conflict.status)
    if PreconditionFailed.code in route.rejections:
        statuses.add(PreconditionFailed.status)
    if route.method != "GET":
        statuses.update(_OF_CHANGES)
    return sorted(statuses - {*route.also})


def _problem(route: Route, status: int) -> dict[str, Any]:
    codes = ", ".join(f"`{code}`" for code in route.rejections)
    own = f" Of the thing itself: {codes}." if codes and status in _OF_THINGS else ""
    return {
        "description": f"{HTTPStatus(status).phrase}.{own}",
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }


def _path_parameter(name: str) -> dict[str, Any]:
    schema = _PATH_SCHEMAS.get(name, {"type": "string", "minLength": 1})
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(shape: type[msgspec.Struct]) -> list[dict[str, Any]]:
    schema = msgspec.json.schema(shape, schema_hook=schema_of_type)
    definition = schema["$defs"][shape.__name__]
    required = definition.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": property_schema}
        for name, property_schema in definition["properties"].items()
    ]
