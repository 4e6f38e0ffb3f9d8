"""What schemathesis loads beside its own checks: what a rejection of a valid request may be."""

from __future__ import annotations

from typing import Any

import schemathesis


def a_valid_request_is_rejected_for_what_it_is_about(
    _context: Any, response: Any, case: Any
) -> None:
    """What is valid by the document is never `invalid_request`, and a path of it never `not_found`:
    a 404 or a 422 has a code that the document tells for the operation.
    """
    is_valid = case.meta is not None and case.meta.generation.mode.is_positive
    status = response.status_code
    if is_valid and status in (404, 422) and not _has_a_product_twice(case.body):
        problem = response.json()
        told = case.operation.definition.raw["responses"][str(status)]["description"]
        assert f"`{problem['code']}`" in told, f"{problem['code']}: {problem['detail']}"


def _has_a_product_twice(body: Any) -> bool:
    """Whether an order has two lines of one product, which no JSON Schema can forbid."""
    lines = (body.get("items") or body.get("lines") or []) if isinstance(body, dict) else []
    return len({line["product_id"] for line in lines}) < len(lines)


schemathesis.check(a_valid_request_is_rejected_for_what_it_is_about)
