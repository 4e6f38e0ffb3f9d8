"""The patterns of JSON Schemas, wherever they are in a document."""

from __future__ import annotations

from typing import Any


def patterns_of(part: Any) -> set[str]:
    """All values of `pattern` in a JSON value, at any depth."""
    if isinstance(part, list):
        return set().union(*map(patterns_of, part))
    if not isinstance(part, dict):
        return set()
    own = {part["pattern"]} if isinstance(part.get("pattern"), str) else set()
    return own.union(*map(patterns_of, part.values()))
