"""The audit of shops in yen and in dinars: the same proof, told in the currency's own decimals."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from services.operations import OperationError
from services.operations.audit.command import look, main
from tests.shop import open_shop

from .planted import Folder, fill

SHOPS = {"JPY": ("250", "101"), "KWD": ("2.505", "0.101")}
"""The prices of pears and of limes."""


@pytest.fixture(params=SHOPS)
def code(request: pytest.FixtureRequest) -> str:
    """The currency of the shop."""
    return str(request.param)


@pytest.fixture
async def folder(tmp_path: Path, code: str) -> Folder:
    """The folder of a shop that was stopped."""
    async with open_shop(tmp_path) as shop:
        await shop.start_all(currency=code)
        return Folder(tmp_path, await fill(shop, *SHOPS[code]))


TOLD = {
    "JPY": "money JPY   851 taken, 250 refunded, 601 held",
    "KWD": "money KWD   7.616 taken, 2.505 refunded, 5.111 held",
}


def test_the_money_is_told_in_its_decimals(
    folder: Folder, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data-dir", str(folder.path)]) == 0
    assert TOLD[code] in capsys.readouterr().out.splitlines()


def test_a_total_that_is_one_of_the_smallest_unit_off_is_named(folder: Folder, code: str) -> None:
    folder.plant("orders", "UPDATE orders SET total_minor = total_minor + 1 WHERE order_id = :paid")
    total, wrong = {"JPY": ("601", "602"), "KWD": ("5.111", "5.112")}[code]
    first, second, _ = look(folder.path).breaches
    assert (first.found, first.expected) == (f"of {total} {code}", f"of {wrong} {code}")
    assert (second.found, second.expected) == (wrong, f"{total}, by its items")


def test_sums_beyond_what_sqlite_can_hold_are_told(folder: Folder, code: str) -> None:
    with closing(sqlite3.connect(folder.path / "payments.db")) as conn, conn:
        conn.executemany(
            "INSERT INTO payments (payment_id, order_id, amount_minor, refunded_minor, currency,"
            " minor_per_major, status, created_at, updated_at)"
            f" VALUES (?, ?, {10**15}, {10**15}, ?, 1, 'REFUNDED', '', '')",
            [(f"p{number}", f"o{number}", code) for number in range(9300)],
        )
    told = dict(look(folder.path).figures.lines)[f"money {code}"]
    refunded = {"JPY": "9300000000000000250", "KWD": "9300000000000002.505"}[code]
    assert f" {refunded} refunded, " in told


def test_a_shop_whose_amounts_cannot_be_read_is_refused_in_a_sentence(
    folder: Folder, code: str
) -> None:
    folder.plant("payments", "UPDATE opened_in SET decimals = 2")
    with pytest.raises(OperationError, match=f"^This shop was opened in {code}, whose amounts"):
        look(folder.path)
