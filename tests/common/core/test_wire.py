"""JSON at the edge: what is read, what is refused, and that neither is ever a failure of ours."""

from __future__ import annotations

import json
import re
import unicodedata
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.core import wire
from services.common.core.currency import USD
from services.common.core.errors import Invalid, Malformed
from services.common.core.money import Price
from services.common.core.query import parse_query
from services.common.core.wire import Line, ProductId, Quantity, Seconds, UserId, Uuid
from tests.routes import assert_problem
from tests.shop import Shop, token

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=8,
)

ZOO: dict[str, bytes] = {
    "an integer of 5000 digits": b'{"product_id": ' + b"9" * 5000 + b"}",
    "an exponent without end": b'{"product_id": 1e99999999999999999999}',
    "50,000 levels": b"[" * 50_000,
    "20,000 objects in one another": b'{"a":' * 10_000,
    "levels that end": b"[" * 20_000 + b"]" * 20_000,
    "bytes that are no UTF-8": b'{"product_id": "\xff"}',
    "a surrogate in bytes": b'{"product_id": "\xed\xa0\x80"}',
    "a surrogate in a name": b'{"\xed\xa0\x80": 1}',
    "a surrogate that is escaped": b'{"product_id": "\\ud800"}',
    "an escaped surrogate in a name": b'{"\\udfff": 1}',
    "not a number": b'{"product_id": NaN}',
    "infinity": b'{"product_id": -Infinity}',
    "a member that is there twice": b'{"product_id": 1, "product_id": 1}',
    "a member that is there twice further in": b'{"a": [{"b": 1, "b": 2}]}',
    "a byte order mark": b'\xef\xbb\xbf{"product_id": 1}',
    "UTF-16": '{"product_id": 1}'.encode("utf-16"),
    "UTF-16 without a mark": '{"product_id": 1}'.encode("utf-16-le"),
    "UTF-32": '{"product_id": 1}'.encode("utf-32"),
    "no end": b'{"product_id": 1',
    "something after the end": b'{"product_id": 1} x',
    "two values": b'{"product_id": 1}{"product_id": 1}',
    "a comma too many": b'{"product_id": 1,}',
    "single quotes": b"{'product_id': 1}",
    "no quotes": b"{product_id: 1}",
    "a comment": b'{"product_id": 1 /* tea */}',
    "a leading zero": b'{"product_id": 01}',
    "a plus": b'{"product_id": +1}',
    "another base": b'{"product_id": 0x1}',
    "a line break in a text": b'{"product_id": "\n"}',
    "a NUL": b'{"product_id": 1}\x00',
    "nothing but space": b"  ",
    "one quote": b'"',
    "another language": b"<product>1</product>",
}


async def test_malformed_json_is_400_or_422(shop: Shop) -> None:
    await shop.start("cart")
    key = token("ada")
    headers = {"Content-Type": "application/json"}
    for body in ZOO.values():
        reply = await shop.call(
            "cart", "POST", "/cart/ada/add", key=key, data=body, headers=headers
        )
        # A number that is none, or that nothing can hold, is a value out of bounds (422).
        assert_problem(reply, 422 if reply.status == 422 else 400)


@pytest.mark.parametrize("body", ZOO.values(), ids=ZOO)
def test_reading_raises_only_rejections(body: bytes) -> None:
    with pytest.raises((Malformed, Invalid)):
        wire.build(wire.parse_json(body), Addition)


@pytest.mark.parametrize("name", [name for name in ZOO if name != "a member that is there twice"])
def test_reading_an_answer_raises_only_rejections(name: str) -> None:
    with pytest.raises((Malformed, Invalid)):
        wire.read_as(ZOO[name], Addition, USD)


class Bill(msgspec.Struct):
    total: Price


@pytest.mark.parametrize("text", ["0.07", "19.99", "19.9900", "20", "99999999.99", "7e-2"])
def test_an_amount_in_an_answer_is_exact(text: str) -> None:
    bill = wire.read_as(f'{{"total": {text}, "more": 1.1}}'.encode(), Bill, USD)
    assert (Decimal(bill.total) / 100, bill.total.currency) == (Decimal(text), USD)


@pytest.mark.parametrize(
    "text", ["19.999", "1.0000000000000000000000000000001", "-0.01", "100000000.01", '"1"', "true"]
)
def test_an_amount_in_an_answer_that_is_none_is_told_with_its_place(text: str) -> None:
    with pytest.raises(Invalid, match=r"^total: expected "):
        wire.read_as(f'{{"total": {text}}}'.encode(), Bill, USD)


class Addition(msgspec.Struct, forbid_unknown_fields=True):
    product_id: ProductId
    quantity: Quantity = 1


