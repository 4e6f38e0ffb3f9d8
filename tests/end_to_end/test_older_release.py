"""A shop whose data was written by release 0.1.0, in the midst of purchases, goes on with this one.

`tests/data/release-0.1.0` has the databases of such a shop, whose processes were killed, and some
of the answers that it gave.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import jwt
import pytest

from client import OrderLine, ShopClient
from services.common.storage.migrations import migrate
from services.operations import OperationError
from services.operations.audit.command import look
from services.operations.backup import command as backup
from services.operations.backup import restore
from services.operations.backup.files import write_manifest
from services.operations.databases import DATABASES, schema_of
from tests.services.peers import order_is
from tests.shop import open_shop, until
from tests.token_keys import token_of_old

from .real_shop import OPERATOR, RealShop, free_base_port, run

RELEASE = Path(__file__).parents[1] / "data" / "release-0.1.0"
ANSWERS: dict[str, Any] = json.loads((RELEASE / "answers.json").read_text())


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A data folder of release 0.1.0."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in DATABASES:
        shutil.copyfile(RELEASE / name, folder / name)
    return folder


def digests(folder: Path) -> dict[str, str]:
    """What is in a folder, byte for byte."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


async def test_the_data_of_an_older_release_is_opened_settled_and_sold_from(older: Path) -> None:
    shop = RealShop(older, free_base_port())
    try:
        shop.ready()
        async with ShopClient(shop.registry_url, api_key=OPERATOR) as client:

            async def is_settled() -> bool:
                payment = await client.payments.get(ANSWERS["eve_payment"]["payment_id"])
                order = await client.orders.get(ANSWERS["gus_order"]["order_id"])
                return payment.status == "COMPLETED" and order.stock_state != "REQUESTED"

            await until(is_settled)
            paid = await client.orders.get(ANSWERS["eve_order"]["order_id"])
            assert (paid.status, paid.payment_id) == ("PAID", ANSWERS["eve_payment"]["payment_id"])
            order = await client.orders.create("hal", [OrderLine(product_id=1, quantity=1)])
            receipt = await client.payments.pay(order.order_id, order.total_amount)
            assert receipt.order_status == "PAID"
            cart = await client.cart.get("fay")
            assert [(item.product_id, item.quantity) for item in cart.items] == [(7, 4)]
        audit = run("audit", "--data-dir", str(older))
        assert audit.returncode == 0, audit.stdout
        assert shop.stop() == 0
    finally:
        shop.kill()
    assert not look(older).breaches


@pytest.mark.parametrize(
    ("path", "key", "body", "status", "answer"),
    [
        ("/orders", "ada-order", {"user_id": "ada"}, 201, "ada_order"),
        (
            "/orders",
            "dan-order",
            {"user_id": "dan", "items": [{"product_id": 5, "quantity": 1000}]},
            409,
            "dan_rejection",
        ),
    ],
)
async def test_a_repeat_of_a_request_to_an_older_release_gets_its_answer(
    older: Path, path: str, key: str, body: Any, status: int, answer: str
) -> None:
    async with open_shop(older) as shop:
        await shop.start("registry", "order")
        reply = await shop.call("order", "POST", path, json=body, idempotency_key=key)
    assert (reply.status, reply.headers["Idempotent-Replayed"]) == (status, "true")
    assert json.loads(reply.body) == ANSWERS[answer]


@pytest.mark.parametrize("answer", ["ada_order", "eve_order"])
async def test_an_order_of_then_is_read_with_its_prices_and_its_total(
    older: Path, answer: str
) -> None:
    then = ANSWERS[answer]
    async with open_shop(older) as shop:
        await shop.start("registry", "order")
        path = f"/orders/{then['order_id']}"
        now = json.loads((await shop.call("order", "GET", path)).body)
    assert now["items"] == then["items"]
    assert now["total_amount"] == then["total_amount"]


async def test_an_order_of_then_is_refused_if_the_price_it_insisted_on_has_changed(
    older: Path,
) -> None:
    order_id = ANSWERS["gus_order"]["order_id"]
    with closing(sqlite3.connect(older / "orders.db")) as conn:
        conn.execute(
            "UPDATE orders SET items = replace(items, '\"expected_cents\":null',"
            " '\"expected_cents\":1'), expires_at = '2999-01-01T00:00:00.000Z' WHERE order_id = ?",
            (order_id,),
        )
        conn.commit()
    async with open_shop(older) as shop:
        await shop.start("registry", "catalog", "order")
        refused = await order_is(shop, order_id, "REJECTED", "NONE")
    assert refused["reason"] == "price_changed"


async def test_a_token_of_then_is_good_and_is_renewed_to_one_of_now(older: Path) -> None:
    ada = token_of_old("ada")
    async with open_shop(older) as shop:
        await shop.start("registry", "order", "storefront")
        orders = (await shop.call("order", "GET", "/orders", key=ada)).json
        assert ANSWERS["ada_order"]["order_id"] in {order["order_id"] for order in orders}
        assert (await shop.call("storefront", "GET", "/api/orders", key=ada)).json == orders
        renewed = (await shop.call("storefront", "POST", "/api/session", key=ada)).json
        assert renewed["user_id"] == "ada"
        assert "kid" in jwt.get_unverified_header(renewed["token"])
        assert (await shop.call("order", "GET", "/orders", key=renewed["token"])).json == orders


