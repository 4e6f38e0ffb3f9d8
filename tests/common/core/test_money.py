"""Money at the edge: a JSON number with the decimals of its currency, and never a float."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.core import wire
from services.common.core.currency import CURRENCIES, Currency
from services.common.core.errors import Invalid, Malformed
from services.common.core.money import Amount, Money, Price, money_schema

USD, JPY, KWD, UYW = (CURRENCIES[code] for code in ("USD", "JPY", "KWD", "UYW"))
EACH = [USD, JPY, KWD, UYW]
MINOR = st.integers(0, Money.most)
each_currency = pytest.mark.parametrize("currency", EACH, ids=lambda currency: currency.code)


@given(MINOR, st.sampled_from(EACH))
def test_an_amount_that_is_written_is_read_to_the_smallest_unit(
    minor: int, currency: Currency
) -> None:
    text = wire.encode(Money(minor, currency))
    assert wire.build(wire.parse_json(text), Money, currency) == minor
    assert Decimal(text.decode()).scaleb(currency.decimals) == minor


@given(MINOR, st.sampled_from(EACH), st.sampled_from(["f", ".0f", ".3f", ".9f", "e", ".20E"]))
def test_every_way_to_write_an_amount_is_that_amount(
    minor: int, currency: Currency, form: str
) -> None:
    amount = currency.major(minor).normalize()
    text = format(amount, form)
    if Decimal(text) == amount:
        assert wire.build(wire.parse_json(text), Money, currency) == minor


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20),
    st.sampled_from(EACH),
)
def test_a_number_is_taken_exactly_or_not_at_all(number: Decimal, currency: Currency) -> None:
    try:
        minor = Money.parse(number, currency)
    except ValueError:
        return
    assert currency.major(minor) == number


@pytest.mark.parametrize(
    ("code", "text", "minor"),
    [
        *(("USD", text, 0) for text in ("0", "-0", "-0.00", "0e20", "0E-999999999")),
        *(("USD", text, 500) for text in ("5", "5.0", "5.000", f"5.{'0' * 400}")),
        *(("USD", "19.99", 1999), ("USD", "19.990", 1999), ("USD", "59.970", 5997)),
        *(("USD", "1e3", 100_000), ("USD", "0.1e1", 100), ("USD", "1E-2", 1)),
        ("USD", "100000000.00", 10**10),
        *(("JPY", text, 1500) for text in ("1500", "1500.0", "1500.000", "1.5e3", "15E2")),
        ("JPY", "10000000000", 10**10),
        *(("KWD", "1.255", 1255), ("KWD", "2.500", 2500), ("KWD", "2.5", 2500)),
        *(("KWD", "59.9700", 59_970), ("KWD", "1E-3", 1), ("KWD", "10000000.000", 10**10)),
        *(("UYW", "0.0001", 1), ("UYW", "1.25550", 12_555)),
    ],
)
def test_a_price_is_a_json_number_of_whole_smallest_units(code: str, text: str, minor: int) -> None:
    assert wire.build(wire.parse_json(text), Price, CURRENCIES[code]) == minor


@each_currency
@pytest.mark.parametrize(
    "text",
    [
        *('"5"', '"NaN"', "null", "true", "[5]", "{}", "0.00001", "-0.01", "-1", "1e-9"),
        *("10000000001", "1e11", "1e400", "1E+999999999", "1E-999999999", "9" * 400),
        *(f"1.{'0' * 40}1", "1e99999999999999999999", "NaN", "Infinity", "-Infinity"),
        *("5.", ".5", "05", "+5", "0x5", "5,00", "5_0", "\u0665", "1e", ""),
    ],
)
def test_anything_but_such_a_number_is_no_price(currency: Currency, text: str) -> None:
    with pytest.raises((Invalid, Malformed)):
        wire.build(wire.parse_json(text), Price, currency)


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        *(("JPY", text, "no decimals") for text in ("1500.5", "0.1", "1e-1")),
        *(("USD", text, "at most two decimals") for text in ("2.501", "0.001", "1e-3")),
        *(("KWD", text, "at most three decimals") for text in ("1.2555", "0.0001")),
        ("UYW", "0.00001", "at most four decimals"),
    ],
)
def test_a_part_of_the_smallest_unit_is_refused_in_words(
    code: str, text: str, expected: str
) -> None:
    with pytest.raises(Invalid, match=f"[Ee]xpected {expected}$"):
        wire.build(wire.parse_json(text), Price, CURRENCIES[code])


@each_currency
@pytest.mark.parametrize("kind", [Money, Price, Amount])
def test_the_bounds_of_a_price_are_inclusive(kind: type[Money], currency: Currency) -> None:
    for minor in (kind.least, kind.most):
        assert kind.parse(currency.major(minor), currency) == minor
    for minor in (kind.least - 1, kind.most + 1):
        with pytest.raises(ValueError, match=r"Expected a number [<>]="):
            kind.parse(currency.major(minor), currency)


def test_the_largest_order_has_the_largest_total() -> None:
    assert Money.most == 100 * 1000 * Price.most


def test_a_float_is_never_money() -> None:
    for number in (0.1, 1.0, float("nan"), True):
        with pytest.raises(ValueError, match="Expected a number"):
            Money.parse(number, USD)


@pytest.mark.parametrize(
    ("currency", "minor", "text"),
    [
        *((USD, 0, "0.00"), (USD, 5, "0.05"), (USD, 1999, "19.99"), (USD, -5, "-0.05")),
        *((JPY, 0, "0"), (JPY, 1500, "1500"), (JPY, -1500, "-1500")),
        *((KWD, 0, "0.000"), (KWD, 5, "0.005"), (KWD, 59_970, "59.970"), (KWD, -1, "-0.001")),
        (UYW, 12_555, "1.2555"),
    ],
)
def test_amounts_read_as_people_write_them(currency: Currency, minor: int, text: str) -> None:
    assert currency.text(minor) == text
    assert currency.major(minor) == Decimal(text)


def test_an_amount_not_known_yet_is_null() -> None:
    assert USD.major(None) is None


@pytest.mark.parametrize(
    ("currency", "step", "most"),
    [(USD, "0.01", 100_000_000), (JPY, "1", 10_000_000_000), (KWD, "0.001", 10_000_000)],
)
def test_the_documented_bounds_are_numbers(currency: Currency, step: str, most: int) -> None:
    schema = json.loads(wire.encode(money_schema(Price, currency)), parse_float=Decimal)
    assert (schema["minimum"], schema["maximum"]) == (0, most)
    assert schema["multipleOf"] == Decimal(step)