class Query(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    text: str | None = None
    name: Line | None = None
    choice: Literal["a", "b"] = "a"
    count: int | None = None
    price: Price | None = None
    flag: bool | None = None
    maybe: Annotated[str, msgspec.Meta(max_length=3)] | msgspec.UnsetType = msgspec.UNSET


@given(JSON_VALUES)
def test_what_is_sent_is_read_exactly(value: Any) -> None:
    assert wire.parse_json(wire.encode(value)) == value


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_rejected(text: bytes) -> None:
    try:
        value = wire.parse_json(text)
    except (Malformed, Invalid):
        return
    assert value == json.loads(text, parse_float=Decimal)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"\\ud83c\\udf6c"', "\N{CANDY}"),
        ('"\N{CANDY}"', "\N{CANDY}"),
        ("0.1", Decimal("0.1")),
        ("1E400", Decimal("1e400")),
        ("-0", 0),
        (" [1] ", [1]),
        ('{"a": {"b": 1}, "c": {"b": 1}}', {"a": {"b": 1}, "c": {"b": 1}}),
    ],
)
def test_what_is_json_is_read(text: str, value: Any) -> None:
    assert wire.parse_json(text) == value
    assert wire.parse_json(text.encode()) == value


def test_a_whole_decimal_is_an_integer_unless_its_digits_are_to_stay() -> None:
    assert repr(wire.parse_json("[2.0, 2.5]")) == "[2, Decimal('2.5')]"
    assert repr(wire.parse_json("[2.0]", integers=False)) == "[Decimal('2.0')]"


def test_a_rejection_of_json_says_where_it_went_wrong() -> None:
    with pytest.raises(Malformed, match="line 1 column 9"):
        wire.parse_json(b'{"a": 1 2}')


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({}, "Object missing required field product_id"),
        ({"product_id": "1"}, "product_id: expected int, got str"),
        ({"product_id": 0}, "product_id: expected int >= 1"),
        ({"product_id": 2**63}, "product_id: expected int <= 9223372036854775807"),
        ({"product_id": 1, "quantity": 1001}, "quantity: expected int <= 1000"),
        ({"product_id": 1, "quantity": True}, "quantity: expected int, got bool"),
        ({"product_id": 1, "quantity": Decimal("1.0")}, "quantity: expected int, got decimal"),
        ({"product_id": 1, "x": 1}, "Object contains unknown field x"),
        ([], "Expected object, got array"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_its_place(value: Any, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        wire.build(value, Addition)
    assert refused.value.detail == message


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (UserId, "ada lovelace", "Expected 1 to 128 of A-Z a-z 0-9 . _ ~ @ : | + = ' -"),
        (list[Uuid], ["7"], "[0]: expected a UUID in lower case"),
        (Line, "two\nlines", "Expected one line of text, and not only blanks"),
    ],
)
def test_the_form_of_a_text_is_described_in_words(kind: Any, value: Any, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        wire.build(value, kind)
    assert refused.value.detail == message


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ({}, {}),
        ({"text": "1"}, {"text": "1"}),
        ({"text": "null"}, {"text": "null"}),
        ({"text": ""}, {"text": ""}),
        ({"name": '"tea"'}, {"name": '"tea"'}),
        ({"choice": "b"}, {"choice": "b"}),
        ({"maybe": "x"}, {"maybe": "x"}),
        ({"count": "5"}, {"count": 5}),
        ({"count": "5.0"}, {"count": 5}),
        ({"count": "1e2"}, {"count": 100}),
        ({"count": "null"}, {"count": None}),
        ({"price": "2.50"}, {"price": Decimal("2.50")}),
        ({"flag": "true"}, {"flag": True}),
    ],
    ids=str,
)
def test_a_query_follows_the_grammar_that_the_field_has_in_json(
    query: dict[str, str], values: dict[str, Any]
) -> None:
    assert parse_query(query, Query) == values
    wire.build(values, Query, USD)


@pytest.mark.parametrize(
    "query",
    [
        *({"count": text} for text in ("", "x", "5x", "1.5", "+5", "05", '"5"', "true", "[5]")),
        *({"count": text} for text in ("NaN", "9" * 5000, "5 6", "0x5", "1e-2", "[" * 5000)),
        *({"price": text} for text in ('"2.50"', "2.501", "2,50", "$2", "NaN", "1e400", "")),
        *({"flag": text} for text in ("True", "1", "yes", "")),
        *({"choice": text} for text in ("c", '"a"', "")),
        {"name": "a\nb"},
        {"name": ""},
        {"maybe": "long"},
        {"unknown": "1"},
    ],
    ids=lambda query: str(query)[:40],
)
def test_a_query_that_does_not_follow_it_is_invalid_and_says_where(query: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        wire.build(parse_query(query, Query), Query, USD)
    assert next(iter(query)) in refused.value.detail


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (
            UserId,
            ["a", "A-Z.a_z@0:9", "auth0|1", "ann+shop@example.com", "o'neil~=", "x" * 128],
            ["", "x" * 129, "a b", "a\n", "ä", "a/b", "a?b", "a#b", "a%b", "\x00"],
        ),
        (Uuid, ["0" * 8 + "-0000-0000-0000-" + "f" * 12], ["", "0" * 32, "0" * 36, "G" * 36]),
        (Line, ["a", "\N{CANDY}", "x" * 200], ["", "x" * 201, "a\n", "a\x00", "\x7f"]),
        (Seconds, [1, Decimal("0.25"), 86_400], [0, -1, 86_401, True, "1", 1.0, None]),
    ],
    ids=["UserId", "Uuid", "Line", "Seconds"],
)
def test_the_types_of_the_contract_have_their_bounds(
    kind: Any, good: list[object], bad: list[object]
) -> None:
    for value in good:
        assert wire.build(value, kind) == value
    for value in bad:
        with pytest.raises(Invalid):
            wire.build(value, kind)


