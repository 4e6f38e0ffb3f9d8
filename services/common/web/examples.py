"""The examples of the OpenAPI documents, made from the schemas: a field has the same name wherever
it is, and so the same value.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from ..core import errors
from ..core.currency import Currency
from ..core.money import Money

_MADE_AT = "2026-11-23T09:15:02.123Z"
_VALUES: Mapping[str, Any] = {
    "id": 1,
    "product_id": 1,
    "order_id": "6a0f3c1e-52d4-4f0b-9c57-0d1f6b8e2a41",
    "payment_id": "c2b7d8f4-1e93-4a6d-8b05-7f4e9a3c6d12",
    "user_id": "ada",
    "sku": "PEAR-1",
    "name": "Pear Drops",
    "description": "Boiled sweets, half pear and half banana.",
    "category": "sweets",
    "Category.name": "sweets",
    "image": None,
    "quantity": 2,
    "stock": 100,
    "delta": 24,
    "version": 3,
    "count": 12,
    "validated": True,
    "gone": False,
    "message": "Item added to cart",
    "orders": 1,
    "units": 2,
    "network": "192.0.2.1",
    "reason": None,
    "StockChange.reason": "delivery",
    "status": "PAID",
    "order_status": "PAID",
    "OrderView.status": "CREATED",
    "OrderEvent.status": "CREATED",
    "PaymentView.status": "COMPLETED",
    "Receipt.status": "COMPLETED",
    "stock_state": "HELD",
    "Reservation.state": "HELD",
    "cause": "placed",
    "OrderView.payment_id": None,
    "at": _MADE_AT,
    "created_at": _MADE_AT,
    "updated_at": _MADE_AT,
    "registered_at": _MADE_AT,
    "signs_from": "2026-11-23T09:15:12.123Z",
    "expires_at": "2026-11-23T09:30:02.123Z",
    "first_expires_at": "2026-11-23T09:30:02.123Z",
    "ReceiptLink.token": "q3V0r9JcX1uZb7mT5hKf2wYdE8aLnPsGvR6iOxC4_-k",
    "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl",
    "service": "cart",
    "instance_id": "cart-1",
    "url": "http://127.0.0.1:8001",
    "Instance.version": "0.2.0",
    "RegisteredInstance.version": "0.2.0",
    "RenewedInstance.version": "0.2.0",
    "NewRegistration.version": "0.2.0",
    "meta": {},
    "ttl": 6.0,
    "heartbeat_every": 2.0,
    "expires_in": 5.2,
    "lease": "b1946ac92492d2347c6235b4d2611184",
    "epoch": "5d41402abc4b2a76b9719d911017c592",
    "shop": "7d793037-a076-4b1a-9b1c-2a6f3f0f6d10",
    "index": 42,
    "reset": True,
    "state": "up",
    "StateChange.state": "draining",
    "services": {"cart": []},
    "token_keys": {"keys": [], "longest_token": 35_164_800, "older_ended_at": None},
    "what": "registered",
    "Report.what": "connection refused",
    "detail": "http://127.0.0.1:8001",
    "kid": "2026-11-23",
}
"""By the name of a field, or by that of a type and a field where it differs there."""
_AMOUNTS: Mapping[str, int] = {
    "price": 120,
    "line_total": 240,
    "total_amount": 240,
    "expected_total": 240,
    "amount": 240,
    "refunded_amount": 0,
}
"""The same of money, in the smallest unit of the shop's currency."""
_IN_FLIGHT: Mapping[str, Any] = {
    "Receipt.status": "PENDING",
    "order_status": None,
    "PaymentView.status": "REFUNDING",
    "stock_state": "REQUESTED",
    "refunded_amount": 0,
    **dict.fromkeys(("sku", "name", "price", "line_total", "total_amount")),
}
"""What is otherwise in an answer 202."""


def example_of(
    schema: Any,
    components: Mapping[str, Any],
    currency: Currency,
    *,
    status: int = 0,
    shows: Mapping[str, Any] = MappingProxyType({}),
) -> Any:
    """A value that fits a schema, for a body or for an answer with `status`. It `shows` what is
    otherwise there than elsewhere, by the same names.
    """
    values = {**_VALUES, **_AMOUNTS, "currency": currency.code, **shows}
    if status == HTTPStatus.ACCEPTED:
        values |= _IN_FLIGHT
    for name in _AMOUNTS:
        if values[name] is not None:
            values[name] = Money(values[name], currency)
    return _value(schema, components, values)


def _value(schema: Any, components: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _members(name, components[name], components, values)
    if "anyOf" in schema:
        return _value(schema["anyOf"][0], components, values)
    if schema.get("type") == "array":
        return [_value(schema["items"], components, values)]
    return schema.get("default")


def _members(
    name: str, schema: Any, components: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    members = {}
    for field, its_schema in schema["properties"].items():
        for key in (f"{name}.{field}", field):
            if key in values:
                members[field] = values[key]
                break
        else:
            if field in schema.get("required", []):
                members[field] = _value(its_schema, components, values)
    return members


def _problem(status: int, code: str) -> dict[str, Any]:
    return {
        "type": f"urn:tuckshop:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": "What was wrong, in a sentence for a person.",
        "code": code,
        "request_id": "0b7c9c0e2f6d4a55",
    }


PROBLEM_EXAMPLES = {
    f"Problem{kind.status}": {"value": _problem(kind.status, kind.code)}
    for kind in errors.Problem.__subclasses__()
    if kind is not errors.Conflict
} | {"Problem409": {"value": _problem(409, "request_in_progress")}}
"""One for each status."""
