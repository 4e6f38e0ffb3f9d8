"""Values in a query string, which are written without JSON's quotes."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

from .errors import Invalid, Malformed
from .wire import parse_json


def parse_query(query: Mapping[str, str], shape: type[msgspec.Struct]) -> dict[str, Any]:
    """The values of a query string: text without quotes, numbers and booleans as in JSON.

    Raises Invalid for a value that is none of its field's choices, or no JSON where it has to be.
    """
    fields = _query_fields(shape)
    return {
        name: _parse_value(name, value, fields[name]) if name in fields else value
        for name, value in query.items()
    }


class _QueryField(NamedTuple):
    """How the values of a field are written in a query string; `choices` are all of them, if they
    can be counted.
    """

    is_text: bool
    choices: tuple[str, ...]


@functools.cache  # reading a type's annotations takes a tenth of a millisecond
def _query_fields(shape: type[msgspec.Struct]) -> dict[str, _QueryField]:
    return {
        field.encode_name: _QueryField(_is_text(field.type), _choices(field.type))
        for field in msgspec.structs.fields(shape)
    }


def _parse_value(name: str, value: str, field: _QueryField) -> Any:
    expected = " or ".join(field.choices) or "a number"
    wrong = Invalid(f"{name}: expected {expected}, got {value[:40]!r}")
    if field.choices and value not in field.choices and (field.is_text or value != "null"):
        raise wrong
    try:
        return value if field.is_text else parse_json(value)
    except (Malformed, Invalid):
        raise wrong from None


def _choices(kind: Any) -> tuple[str, ...]:
    """The values of a type as a query string has them; () if they cannot be counted."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    if kind is bool:
        return ("true", "false")
    return tuple(choice for part in get_args(kind) for choice in _choices(part))


def _is_text(kind: Any) -> bool:
    """Whether values of this type are text, which a query string holds without quotes."""
    if get_origin(kind) is Annotated:
        return _is_text(get_args(kind)[0])
    if get_origin(kind) is Literal:
        return isinstance(get_args(kind)[0], str)
    options = [one for one in get_args(kind) if one not in (type(None), msgspec.UnsetType)]
    if get_origin(kind) is Union or (options and not isinstance(kind, type)):
        return all(_is_text(one) for one in options)
    return kind is str