@pytest.mark.parametrize(
    "blank",
    [
        *(" ", "   ", "\u00a0", "\u3000", "\u2800", "\u3164", " \u00a0\u200b\ufeff "),
        *("\u200b", "\u2060", "\ufeff", "\u00ad", "\ufe0f", "\u200f\u202e"),
    ],
    ids=ascii,
)
def test_a_line_of_blanks_is_none_of_whatever_width_they_are(blank: str) -> None:
    with pytest.raises(Invalid) as refused:
        wire.build(blank, Line)
    assert refused.value.detail == "Expected one line of text, and not only blanks"
    assert wire.build(f"{blank}tea{blank}", Line) == f"{blank}tea{blank}"


def test_no_character_that_unicode_calls_a_space_or_invisible_is_a_line() -> None:
    blank = re.compile(f"[{wire.CONTROLS}{wire.BLANKS}]")
    # Signs that stand before Arabic and other digits are of the same category, and are seen.
    seen = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2}
    unseen = [
        chr(code)
        for code in range(0x10000)
        if unicodedata.category(chr(code)) in ("Zs", "Zl", "Zp", "Cc", "Cf") and code not in seen
    ]
    assert [hex(ord(one)) for one in unseen if not blank.match(one)] == []


def test_blanks_as_long_as_a_body_are_looked_through_once() -> None:
    # A pattern that went back for each of them would not end within a test's time.
    line = re.compile(str(wire.ONE_LINE.pattern))
    assert line.search("\u00a0" * 200_000 + "\x00") is None


@pytest.mark.parametrize("line_break", ["\n", "\r", "\x85", "\u2028", "\u2029"], ids=ascii)
def test_a_line_has_no_line_break_of_any_kind(line_break: str) -> None:
    with pytest.raises(Invalid):
        wire.build(f"two{line_break}lines", Line)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"flag": "True"}, "flag: expected true or false, got 'True'"),
        ({"flag": "1"}, "flag: expected true or false, got '1'"),
        ({"flag": "yes"}, "flag: expected true or false, got 'yes'"),
        ({"flag": ""}, "flag: expected true or false, got ''"),
        ({"choice": "A"}, "choice: expected a or b, got 'A'"),
        ({"count": "ten"}, "count: expected a number, got 'ten'"),
        ({"price": "2,50"}, "price: expected a number, got '2,50'"),
    ],
    ids=str,
)
def test_a_wrong_value_in_a_query_is_told_what_may_stand_there(
    query: dict[str, str], sentence: str
) -> None:
    with pytest.raises(Invalid) as refused:
        parse_query(query, Query)
    assert refused.value.detail == sentence


@given(st.permutations(["a", "b", "c"]))
def test_the_same_values_have_the_same_fingerprint_however_they_were_sent(
    order: list[str],
) -> None:
    sent = "{" + ", ".join(f'"{name}": {{"x": 1, "y": 2.50}}' for name in order) + "}"
    again = wire.parse_json('{"c":{"y":2.50,"x":1},"b":{"x":1,"y":2.50},"a":{"x":1,"y":2.50}}')
    assert wire.fingerprint_of(wire.parse_json(sent)) == wire.fingerprint_of(again)


def test_other_values_have_another_fingerprint() -> None:
    assert wire.fingerprint_of({"a": 1}) != wire.fingerprint_of({"a": 2})
    assert wire.fingerprint_of({"a": 1}) != wire.fingerprint_of({"b": 1})


def test_a_field_that_a_release_adds_with_a_default_leaves_the_fingerprint_as_it_is() -> None:
    class Then(msgspec.Struct):
        name: str

    class Now(msgspec.Struct):
        name: str
        brand: str | None = None

    class Order(msgspec.Struct):
        items: list[Any]

    assert wire.fingerprint_of(Now("Pear Drops")) == wire.fingerprint_of(Then("Pear Drops"))
    assert wire.fingerprint_of(Now("Pear Drops", "Haigh")) != wire.fingerprint_of(Now("Pear Drops"))
    assert wire.fingerprint_of(Order([Now("a")])) == wire.fingerprint_of(Order([Then("a")]))