def test_an_audit_of_an_older_release_changes_nothing(older: Path) -> None:
    before = digests(older)
    found = look(older)
    assert (found.running, found.breaches) == (False, [])
    assert ("payments", "4: 1 COMPLETED, 1 FAILED, 1 PENDING, 1 REFUNDED") in found.figures.lines
    assert digests(older) == before


def test_an_audit_of_an_older_release_finds_a_breach(older: Path) -> None:
    with closing(sqlite3.connect(older / "products.db")) as conn:
        conn.execute("UPDATE products SET available = available + 1 WHERE id = 1")
        conn.commit()
    assert [breach.what for breach in look(older).breaches] == ["available"]


def test_a_backup_of_an_older_release_is_a_copy_and_can_be_restored(
    older: Path, tmp_path: Path
) -> None:
    taken, data = tmp_path / "backup", tmp_path / "restored"
    before = digests(older)
    assert backup.main([str(taken), "--data-dir", str(older)]) == 0
    assert digests(older) == before
    assert restore.main([str(taken), "--data-dir", str(data)]) == 0
    with closing(sqlite3.connect(data / "orders.db")) as conn:
        columns = {row[1] for row in conn.execute("PRAGMA table_info (orders)")}
    assert "refusal" in columns  # as it was: the service migrates it when it opens it
    assert not look(data).breaches


def test_a_database_of_a_newer_release_is_refused_in_a_sentence(older: Path) -> None:
    with closing(sqlite3.connect(older / "orders.db")) as conn:
        conn.executescript(
            "DROP TABLE schema_migrations;"
            "CREATE TABLE schema_migrations (series TEXT, number INTEGER, checksum TEXT);"
            "INSERT INTO schema_migrations VALUES ('order', 1, ''), ('order', 9, '')"
        )
    sentence = "orders.db was written by a newer release"
    with pytest.raises(OperationError, match=sentence):
        look(older)
    started = run("--data-dir", str(older), "--base-port", str(free_base_port()))
    assert started.returncode == 1
    assert sentence in started.stderr + started.stdout
    assert "Traceback" not in started.stderr + started.stdout


@pytest.fixture(
    params=[
        ("JPY", "whose amounts were kept with 2 decimals, and ISO 4217 gives it 0"),
        ("KWD", "whose amounts were kept with 2 decimals, and ISO 4217 gives it 3"),
        ("XXX", "in which no shop can sell now"),
    ],
    ids=["JPY", "KWD", "XXX"],
)
def not_ours(request: pytest.FixtureRequest, older: Path) -> str:
    """Why the folder of the older release is refused now: the sentence."""
    code, reason = request.param
    for name in DATABASES:
        with closing(sqlite3.connect(older / name)) as conn:
            conn.execute("UPDATE opened_in SET currency = ?", (code,))
            conn.commit()
    way_out = "go on with the release that opened it, or give another --data-dir."
    return f"run.py: This shop was opened in {code}, {reason}: {way_out}\n"


def test_a_shop_whose_amounts_cannot_be_read_is_not_started_and_left_to_its_release(
    older: Path, not_ours: str
) -> None:
    before = digests(older)
    started = run("--data-dir", str(older), "--base-port", str(free_base_port()))
    assert (started.returncode, started.stdout, started.stderr) == (1, "", not_ours)
    assert digests(older) == before | {"run.lock": digests(older)["run.lock"]}


def test_each_command_refuses_a_shop_whose_amounts_cannot_be_read(
    older: Path, not_ours: str, tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    shutil.copytree(older, taken)
    write_manifest(taken, "2026-01-01T00:00:00.000Z")
    before = digests(older)
    for arguments in (
        ["audit", "--data-dir", str(older)],
        ["status", "--data-dir", str(older)],
        ["backup", str(tmp_path / "backup"), "--data-dir", str(older)],
        ["restore", str(taken), "--data-dir", str(tmp_path / "restored")],
    ):
        done = run(*arguments)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", not_ours)
    assert digests(older) == before


def test_amounts_are_migrated_without_loss_and_orders_stay_as_they_were_written(
    older: Path,
) -> None:
    columns = {
        "products": "price_{0}, price",
        "orders": "expected_total_{0}, total_{0}, total_amount, items",
        "payments": "amount_{0}, refunded_{0}, amount",
    }
    for name, amounts in columns.items():
        path = older / f"{name}.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as conn:
            query = f"SELECT {amounts} FROM {name} ORDER BY created_at"
            before = conn.execute(query.format("cents")).fetchall()
            migrate(conn, schema_of(path.name), path.name)
            assert conn.execute(query.format("minor")).fetchall() == before != []
