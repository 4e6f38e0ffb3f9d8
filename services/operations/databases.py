"""The databases of a shop: their files, the service that each belongs to, and their schemas."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from services.common.storage.migrations import Schema, service_schema

from . import ROOT

AUDITED: Mapping[str, str] = {
    "carts": "cart",
    "products": "catalog",
    "orders": "order",
    "payments": "payment",
}
"""The service of each database that an audit looks at, by the name that it is attached as."""

DATABASES: Mapping[str, str] = {
    **{f"{name}.db": service for name, service in AUDITED.items()},
    "registry.db": "registry",
}
"""The service of each database file. The registry's has the shop's id, by which services recognise
a peer of another shop.
"""


@cache
def schema_of(file: str) -> Schema:
    """The schema of a database file, by its name in the data folder."""
    service = DATABASES[file]
    if service == "registry":
        return service_schema(service, ROOT / "registry" / "migrations", shared=["shop"])
    return service_schema(service, ROOT / "services" / service / "migrations")
