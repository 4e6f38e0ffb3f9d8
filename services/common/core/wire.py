"""JSON at the edge of a service: strict parsing into typed values, and encoding."""

from __future__ import annotations

import functools
import json
import re
from decimal import Decimal
from typing import Annotated, Any, Self, TypeVar

import msgspec

from .currency import Currency
from .errors import Invalid, Malformed
from .money import Money, OwnCurrency, money_schema

T = TypeVar("T")

MAX_INTEGER = 2**63 - 1
"""The largest integer that SQLite can hold."""

_IN_WORDS: dict[str, str] = {}


def like(pattern: str, in_words: str) -> msgspec.Meta:
    """Text that matches `pattern`; a rejection tells a person `in_words` what was expected."""
    _IN_WORDS[repr(pattern)] = in_words
    return msgspec.Meta(pattern=pattern)


USER_ID = "1 to 128 of A-Z a-z 0-9 . _ ~ @ : | + = ' -"
UserId = Annotated[
    str,
    like(r"^[A-Za-z0-9._~@:|+='-]+\Z", USER_ID),
    msgspec.Meta(min_length=1, max_length=128),
]
ID = "1 to 128 of A-Z a-z 0-9 . _ -"
Id = Annotated[str, like(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\Z", ID)]
"""The name of a service, of an instance, or of a key of tokens."""
ProductId = Annotated[int, msgspec.Meta(ge=1, le=MAX_INTEGER)]
Quantity = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Uuid = Annotated[
    str,
    like(
        r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z", "a UUID in lower case"
    ),
]
CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
"""Control characters and line breaks, as part of a pattern's class."""
BLANKS = (
    r"\x20\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f"
    r"\u202a-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
)
"""The characters of which nothing is seen, likewise: spaces of every width, also no-break ones, and
what Unicode calls ignorable. Those beyond U+FFFF are left out, which not every reader of a JSON
Schema can have in a class.
"""
ONE_LINE = like(
    rf"^[{BLANKS}]*[^{CONTROLS}{BLANKS}][^{CONTROLS}]*\Z", "one line of text, and not only blanks"
)
Line = Annotated[str, ONE_LINE, msgspec.Meta(min_length=1, max_length=200)]
"""One line of text for people: a name, a reason."""


class Seconds(float):
    """A length of time, from a millisecond to a day."""

    @classmethod
    def parse(cls, number: object) -> Self:
        """Read a JSON number. Raises ValueError for anything else, or out of bounds."""
        if isinstance(number, bool) or not isinstance(number, int | Decimal):
            raise ValueError("Expected a number of seconds")  # noqa: TRY004  as msgspec wants it
        if not Decimal("0.001") <= number <= 86_400:
            raise ValueError("Expected 0.001 to 86400 seconds")
        return cls(number)


def parse_json(text: bytes | str, *, integers: bool = True) -> Any:
    """Read JSON without losing anything: decimals stay exact, a repeated member is an error. With
    `integers`, a whole decimal (`2.0`) is an integer, as JSON Schema has it.

    Raises Malformed, and Invalid for NaN, an infinity or a number that is too long.
    """
    try:
        text = text.decode() if isinstance(text, bytes) else text
        value = (_JSON if integers else _JSON_WITH_DECIMALS).decode(text)
        if "\\u" in text:
            # JSON can escape a lone surrogate, but that is not valid text and cannot be stored.
            json.dumps(value, ensure_ascii=False, default=str).encode()
    except (ValueError, RecursionError) as error:
        raise Malformed(f"Malformed JSON: {_reason(error)}", code="malformed_json") from None
    return value


def build(value: Any, shape: type[T], currency: Currency | None = None) -> T:
    """Check a parsed value against a type and build it; money in it is of `currency`.

    Raises Invalid, which names the place in the value and what was expected there.
    """
    try:
        return msgspec.convert(value, shape, dec_hook=functools.partial(_decode, currency))
    except msgspec.ValidationError as error:
        raise Invalid(_sentence(str(error))) from None


def read_as(text: bytes, shape: type[T], currency: Currency) -> T:
    """Read another service's answer, in half the time of `parse_json` and `build`, and raise what
    they do. Money is of `currency`, and exact. Of a member that is there twice the last counts.
    """
    try:
        value: T = _decoder(shape, currency).decode(text)  # type: ignore[arg-type]
    except msgspec.ValidationError as error:
        raise Invalid(_sentence(str(error))) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Malformed(f"Malformed JSON: {_reason(error)}", code="malformed_json") from None
    return value


@functools.cache  # to make one takes as long as to read a hundred answers
def _decoder(shape: Any, currency: Currency) -> msgspec.json.Decoder[Any]:
    own_types = functools.partial(_decode, currency)
    return msgspec.json.Decoder(shape, dec_hook=own_types, float_hook=_decimal)


def encode(value: Any) -> bytes:
    """Encode a value as JSON; money becomes an exact number in major units."""
    return _ENCODER.encode(value)


def fingerprint_of(value: Any) -> bytes:
    """The same bytes for the same parsed values, whatever they looked like on the wire. A field
    with its default value does not count, so that a release may add one.
    """
    return _FINGERPRINT.encode(_without_defaults(value))


def fingerprint_with_defaults(value: Any) -> bytes:
    """The fingerprint as release 0.1.0 made it, of all fields."""
    return _FINGERPRINT.encode(value)


def _without_defaults(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_defaults(each) for each in value]
    if not isinstance(value, msgspec.Struct):
        return value
    given = (
        (name, getattr(value, field), default) for name, field, default in _fields(type(value))
    )
    return {name: _without_defaults(one) for name, one, default in given if one != default}


@functools.cache  # reading a type's annotations takes a tenth of a millisecond
def _fields(kind: type[msgspec.Struct]) -> list[tuple[str, str, Any]]:
    """The fields of a type: as JSON has them, as Python has them, and their defaults."""
    fields = msgspec.structs.fields(kind)
    return [(field.encode_name, field.name, field.default) for field in fields]


def _decode(currency: Currency | None, kind: type, value: object) -> object:
    if issubclass(kind, (Money, OwnCurrency)) and currency is not None:
        return kind.parse(value, currency)
    if issubclass(kind, Seconds):
        return kind.parse(value)
    raise NotImplementedError(kind)


def schema_of(kind: type, currency: Currency) -> dict[str, Any]:
    """The JSON Schema of a type of ours that msgspec does not know; money is of `currency`."""
    if issubclass(kind, Money):
        return money_schema(kind, currency)
    if issubclass(kind, Seconds):
        return {"type": "number", "minimum": 0.001, "maximum": 86_400}
    raise NotImplementedError(kind)


def _encode(value: object) -> object:
    if isinstance(value, Money):
        return msgspec.Raw(value.text.encode())
    if isinstance(value, Seconds):
        return float(value)
    raise NotImplementedError(type(value))


_ENCODER = msgspec.json.Encoder(enc_hook=_encode, decimal_format="number")
_FINGERPRINT = msgspec.json.Encoder(
    enc_hook=_encode, decimal_format="number", order="deterministic"
)


def _object_without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is there twice")
    return members


def _integer(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:
        raise Invalid(f"Expected a number that fits, got {digits[:20]}...") from None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        raise Invalid(f"Expected a number that fits, got {text[:40]}") from None


def _decimal_or_integer(text: str) -> Decimal | int:
    """The number; an integer if it is whole and not huge."""
    number = _decimal(text)
    is_whole = number.adjusted() < 20 and number == number.to_integral_value()
    return int(number) if is_whole else number


def _reject_constant(name: str) -> Any:
    raise Invalid(f"Expected a number, got {name}")


_EXACTLY: dict[str, Any] = {
    "parse_int": _integer,
    "parse_constant": _reject_constant,
    "object_pairs_hook": _object_without_repeats,
}
_JSON = json.JSONDecoder(parse_float=_decimal_or_integer, **_EXACTLY)
_JSON_WITH_DECIMALS = json.JSONDecoder(parse_float=_decimal, **_EXACTLY)


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "too deeply nested"
    if isinstance(error, UnicodeError):
        return "not valid UTF-8"
    return str(error)


def _sentence(message: str) -> str:
    """msgspec's "Expected `int` - at `$.quantity`" as "quantity: expected int"."""
    what, _, place = message.partition(" - at ")
    what, _, pattern = what.replace("`", "").partition(" matching regex ")
    if pattern:
        what = f"Expected {_IN_WORDS.get(pattern, pattern)}"
    path = re.sub(r"^\$\.?", "", place.strip("`"))
    return f"{path}: {what[0].lower()}{what[1:]}" if path else what
