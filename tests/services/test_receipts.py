"""An order's receipt: a link that shows that order alone, whoever has it; and its end."""

from __future__ import annotations

import base64
import hashlib
import logging
from typing import Any

import pytest

from services.common.core.clock import seconds_after, utc_now
from services.common.core.errors import NotFound
from services.common.web.keys import DATABASE
from services.order import receipts, transitions
from services.order.model import FORGOTTEN_HOURS, Order
from tests.routes import assert_problem
from tests.schemas import in_memory
from tests.shop import OPERATOR, Reply, Shop, token

from .orders import some_uuid, stored_order

ADA, EVE = token("ada"), token("eve")


@pytest.fixture
async def orders(shop: Shop) -> Shop:
    """A shop with orders alone: nothing moves on by itself."""
    await shop.start("order", peer_deadline=0.02)
    return shop


async def make(shop: Shop, order: Order, key: str = ADA) -> Reply:
    return await shop.call("order", "POST", f"/orders/{order.order_id}/receipt", key=key)


async def link(shop: Shop, order: Order, key: str = ADA) -> str:
    """A new link, as a path."""
    made = await make(shop, order, key)
    assert made.status == 201
    assert made.headers["Location"] == f"/receipts/{made.json['token']}"
    return made.headers["Location"]


async def open_link(shop: Shop, path: str, key: str | None = None) -> Reply:
    return await shop.call("order", "GET", path, key=key)


async def revoke(shop: Shop, order_id: str, key: str = OPERATOR) -> Reply:
    return await shop.call("order", "DELETE", f"/orders/{order_id}/receipt", key=key)


def assert_leads_nowhere(reply: Reply) -> None:
    assert_problem(reply, 404, "receipt_not_found")


@pytest.mark.parametrize(
    "stock_state", ["REQUESTED", "HELD", "COMMITTED", "RETURNED", "RELEASED", "NONE"]
)
async def test_a_receipt_shows_what_its_customer_sees_of_the_order(
    orders: Shop, stock_state: str
) -> None:
    order = await stored_order(orders, stock_state)
    path = f"/orders/{order.order_id}"
    seen = (await orders.call("order", "GET", path, key=ADA)).json
    events = (await orders.call("order", "GET", f"{path}/events", key=ADA)).json
    shown = (await open_link(orders, await link(orders, order))).json
    assert shown.pop("events") == events
    assert shown == {name: seen[name] for name in shown}
    assert shown.keys() == seen.keys() - {
        "user_id",
        "payment_id",
        "stock_state",
        "expires_at",
        "updated_at",
    }


async def test_a_receipt_does_not_tell_who_ordered(orders: Shop) -> None:
    order = await stored_order(orders, "HELD", user_id="somebody-there")
    shown = await open_link(orders, await link(orders, order, OPERATOR))
    assert b"somebody-there" not in shown.body


async def test_a_receipt_is_shown_to_whoever_has_its_link(orders: Shop) -> None:
    path = await link(orders, await stored_order(orders, "COMMITTED"))
    replies = [await open_link(orders, path, key) for key in (None, EVE, OPERATOR, "a wrong key")]
    assert [reply.status for reply in replies] == [200] * 4
    assert len({reply.body for reply in replies}) == 1
    assert replies[0].headers["Cache-Control"] == "no-store"


async def test_a_link_opens_nothing_else(orders: Shop) -> None:
    order = await stored_order(orders, "COMMITTED")
    secret = (await make(orders, order)).json["token"]
    for path in (f"/orders/{order.order_id}", f"/orders/{order.order_id}/events", "/orders"):
        assert_problem(await orders.call("order", "GET", path, key=secret), 401)
    assert_problem(await orders.call("order", "GET", f"/orders/{order.order_id}", key=None), 401)


async def test_a_link_is_32_random_bytes_of_which_the_shop_keeps_a_hash(orders: Shop) -> None:
    secrets = [
        (await make(orders, await stored_order(orders, "HELD"))).json["token"] for _ in range(3)
    ]
    assert len(set(secrets)) == 3
    assert {len(base64.urlsafe_b64decode(f"{each}=")) for each in secrets} == {32}
    kept = await orders.app("order")[DATABASE].read(lambda conn: "\n".join(conn.iterdump()))
    for each in secrets:
        assert each not in kept
        assert hashlib.sha256(each.encode()).hexdigest() in kept


