"""The table of what was measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from .figures import BESIDE, GENERATOR, SHOP, Figures
from .rows import Cell

PROCESSES = ("run.py", "registry", "cart", "catalog", "order", "payment", "storefront")
FULL = 0.85
"""Of a core: a load generator that uses more is what was measured."""
_WIDTHS = (36, 8, 14, 9, 9, 9)


def head(others: Sequence[str]) -> str:
    """The table's head. The shop is compared with each of the others."""
    first = ("", "clients", "", "a second", "p50 ms", "p99 ms")
    return (
        _line(first)
        + "".join(f"{'x ' + name:>15}" for name in others)
        + f"{'errors':>8}{'µs each':>9}"
        + "".join(f"{name:>11}" for name in (*PROCESSES, GENERATOR))
    )


def lines(cell: Cell, figures: Figures, others: Sequence[str]) -> Iterator[str]:
    """A line for each system that was measured."""
    for system in (SHOP, *others):
        if not figures.of(cell.key, system):
            continue
        is_first = system == SHOP
        text = (cell.row.text, str(cell.clients)) if is_first else ("", "")
        latencies = (figures.latency(cell.key, part, system) for part in ("p50", "p99"))
        numbers = (
            _number(figures.rate(cell.key, system), 0),
            *(_number(latency, 1) for latency in latencies),
        )
        yield (
            _line((*text, system, *numbers))
            + "".join(
                f"{_number(figures.ratio(cell.key, other), 2) if is_first else '':>15}"
                for other in others
            )
            + f"{sum(figures.errors(cell.key, system).values()):>8,}"
            + f"{_number(figures.cost(cell.key, system=system), 0):>9}"
            + "".join(
                f"{_number(figures.cost(cell.key, name, system) or math.nan, 0):>11}"
                for name in (*PROCESSES, GENERATOR)
            )
            + _notes(cell, figures, system)
        )


def _notes(cell: Cell, figures: Figures, system: str) -> str:
    notes = []
    if cell.row.to_itself:
        ratio = figures.to_itself(cell.key, cell.row.to_itself)
        notes.append(f"{_number(ratio, 2)} of {cell.row.to_itself}")
    if figures.of(cell.key, BESIDE):
        notes.append(f"beside {figures.rate(cell.key, BESIDE):.0f} purchases/s")
    if (share := figures.generator_share(cell.key, system)) > FULL:
        notes.append(f"the load generator is what was measured: {share:.0%} of a core")
    notes += [f"{count:,} x {error}" for error, count in figures.errors(cell.key, system).items()]
    return "".join(f"  {note};" for note in notes).rstrip(";")


def _line(cells: Sequence[str]) -> str:
    left = f"{cells[0]:{_WIDTHS[0]}}{cells[1]:>{_WIDTHS[1]}}  {cells[2]:{_WIDTHS[2]}}"
    pairs = zip(cells[3:], _WIDTHS[3:], strict=True)
    return left + "".join(f"{text:>{width}}" for text, width in pairs)


def _number(value: float, decimals: int) -> str:
    return "" if math.isnan(value) else f"{value:,.{decimals}f}"
