"""Money as an argument: exact, or an error."""

from decimal import Decimal
from typing import Any

import pytest

from client.models import exact


@pytest.mark.parametrize("amount", [0.1, True, None, b"1"])
def test_money_of_a_type_that_is_not_exact_is_a_type_error(amount: Any) -> None:
    with pytest.raises(TypeError, match="Money is"):
        exact(amount)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "a", "", Decimal("sNaN")])
def test_money_that_is_no_number_is_a_value_error(amount: Any) -> None:
    with pytest.raises(ValueError, match="no amount of money"):
        exact(amount)


@pytest.mark.parametrize(
    ("amount", "written"),
    [("19.90", "19.90"), (20, "20"), (Decimal("1E+2"), "100"), (Decimal("1E-2"), "0.01")],
)
def test_money_is_kept_digit_for_digit(amount: Any, written: str) -> None:
    assert str(exact(amount)) == written
