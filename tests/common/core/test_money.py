"""Money at the edge: a JSON number with at most two decimals, and never a float."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.core import wire
from services.common.core.errors import Invalid, Malformed
from services.common.core.money import (
    MAX_TOTAL,
    Amount,
    Money,
    Price,
    as_decimal,
    decimal_text,
    money_schema,
)

CENTS = st.integers(0, MAX_TOTAL)


@given(CENTS)
def test_an_amount_that_is_written_is_read_to_the_cent(cents: int) -> None:
    text = wire.encode(Money(cents))
    assert wire.build(wire.parse_json(text), Money) == cents
    assert Decimal(text.decode()) * 100 == cents


@given(CENTS, st.sampled_from(["{:f}", "{:.1f}", "{:.2f}", "{:e}", "{:E}"]))
def test_every_way_to_write_a_number_with_two_decimals_is_that_number(
    cents: int, form: str
) -> None:
    amount = Decimal(cents).scaleb(-2).normalize()
    text = form.format(amount)
    if Decimal(text) == amount:
        assert wire.build(wire.parse_json(text), Money) == cents


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_a_number_is_taken_exactly_or_not_at_all(number: Decimal) -> None:
    try:
        cents = Money.parse(number)
    except ValueError:
        return
    assert Decimal(cents) == number * 100


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        *(("0", 0), ("-0", 0), ("-0.00", 0), ("19.99", 1999), ("5", 500), ("5.0", 500)),
        *(("1e3", 100_000), ("0.1e1", 100), ("1.5E+1", 1500), ("1E-2", 1)),
        ("1000000.00", 100_000_000),
    ],
)
def test_a_price_is_a_json_number(text: str, cents: int) -> None:
    assert wire.build(wire.parse_json(text), Price) == cents


@pytest.mark.parametrize(
    "text",
    [
        *('"5"', '"NaN"', "null", "true", "[5]", "{}", "0.001", "1.990", "-0.01", "1e-3"),
        *("1000000.01", "1e7", "1e400", "1E+999999999", "1E-999999999", "9" * 400),
        *("1e99999999999999999999", "NaN", "Infinity", "-Infinity", "5.", ".5", "05", "+5"),
        *("0x5", "5,00", "5_0", "\u0665", "1e", ""),
    ],
)
def test_anything_but_a_json_number_is_no_price(text: str) -> None:
    with pytest.raises((Invalid, Malformed)):
        wire.build(wire.parse_json(text), Price)


@pytest.mark.parametrize("kind", [Money, Price, Amount])
def test_the_bounds_of_a_price_are_inclusive(kind: type[Money]) -> None:
    for cents in (kind.least, kind.most):
        assert kind.parse(Decimal(cents).scaleb(-2)) == cents
    for cents in (kind.least - 1, kind.most + 1):
        with pytest.raises(ValueError, match="Expected a number"):
            kind.parse(Decimal(cents).scaleb(-2))


def test_a_float_is_never_money() -> None:
    for number in (0.1, 1.0, float("nan"), True):
        with pytest.raises(ValueError, match="Expected a number"):
            Money.parse(number)


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0.00"), (5, "0.05"), (1999, "19.99"), (-5, "-0.05"), (-1999, "-19.99")]
)
def test_cents_read_as_people_write_them(cents: int, text: str) -> None:
    assert decimal_text(cents) == text
    assert as_decimal(cents) == Decimal(text)


def test_an_amount_not_known_yet_is_null() -> None:
    assert as_decimal(None) is None


def test_the_documented_bounds_are_numbers() -> None:
    schema = json.loads(wire.encode(money_schema(Price)))
    assert (schema["minimum"], schema["maximum"]) == (0, 1_000_000)