async def test_a_link_is_not_kept_under_an_idempotency_key(orders: Shop) -> None:
    order = await stored_order(orders, "HELD")
    path = f"/orders/{order.order_id}/receipt"
    keyed: dict[str, Any] = {"key": ADA, "headers": {"Idempotency-Key": "k"}}
    made = [(await orders.call("order", "POST", path, **keyed)).json["token"] for _ in range(2)]
    assert made[0] != made[1]
    kept = await orders.app("order")[DATABASE].read(lambda conn: "\n".join(conn.iterdump()))
    assert not [each for each in made if each in kept]


async def test_no_log_has_a_link_in_it(orders: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await orders.start("storefront")
    path = await link(orders, await stored_order(orders, "COMMITTED"))
    await open_link(orders, path)
    await orders.call("storefront", "GET", f"/api{path}", key=None)
    assert (await page_of(orders, path.rpartition("/")[2])).status == 200
    for method, wrong in (("POST", path), ("OPTIONS", path), ("GET", f"{path}/"), ("GET", path)):
        headers = {"Tuckshop-Service": "payment"} if wrong is path else {}
        await orders.call("order", method, wrong, key=None, headers=headers)
        await orders.call("order", method, wrong, key=None)
        await orders.call("storefront", method, f"/api{wrong}", key=None)
        await orders.call("storefront", method, wrong, key=None)
    await orders.stop("order")
    assert (await orders.call("storefront", "GET", f"/api{path}", key=None)).status == 503
    logged = "\n".join(str(vars(each)) for each in caplog.records)
    assert "/receipts/..." in logged
    assert path.rpartition("/")[2] not in logged


async def test_somebody_else_makes_no_link(orders: Shop) -> None:
    order = await stored_order(orders, "HELD")
    mine = await link(orders, order)
    assert_problem(await make(orders, order, EVE), 404, "order_not_found")
    nobodys = f"/orders/{some_uuid()}/receipt"
    assert_problem(await orders.call("order", "POST", nobodys, key=ADA), 404, "order_not_found")
    assert (await open_link(orders, mine)).status == 200


async def test_another_link_ends_the_one_before(orders: Shop) -> None:
    order = await stored_order(orders, "COMMITTED")
    first, second = await link(orders, order), await link(orders, order)
    assert_leads_nowhere(await open_link(orders, first))
    assert (await open_link(orders, second)).status == 200


async def test_each_order_has_a_link_of_its_own(orders: Shop) -> None:
    mine = await stored_order(orders, "HELD")
    theirs = await stored_order(orders, "HELD", user_id="eve")
    for order, key in ((mine, ADA), (theirs, EVE)):
        shown = await open_link(orders, await link(orders, order, key))
        assert shown.json["order_id"] == order.order_id


@pytest.mark.parametrize(
    "changed",
    [
        lambda secret: secret[:-1],
        lambda secret: secret + "=",
        lambda secret: secret.swapcase(),
        lambda secret: hashlib.sha256(secret.encode()).hexdigest(),
        lambda _: "A" * 43,
        lambda _: "%FF",
        lambda _: "%00",
        lambda _: "'%20OR%201=1--",
    ],
    ids=["cut", "padded", "other case", "its hash", "guessed", "no UTF-8", "nul", "SQL"],
)
async def test_what_is_almost_a_link_leads_nowhere(orders: Shop, changed: Any) -> None:
    order = await stored_order(orders, "COMMITTED")
    secret = (await make(orders, order)).json["token"]
    assert_leads_nowhere(await open_link(orders, f"/receipts/{changed(secret)}"))


async def test_the_operator_revokes_a_link_for_good(orders: Shop) -> None:
    order = await stored_order(orders, "COMMITTED")
    path = await link(orders, order)
    for _ in range(2):
        assert (await revoke(orders, order.order_id)).status == 204
        assert_leads_nowhere(await open_link(orders, path))
        assert_problem(await make(orders, order), 409, "receipt_revoked")
    await orders.restart("order")
    assert_leads_nowhere(await open_link(orders, path))


async def test_a_link_that_nobody_made_yet_can_be_ruled_out(orders: Shop) -> None:
    order = await stored_order(orders, "COMMITTED")
    assert (await revoke(orders, order.order_id)).status == 204
    assert_problem(await make(orders, order), 409, "receipt_revoked")


async def test_the_operator_makes_a_link_again_after_revoking_one(orders: Shop) -> None:
    order = await stored_order(orders, "COMMITTED")
    revoked = await link(orders, order)
    await revoke(orders, order.order_id)
    again = await link(orders, order, OPERATOR)
    assert (await open_link(orders, again)).status == 200
    assert_leads_nowhere(await open_link(orders, revoked))
    assert_problem(await make(orders, order), 409, "receipt_revoked")
    assert (await open_link(orders, again)).status == 200
    await revoke(orders, order.order_id)
    assert_leads_nowhere(await open_link(orders, again))


async def test_a_customer_revokes_nothing(orders: Shop) -> None:
    order = await stored_order(orders, "COMMITTED")
    path = await link(orders, order)
    assert_problem(await revoke(orders, order.order_id, ADA), 403, "forbidden")
    assert (await open_link(orders, path)).status == 200
    assert_problem(await revoke(orders, some_uuid()), 404, "order_not_found")


async def test_a_receipt_tells_what_became_of_the_order_since(orders: Shop) -> None:
    order = await stored_order(orders, "HELD")
    path = await link(orders, order)
    await orders.call("order", "POST", f"/orders/{order.order_id}/cancel", key=ADA)
    shown = (await open_link(orders, path)).json
    assert (shown["status"], shown["reason"]) == ("CANCELLED", "customer_request")
    assert shown["events"][-1]["cause"] == "customer_request"


async def test_a_receipt_outlives_a_restart(orders: Shop) -> None:
    path = await link(orders, await stored_order(orders, "COMMITTED"))
    await orders.restart("order")
    assert (await open_link(orders, path)).status == 200


async def test_a_receipt_goes_with_its_rejected_order(orders: Shop) -> None:
    path = await link(orders, await stored_order(orders, "NONE"))
    later = seconds_after(utc_now(), (FORGOTTEN_HOURS + 1) * 3600)
    gone = await orders.app("order")[DATABASE].write(transitions.forget_rejected_orders, later, 100)
    assert gone == 1
    assert_leads_nowhere(await open_link(orders, path))


async def test_the_gateway_shows_a_receipt_without_a_key(orders: Shop) -> None:
    await orders.start("storefront")
    path = await link(orders, await stored_order(orders, "COMMITTED"))
    through = await orders.call("storefront", "GET", f"/api{path}", key=None)
    assert through.body == (await open_link(orders, path)).body
    assert_leads_nowhere(await orders.call("storefront", "GET", f"/api{path}x", key=None))
    refused = await orders.call("storefront", "DELETE", f"/api{path}", key=None)
    assert_problem(refused, 405, "method_not_allowed")


async def test_a_page_is_there_for_each_receipt_and_for_no_other_link(orders: Shop) -> None:
    await orders.start("storefront")
    secret = (await make(orders, order := await stored_order(orders, "COMMITTED"))).json["token"]
    page = await page_of(orders, secret)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    others = [await page_of(orders, other) for other in (f"{secret}x", "any", "%2F", "%FF")]
    await revoke(orders, order.order_id)
    others.append(await page_of(orders, secret))
    assert [(other.status, other.body) for other in others] == [(404, page.body)] * 5


async def test_the_page_of_a_receipt_is_there_while_orders_are_not(orders: Shop) -> None:
    await orders.start("storefront")
    await orders.stop("order")
    assert (await page_of(orders, "any")).status == 200


async def page_of(shop: Shop, secret: str) -> Reply:
    accept = {"Accept": "text/html"}
    return await shop.call("storefront", "GET", f"/receipt/{secret}", key=None, headers=accept)


def test_a_receipt_is_found_by_an_index() -> None:
    conn = in_memory("orders.db")
    statements: list[str] = []
    conn.set_trace_callback(statements.append)
    with pytest.raises(NotFound):
        receipts.read_receipt(conn, "a hash")
    conn.set_trace_callback(None)
    plan = [row["detail"] for row in conn.execute(f"EXPLAIN QUERY PLAN {statements[0]}")]
    conn.close()
    assert ["INDEX orders_by_receipt" in step for step in plan] == [True], plan
