"""The storefront's OpenAPI document: its own routes, and those that the gateway passes on, as the
services that own them say.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from client.errors import ShopError
from services.common.core import wire
from services.common.core.errors import Unavailable

from .gateway import GATEWAY, OWNERS, RECEIPT
from .headers import PREFIX

_SCHEMAS = "#/components/schemas/"


KEPT_SECONDS = 10.0
"""For so long nobody is asked again: a document changes with a release alone."""


class WithRoutesOfOwners:
    """Makes the whole document, for one request at a time; others wait for what it makes."""

    def __init__(self) -> None:
        self._making = asyncio.Lock()
        self._made: tuple[float, bytes] | None = None

    async def document(self, request: web.Request, own: dict[str, Any]) -> bytes:
        """The document `own` and what the gateway passes on, as JSON. Raises Unavailable while an
        owner cannot be asked: half a document would be taken for the whole.
        """
        async with self._making:
            if self._made is None or self._made[0] + KEPT_SECONDS < time.monotonic():
                owners = sorted(set(OWNERS.values()))
                texts = await asyncio.gather(*(_ask(owner, request) for owner in owners))
                whole = wire.encode(_joined(own, dict(zip(owners, texts, strict=True))))
                self._made = (time.monotonic(), whole)
            return self._made[1]


async def _ask(service: str, request: web.Request) -> bytes:
    try:
        return await request.app[GATEWAY].read(service, "/openapi.json", request)
    except ShopError:
        raise Unavailable(
            f"The {service} service cannot be asked for its document at the moment",
            extensions={"service": service},
        ) from None


def _joined(own: dict[str, Any], texts: Mapping[str, bytes]) -> dict[str, Any]:
    documents = {name: wire.parse_json(text) for name, text in texts.items()}
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
    if path == RECEIPT:
        return "order"
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
