"""The storefront's OpenAPI document: its own routes, and those that the gateway passes on, as the
services that own them say.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from aiohttp import web

from services.common.core import wire

from .gateway import GATEWAY, OWNERS
from .headers import PREFIX

_SHARED = re.compile(r"#/components/(?:examples/|schemas/Problem$)")
"""What is the same in every document."""


async def with_routes_of_owners(app: web.Application, own: dict[str, Any]) -> dict[str, Any]:
    """The document `own` and what the gateway passes on. Raises Unavailable while an owner cannot
    be asked: half a document would be taken for the whole.
    """
    owners = sorted(set(OWNERS.values()))
    answers = await asyncio.gather(*map(app[GATEWAY].document_of, owners))
    paths, schemas = {**own["paths"]}, {**own["components"]["schemas"]}
    for service, answer in zip(owners, answers, strict=True):
        document = _renamed(wire.parse_json(answer), service)
        paths |= {
            PREFIX + path: operations
            for path, operations in document["paths"].items()
            if _owner_of(path) == service
        }
        schemas = {
            **{
                _name(service, name): schema
                for name, schema in document["components"]["schemas"].items()
            },
            **schemas,
        }
    return {**own, "paths": paths, "components": {**own["components"], "schemas": schemas}}


def _owner_of(path: str) -> str | None:
    """The service that gets a call to this path, if the gateway passes it on."""
    for pattern, service in OWNERS.items():
        prefix, rest, _ = pattern.partition("{")
        if path == pattern or (rest and path.startswith(prefix)):
            return service
    return None


def _name(service: str, name: str) -> str:
    return name if name == "Problem" else f"{service.capitalize()}{name}"


def _renamed(part: Any, service: str) -> Any:
    """The same, with references to schemas by the names that they have here: two services may give
    a name to different ones.
    """
    if isinstance(part, list):
        return [_renamed(each, service) for each in part]
    if not isinstance(part, dict):
        return part
    renamed = {name: _renamed(value, service) for name, value in part.items()}
    reference = part.get("$ref")
    if isinstance(reference, str) and not _SHARED.match(reference):
        place, _, name = reference.rpartition("/")
        renamed["$ref"] = f"{place}/{_name(service, name)}"
    return renamed
