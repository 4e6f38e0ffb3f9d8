"""What is under way is not wrong, and a running shop is looked at twice."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from functools import partial

import pytest

from services.common.storage.filelock import FileLock
from services.operations.audit import command as audit
from services.operations.audit.command import look, look_again, main
from tests.shop import Shop

from .planted import Folder

WRONG = "UPDATE products SET sold = 0 WHERE id = :pears"
RIGHT = "UPDATE products SET sold = 2 WHERE id = :pears"

ANSWER_LOST = [
    (
        "orders",
        "UPDATE orders SET stock_state = 'COMMIT_DUE' WHERE order_id = :paid",
        "DELETE FROM order_events WHERE order_id = :paid AND stock_state = 'COMMITTED'",
        "1 order PAID COMMIT_DUE",
    ),
    (
        "orders",
        "UPDATE orders SET stock_state = 'RETURN_DUE' WHERE order_id = :refunded",
        "DELETE FROM order_events WHERE order_id = :refunded AND stock_state = 'RETURNED'",
        "1 order REFUNDED RETURN_DUE",
    ),
    (
        "orders",
        "UPDATE orders SET stock_state = 'RELEASE_DUE' WHERE order_id = :cancelled",
        "DELETE FROM order_events WHERE order_id = :cancelled AND stock_state = 'RELEASED'",
        "1 order CANCELLED RELEASE_DUE",
    ),
    (
        "orders",
        "UPDATE orders SET stock_state = 'REQUESTED', total_minor = NULL,"
        " items = json_set(items, '$[0].price_minor', NULL) WHERE order_id = :held",
        "DELETE FROM order_events WHERE order_id = :held AND stock_state = 'HELD'",
        "1 order CREATED REQUESTED",
    ),
    (
        "orders",
        "UPDATE orders SET cart_state = 'DUE' WHERE order_id = :paid",
        "UPDATE orders SET cart_left_version = NULL WHERE order_id = :paid",
        "1 cart to close",
    ),
    (
        "orders",
        "UPDATE orders SET expires_at = '2020-01-01T00:00:00.000Z' WHERE order_id = :held",
        "UPDATE orders SET expires_at = '2020-01-01T00:00:00.000Z' WHERE order_id = :paid",
        "1 order to expire",
    ),
    (
        "payments",
        "UPDATE payments SET status = 'PENDING' WHERE payment_id = :payment",
        "UPDATE payments SET user_id = NULL WHERE payment_id = :payment",
        "1 payment PENDING",
    ),
    (
        "payments",
        "UPDATE payments SET status = 'REFUNDING' WHERE payment_id = :refund",
        "UPDATE payments SET refunded_minor = 0 WHERE payment_id = :refund",
        "1 payment REFUNDING",
    ),
]


@pytest.mark.parametrize(("database", "first", "second", "message"), ANSWER_LOST)
def test_a_step_whose_answer_was_lost_is_in_flight_and_not_wrong(
    folder: Folder, database: str, first: str, second: str, message: str
) -> None:
    folder.plant(database, first, second)
    found = folder.look()
    assert found.breaches == []
    (in_flight,) = found.figures.in_flight
    assert in_flight.startswith(f"{message}, since 20")


async def test_what_waits_for_a_service_that_is_away_is_in_flight_and_not_wrong(
    four_services: Shop,
) -> None:
    shop = four_services
    product = await shop.product()
    to_pay, to_cancel, to_refund = [await shop.order(product) for _ in range(3)]
    payment_id = (await shop.pay(to_refund)).json["payment_id"]
    await shop.call("cart", "POST", f"/cart/ben/add?product_id={product}")
    await shop.stop("catalog")
    replies = await asyncio.gather(
        shop.call("order", "POST", "/orders", json={"user_id": "ben"}),
        shop.pay(to_pay),
        shop.call("order", "POST", f"/orders/{to_cancel['order_id']}/cancel"),
        shop.call("payment", "POST", f"/payments/{payment_id}/refund"),
    )
    assert [reply.status for reply in replies] == [202, 200, 200, 200]
    found = look(shop.folder)
    assert found.breaches == []
    assert [each.split(", since")[0] for each in found.figures.in_flight] == [
        "1 order CANCELLED RELEASE_DUE",
        "1 order CREATED REQUESTED",
        "1 order PAID COMMIT_DUE",
        "1 order REFUNDED RETURN_DUE",
    ]


def test_what_is_in_flight_is_counted(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    folder.plant("payments", "UPDATE payments SET status = 'PENDING' WHERE payment_id = :payment")
    assert main(["--data-dir", str(folder.path)]) == 0
    assert "in flight   1 payment PENDING, since 20" in capsys.readouterr().out


@pytest.fixture
def in_use(folder: Folder) -> Iterator[Folder]:
    """One that a running shop says is its own."""
    with FileLock(folder.path / "run.lock"):
        yield folder


def test_a_breach_that_is_gone_at_a_second_look_is_no_breach(in_use: Folder) -> None:
    in_use.plant("products", WRONG)
    first = in_use.look()
    assert first.running
    assert first.breaches
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            in_use.plant("products", RIGHT)

    assert look_again(in_use.path, first, within=60.0, pause=pause).breaches == []
    assert len(pauses) == 3


def test_a_breach_whose_numbers_change_between_looks_is_a_breach(in_use: Folder) -> None:
    in_use.plant("products", WRONG)

    def pause(_: float) -> None:
        in_use.plant("products", "UPDATE products SET sold = sold + 10 WHERE id = :pears")

    found = look_again(in_use.path, in_use.look(), within=0.05, pause=pause)
    (breach,) = found.breaches
    assert (breach.service, breach.what) == ("catalog", "sold")


def test_breaches_of_other_rows_at_other_looks_are_no_breach(in_use: Folder) -> None:
    in_use.plant("products", WRONG)

    def pause(_: float) -> None:
        in_use.plant("products", RIGHT, "UPDATE products SET sold = 0 WHERE id = :limes")

    found = look_again(in_use.path, in_use.look(), within=60.0, pause=pause)
    assert found.breaches == []


def test_a_stopped_shop_is_read_only_once(
    folder: Folder, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.plant("products", WRONG)
    began = time.monotonic()
    assert main(["--data-dir", str(folder.path)]) == 1
    assert time.monotonic() - began < 5.0
    assert "looking again" not in capsys.readouterr().out


def test_a_breach_in_a_running_shop_is_reported_as_seen_twice(
    in_use: Folder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "SETTLED_WITHIN", 0.1)
    in_use.plant("products", WRONG)
    assert main(["--data-dir", str(in_use.path)]) == 1
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("1 row may be wrong. The shop is running,")
    assert re.match(r"1 row wrong at every look for \d+\.\d s", last)


def test_a_running_shop_that_is_clean_at_the_second_look_is_reported_as_clean(
    in_use: Folder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_use.plant("products", WRONG)
    mended = partial(look_again, pause=lambda _: in_use.plant("products", RIGHT))
    monkeypatch.setattr(audit, "look_again", mended)
    assert main(["--data-dir", str(in_use.path)]) == 0
    *_, said, verdict = capsys.readouterr().out.splitlines()
    assert said == "What did not fit at first does now."
    assert verdict.startswith("Clean:")


async def test_a_shop_that_is_busy_selling_is_clean(four_services: Shop) -> None:
    shop = four_services
    product = await shop.product(stock=1000)
    sold = 0

    async def buy(user_id: str) -> None:
        nonlocal sold
        while not audited.done():
            assert (await shop.pay(await shop.order(product, user_id=user_id))).status == 200
            sold += 1

    async with asyncio.TaskGroup() as group:
        audited = group.create_task(asyncio.to_thread(main, ["--data-dir", str(shop.folder)]))
        for user_id in ("ada", "ben", "cleo", "dan"):
            group.create_task(buy(user_id))
    assert audited.result() == 0
    assert sold
