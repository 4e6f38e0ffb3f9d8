"""The table of what was measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from .figures import BESIDE, GENERATOR, SHOP, Figures
from .rows import Cell

PROCESSES = ("run.py", "registry", "cart", "catalog", "order", "payment", "storefront")
FULL = 0.85
"""Of a core: a load generator that uses more is what was measured."""


def head(others: Sequence[str]) -> str:
    """The table's head. The shop is compared with each of the others."""
    return _line(
        ("", "clients", "", "a second", "p50 ms", "p99 ms"),
        [f"x {name}" for name in others],
        ("errors", "µs each", *PROCESSES, GENERATOR),
    )


def lines(cell: Cell, figures: Figures, others: Sequence[str]) -> Iterator[str]:
    """A line for each system that was measured."""
    for system in (SHOP, *others):
        if not figures.of(cell.key, system):
            continue
        is_shop = system == SHOP
        done = (
            *((cell.row.text, str(cell.clients)) if is_shop else ("", "")),
            system,
            _number(figures.rate(cell.key, system)),
            *(_number(figures.latency(cell.key, part, system), 1) for part in ("p50", "p99")),
        )
        ratios = [figures.ratio(cell.key, other) if is_shop else math.nan for other in others]
        costs = [figures.cost(cell.key, name, system) for name in ("", *PROCESSES, GENERATOR)]
        errors = sum(figures.errors(cell.key, system).values())
        used = (f"{errors:,}", *(_number(cost or math.nan) for cost in costs))
        yield _line(done, [_number(ratio, 2) for ratio in ratios], used) + _notes(
            cell, figures, system
        )


def _notes(cell: Cell, figures: Figures, system: str) -> str:
    notes = []
    ratio = figures.to_itself(cell.key, cell.row.to_itself)
    if not math.isnan(ratio):
        notes.append(f"{_number(ratio, 2)} of {cell.row.to_itself}")
    if figures.of(cell.key, BESIDE):
        notes.append(f"beside {figures.rate(cell.key, BESIDE):.0f} purchases/s")
    if (share := figures.generator_share(cell.key, system)) > FULL:
        notes.append(f"the load generator is what was measured: {share:.0%} of a core")
    notes += [f"{count:,} x {error}" for error, count in figures.errors(cell.key, system).items()]
    return "".join(f"  {note};" for note in notes).rstrip(";")


def _line(done: Sequence[str], ratios: Sequence[str], used: Sequence[str]) -> str:
    text, clients, system, *numbers = done
    return (
        f"{text:36}{clients:>8}  {system:14}"
        + "".join(f"{number:>9}" for number in numbers)
        + "".join(f"{ratio:>15}" for ratio in ratios)
        + "".join(f"{number:>11}" for number in used)
    )


def _number(value: float, decimals: int = 0) -> str:
    return "" if math.isnan(value) else f"{value:,.{decimals}f}"
