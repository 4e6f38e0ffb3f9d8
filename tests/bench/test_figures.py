"""What is made of what was measured."""

from __future__ import annotations

import math

import pytest

from .aims import AIMS, Aim
from .arithmetic import median_ratio, percentile
from .figures import GENERATOR, Figures
from .load.job import Result
from .rows import ROWS

KEY = ("purchase", 32)


def result(done: int, *, seconds: float = 1.0, **cpu: float) -> Result:
    return Result(
        done=done,
        seconds=seconds,
        p50=0.01,
        p99=0.1,
        errors={"500": 1},
        cpu={**cpu, GENERATOR: 0.5},
    )


def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert [percentile(values, part) for part in (0.5, 0.99, 1.0)] == [50, 99, 100]
    assert percentile([7.0], 0.5) == 7
    assert percentile([], 0.5) is None


def test_a_ratio_is_the_median_of_the_rounds_and_not_of_the_medians() -> None:
    assert median_ratio([10, 200, 3], [5, 100, 6]) == 2
    assert median_ratio([10, 200], [0, 100]) == 2
    assert math.isnan(median_ratio([1], [0]))


def test_figures_are_of_all_rounds() -> None:
    figures = Figures()
    figures.results[KEY, "shop"] = [result(100, cart=1.0, order=2.0), result(300, cart=1.0)]
    figures.results[KEY, "stand-in"] = [result(50), result(50)]
    assert figures.rate(KEY) == 200
    assert figures.ratio(KEY, "stand-in") == 4
    assert figures.latency(KEY, "p99") == 100
    assert figures.cost(KEY) == 10_000
    assert figures.cost(KEY, "cart") == 5_000
    assert figures.cost(KEY, GENERATOR) == 2_500
    assert figures.generator_share(KEY) == 0.5
    assert figures.errors(KEY) == {"500": 2}


def test_what_was_not_measured_is_no_number() -> None:
    figures = Figures()
    figures.results[KEY, "shop"] = [result(0)]
    assert math.isnan(figures.cost(KEY))
    assert math.isnan(figures.ratio(KEY, "stand-in"))
    assert math.isnan(figures.to_itself(("storefront", 32), "purchase"))


@pytest.mark.parametrize(
    ("least", "most", "value", "end"),
    [
        (10, None, 9.9, "9.9  SHORT"),
        (10, None, 10.0, "10  holds"),
        (None, 10, 10.0, "10  holds"),
        (None, 10, 1234.0, "1,234  SHORT"),
        (10, None, math.nan, "not measured"),
    ],
)
def test_an_aim_tells_whether_it_holds(
    least: float | None, most: float | None, value: float, end: str
) -> None:
    aim = Aim("a purchase", lambda _figures: value, "x", least=least, most=most)
    assert aim.told(Figures()).endswith(end)


def test_every_aim_is_of_a_row_that_is_measured() -> None:
    measured = Figures(starts=[1.0], requests=10**6)
    for row in ROWS:
        for clients in row.clients:
            for system in ("shop", "stand-in", "bare aiohttp"):
                measured.results[(row.name, clients), system] = [result(100, cart=1.0)]
    assert [aim.text for aim in AIMS if math.isnan(aim.figure(measured))] == []
    unmeasured = [aim for aim in AIMS if aim.text != "memory (PSS), idle"]
    assert all(aim.told(Figures()).endswith("not measured") for aim in unmeasured)
