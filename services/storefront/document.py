"""The storefront's OpenAPI document: its own routes, and those that the gateway passes on, as the
services that own them say.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from services.common.core import wire

from .gateway import GATEWAY, OWNERS
from .headers import PREFIX

_SCHEMAS = "#/components/schemas/"


async def with_routes_of_owners(app: web.Application, own: dict[str, Any]) -> dict[str, Any]:
    """The document `own` and what the gateway passes on. Raises Unavailable while an owner cannot
    be asked: half a document would be taken for the whole.
    """
    owners = sorted(set(OWNERS.values()))
    answers = await asyncio.gather(*map(app[GATEWAY].document_of, owners))
    documents = {name: wire.parse_json(text) for name, text in zip(owners, answers, strict=True)}
    told = Counter(name for each in documents.values() for name in each["components"]["schemas"])
    told -= Counter({"Problem": told["Problem"]})  # it is the same in all
    paths, schemas = {**own["paths"]}, {**own["components"]["schemas"]}
    for service, theirs in documents.items():
        new_names = {
            name: f"{service.capitalize()}{name}"
            for name in theirs["components"]["schemas"]
            if told[name] > 1
        }
        document = _renamed(theirs, new_names)
        paths |= {
            PREFIX + path: operations
            for path, operations in document["paths"].items()
            if _owner_of(path) == service
        }
        for name, schema in document["components"]["schemas"].items():
            new_name = new_names.get(name, name)
            schemas[new_name] = {**schema, "title": new_name}
    return {**own, "paths": paths, "components": {**own["components"], "schemas": schemas}}


def _owner_of(path: str) -> str | None:
    """The service that gets a call to this path, if the gateway passes it on."""
    for pattern, service in OWNERS.items():
        prefix, rest, _ = pattern.partition("{")
        if path == pattern or (rest and path.startswith(prefix)):
            return service
    return None


def _renamed(part: Any, new_names: Mapping[str, str]) -> Any:
    """The same, with references to schemas by their new names: two services may give one name to
    two schemas.
    """
    if isinstance(part, list):
        return [_renamed(each, new_names) for each in part]
    if isinstance(part, dict):
        return {name: _renamed(value, new_names) for name, value in part.items()}
    if isinstance(part, str) and part.startswith(_SCHEMAS):
        name = part.removeprefix(_SCHEMAS)
        return _SCHEMAS + new_names.get(name, name)
    return part
