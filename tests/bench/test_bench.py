"""The bench itself, in a short run of few rows; and that a shop which was made large is sound."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.real_shop import ROOT, call

from .bulk import Size
from .growth import opened

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what is measured"),
]


@pytest.mark.timeout(180)
def test_a_quick_run_prints_its_rows_and_what_is_aimed_at_and_ends_with_a_clean_audit() -> None:
    rows = ["list", "list-busy", "pay", "purchase", "storefront"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick", "--rows", *rows],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    table, _, rest = done.stdout.partition("\nready in ")
    systems = [line[46:60].strip() for line in table.splitlines()[1:]]
    assert [systems.count(name) for name in ("shop", "stand-in", "bare aiohttp")] == [8, 6, 6]
    aims = [line for line in rest.splitlines() if line.endswith(("holds", "SHORT"))]
    assert any(line.startswith("whole purchase, 32 clients") for line in aims)
    assert "Clean: orders, money and stock agree" in rest


@pytest.mark.timeout(120)
def test_a_shop_that_was_made_large_sells_and_passes_the_audit(tmp_path: Path) -> None:
    shop = opened(tmp_path / "large", "large", Size(products=30, orders=60, carts=20))
    try:
        assert {product_id for product_id, _ in shop.target.products} == set(range(1, 31))
        status, order = call("POST", f"{shop.url('order')}/orders", {"user_id": "grown-7"})
        assert (status, order["items"][0]["product_id"]) == (201, 108)
    finally:
        shop.stop()
    audit = shop.audit()
    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert "orders      62: 61 PAID, 1 CREATED" in audit.stdout
