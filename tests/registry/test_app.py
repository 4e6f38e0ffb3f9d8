"""The registry's routes: what each answers, and what each refuses."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import datetime
from typing import Any

import pytest
from aiohttp import web
from openapi_schema_validator import OAS31Validator

from registry import hub
from services.common.core.clock import utc_now
from services.common.web import paging
from tests.registry.requests import (
    CART,
    OTHER_URL,
    URL,
    ask,
    beat,
    drain,
    happened,
    register,
    states,
)
from tests.routes import assert_problem
from tests.shop import Shop, until

INSTANCE = {
    *("service", "instance_id", "url", "state", "version", "meta", "ttl", "expires_in"),
    *("registered_at", "reason"),
}


async def test_an_instance_registers_and_is_told_its_lease_and_its_shop(shop: Shop) -> None:
    reply = await ask(shop, "PUT", CART, {"url": URL, "version": "1.2", "meta": {"zone": "a"}})
    assert reply.status == 201
    told = reply.json
    more = {"lease", "heartbeat_every", "index", "epoch", "shop", "token_keys"}
    assert told.keys() == INSTANCE | more
    assert (told["service"], told["instance_id"], told["url"]) == ("cart", "cart-1", URL)
    assert (told["state"], told["reason"]) == ("up", None)
    assert (told["version"], told["meta"]) == ("1.2", {"zone": "a"})
    assert (told["ttl"], told["heartbeat_every"]) == (6, 2)
    assert 5 < told["expires_in"] <= 6
    assert datetime.fromisoformat(told["registered_at"]).utcoffset() is not None


async def test_registering_again_is_200_and_a_new_lease(shop: Shop) -> None:
    first = await register(shop)
    reply = await ask(shop, "PUT", CART, {"url": URL})
    assert reply.status == 200
    assert reply.json["lease"] != first["lease"]
    assert reply.json["shop"] == first["shop"]
    assert reply.json["index"] > first["index"]


async def test_nobody_else_sees_the_lease(shop: Shop) -> None:
    lease = (await register(shop))["lease"]
    for path in ("/services", "/services/cart", "/history"):
        assert lease.encode() not in (await ask(shop, "GET", path)).body


async def test_a_heartbeat_renews_the_lease_and_raises_no_index(shop: Shop) -> None:
    registered = await register(shop)
    reply = await beat(shop, registered["lease"])
    assert reply.status == 200
    assert reply.json.keys() == INSTANCE
    assert (await ask(shop, "GET", "/services")).json["index"] == registered["index"]


async def test_a_heartbeat_of_an_unknown_instance_is_404(shop: Shop) -> None:
    assert_problem(await beat(shop, "made-up"), 404, "unknown_instance")


async def test_a_heartbeat_under_an_old_lease_is_409(shop: Shop) -> None:
    old = (await register(shop))["lease"]
    await register(shop)
    assert_problem(await beat(shop, old), 409, "superseded")


@pytest.mark.parametrize("spelling", [URL, f"{URL}/", URL.upper(), "http://127.0.0.1:009"])
async def test_a_registration_at_the_url_of_another_supersedes_it(
    shop: Shop, spelling: str
) -> None:
    old = (await register(shop))["lease"]
    registered = await register(shop, "/services/cart/cart-2", spelling)
    assert registered["url"] == URL
    assert await states(shop) == {"cart-2": "up"}
    assert_problem(await beat(shop, old), 409, "superseded")
    assert await happened(shop) == [
        ("registered", "cart-1"),
        ("superseded", "cart-1"),
        ("registered", "cart-2"),
    ]


async def test_the_same_url_may_be_registered_in_another_service(shop: Shop) -> None:
    await register(shop)
    await register(shop, "/services/order/order-1")
    assert (await states(shop), await states(shop, "order")) == (
        {"cart-1": "up"},
        {"order-1": "up"},
    )


@pytest.mark.usefixtures("leases_end_on_time")
async def test_an_instance_whose_lease_is_not_renewed_is_suspect_and_then_down(
    shop: Shop,
) -> None:
    registered = await register(shop, ttl=0.05)

    async def what_happened() -> list[str]:
        return [what for what, _ in await happened(shop)]

    async def is_down() -> bool:
        return (await what_happened())[-1] == "down"

    await until(is_down)
    assert await what_happened() == ["registered", "suspect", "down"]
    assert await states(shop) == {"cart-1": "down"}
    assert (await beat(shop, registered["lease"])).json["state"] == "up"


@pytest.mark.usefixtures("leases_end_on_time")
async def test_a_registry_that_was_paused_suspects_nobody_for_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(shop)
    clock = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: clock() + 14)

    async def lease_goes_on() -> bool:
        (instance,) = (await ask(shop, "GET", "/services/cart")).json["instances"]
        return bool(instance["expires_in"])

    await until(lease_goes_on)
    assert await states(shop) == {"cart-1": "up"}
    assert await happened(shop) == [("registered", "cart-1")]


async def test_an_instance_can_drain_itself_until_its_lease_ends(shop: Shop) -> None:
    lease = (await register(shop))["lease"]
    assert (await drain(shop, lease=lease))["state"] == "draining"
    assert (await drain(shop, state="up", lease=lease))["state"] == "up"
    await drain(shop, lease=lease)
    assert (await register(shop))["state"] == "up"


async def test_an_instance_cannot_be_drained_with_the_lease_of_another(shop: Shop) -> None:
    await register(shop)
    reply = await ask(shop, "PUT", f"{CART}/state", {"state": "draining", "lease": "made-up"})
    assert_problem(reply, 409, "superseded")
    assert await states(shop) == {"cart-1": "up"}


async def test_an_override_outlives_registration_and_the_instance_cannot_lift_it(
    shop: Shop,
) -> None:
    await register(shop)
    registered = await drain(shop)
    assert (registered["state"], registered["reason"]) == ("draining", "drained by the operator")
    again = await register(shop)
    assert again["state"] == "draining"
    assert (await drain(shop, state="up", lease=again["lease"]))["state"] == "draining"
    assert (await beat(shop, again["lease"])).json["state"] == "draining"
    assert (await drain(shop, state="up"))["state"] == "up"


async def test_an_instance_that_is_away_can_be_drained(shop: Shop) -> None:
    await register(shop)
    await drain(shop)
    await ask(shop, "DELETE", CART)
    for _ in range(2):
        assert await drain(shop) == {
            "service": "cart",
            "instance_id": "cart-1",
            "state": "down",
            "reason": "not registered; drained by the operator",
        }
    assert (await register(shop))["state"] == "draining"


async def assert_as_documented(shop: Shop, path: str, answer: Any) -> None:
    """The 200 of a PUT of that path has the schema that the document tells, which is no bare
    object.
    """
    document = (await ask(shop, "GET", "/openapi.json")).json
    told = document["paths"][path]["put"]["responses"]["200"]["content"]["application/json"]
    assert told["schema"] != {"type": "object"}
    schema = {**told["schema"], "components": document["components"]}
    OAS31Validator(schema).validate(answer)


async def test_the_document_tells_the_answer_of_an_instance_that_is_away(shop: Shop) -> None:
    path = "/services/{service}/{instance_id}/state"
    await register(shop)
    await assert_as_documented(shop, path, await drain(shop))
    await ask(shop, "DELETE", CART)
    await assert_as_documented(shop, path, await drain(shop))


async def test_the_document_tells_the_answer_to_a_registration(shop: Shop) -> None:
    await assert_as_documented(shop, "/services/{service}/{instance_id}", await register(shop))


async def test_an_override_can_be_lifted_while_the_instance_is_away(shop: Shop) -> None:
    await register(shop)
    await drain(shop)
    await ask(shop, "DELETE", CART)
    assert (await drain(shop, state="up"))["reason"] == "not registered"
    reply = await ask(shop, "PUT", f"{CART}/state", {"state": "up"})
    assert_problem(reply, 404, "unknown_instance")
    assert (await register(shop))["state"] == "up"


async def test_an_override_of_an_unknown_instance_is_404(shop: Shop) -> None:
    reply = await ask(shop, "PUT", f"{CART}/state", {"state": "draining"})
    assert_problem(reply, 404, "unknown_instance")


@pytest.mark.parametrize("state", ["down", "suspect", "UP", "", None, 1])
async def test_an_override_is_up_or_draining(shop: Shop, state: Any) -> None:
    await register(shop)
    assert_problem(await ask(shop, "PUT", f"{CART}/state", {"state": state}), 422)


async def test_an_instance_can_be_removed(shop: Shop) -> None:
    lease = (await register(shop))["lease"]
    reply = await ask(shop, "DELETE", CART)
    assert (reply.status, reply.body) == (204, b"")
    assert await states(shop) == {}
    assert_problem(await beat(shop, lease), 404, "unknown_instance")
    assert_problem(await ask(shop, "DELETE", CART), 404, "unknown_instance")


async def test_an_instance_can_remove_only_itself_with_its_lease(shop: Shop) -> None:
    old = (await register(shop))["lease"]
    lease = (await register(shop))["lease"]
    assert_problem(await ask(shop, "DELETE", CART, {"lease": old}), 409, "superseded")
    assert await states(shop) == {"cart-1": "up"}
    assert (await ask(shop, "DELETE", CART, {"lease": lease})).status == 204


async def test_a_service_is_shown_with_its_instances(shop: Shop) -> None:
    await register(shop, "/services/cart/cart-2", OTHER_URL)
    await register(shop)
    answer = (await ask(shop, "GET", "/services/cart")).json
    assert answer.keys() == {"index", "service", "instances"}
    assert answer["service"] == "cart"
    assert [each["instance_id"] for each in answer["instances"]] == ["cart-1", "cart-2"]
    assert all(each.keys() == INSTANCE for each in answer["instances"])


async def test_a_service_without_instances_is_404(shop: Shop) -> None:
    assert_problem(await ask(shop, "GET", "/services/cart"), 404, "unknown_service")


@pytest.mark.parametrize(
    "path",
    [
        *("/services/cart/-x", "/services/.x/x", "/services/cart/x%20y", "/services/c%2Ft/x"),
        f"/services/cart/{'x' * 129}",
    ],
)
async def test_a_name_is_letters_digits_and_a_few_marks(shop: Shop, path: str) -> None:
    reply = await ask(shop, "PUT", path, {"url": URL})
    assert_problem(reply, 422, "invalid_request")


@pytest.mark.parametrize("ttl", [0, -1, 86_401, "6", None, 1e-9, True])
async def test_a_lease_lasts_a_moment_to_a_day(shop: Shop, ttl: Any) -> None:
    reply = await ask(shop, "PUT", CART, {"url": URL, "ttl": ttl})
    assert "ttl" in assert_problem(reply, 422)["detail"]


def nested(levels: int) -> Any:
    return {"a": nested(levels - 1)} if levels > 1 else {}


@pytest.mark.parametrize(
    "meta",
    [nested(10), nested(500), {"a": [[[[[[[[[]]]]]]]]]}, {str(n): n for n in range(51)}, [], "x"],
    ids=lambda meta: str(meta)[:20],
)
async def test_meta_out_of_bounds_is_invalid(shop: Shop, meta: Any) -> None:
    reply = await ask(shop, "PUT", CART, {"url": URL, "meta": meta})
    assert "meta" in assert_problem(reply, 422)["detail"]


async def test_meta_of_a_few_levels_is_taken(shop: Shop) -> None:
    assert (await register(shop, meta=nested(8)))["meta"] == nested(8)


NOT_ALLOWED = [
    *("", "cart", "127.0.0.1:8001", "//127.0.0.1:8001", "http://", "http://:8001"),
    *("ftp://127.0.0.1:8001", "file:///etc/passwd", "javascript:alert(1)", "http:127.0.0.1:1"),
    *("http://127.0.0.1", "http://127.0.0.1:0", "http://127.0.0.1:65536", "http://[::1"),
    *("http://127.0.0.1:x", "http://127.0.0.1:-1", "http://127.0.0.1:1/path"),
    *("http://127.0.0.1:1?q=1", "http://127.0.0.1:1#f", "http://u:p@127.0.0.1:1"),
    *("http://shop.example:80", "http://192.168.0.1:80", "http://169.254.169.254:80"),
    *("http://127.0.0.1.evil.example:80", "http://localhost.evil.example:80"),
    *("http://evil.example#@127.0.0.1:1", "http://127.0.0.1:1@evil.example:80"),
    *("http://127.0.0.1:1\\@evil.example:80", "http://2130706433:80", "http://0x7f.1:80"),
    *("http://0.0.0.0:80", "http://[::]:80", "http://[::ffff:8.8.8.8]:80", "http://%31:80"),
    *("http://127.0.0.1%00.evil.example:80", "http://\N{CIRCLED DIGIT ONE}27.0.0.1:80"),
]


async def test_an_instance_is_at_a_plain_url_on_an_allowed_host(shop: Shop) -> None:
    for url in NOT_ALLOWED:
        reply = await ask(shop, "PUT", CART, {"url": url})
        assert reply.status == 422, url
        assert_problem(reply, 422, "url_not_allowed")
    assert await states(shop) == {}


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://localhost:8001", "http://localhost:8001"),
        ("https://127.9.9.9:1/", "https://127.9.9.9:1"),
        ("HTTP://LocalHost:8001", "http://localhost:8001"),
        ("http://[::1]:8001", "http://[::1]:8001"),
        ("http://@127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://127.0.0.1:1\n", "http://127.0.0.1:1"),
    ],
)
async def test_a_url_is_stored_in_normal_form(shop: Shop, url: str, kept: str) -> None:
    assert (await register(shop, url=url))["url"] == kept


async def test_other_hosts_are_allowed_by_the_settings(shop: Shop) -> None:
    await shop.stop("registry")
    await shop.start("registry", allowed_hosts=("Shop.Example", "192.168.0.7"))
    await register(shop, url="http://shop.EXAMPLE:80")
    await register(shop, url="http://192.168.0.7:80")
    reply = await ask(shop, "PUT", CART, {"url": "http://192.168.0.8:80"})
    assert "--allow-host" in assert_problem(reply, 422, "url_not_allowed")["detail"]


async def test_a_url_has_a_length(shop: Shop) -> None:
    assert_problem(await ask(shop, "PUT", CART, {"url": "http://" + "x" * 300}), 422)


REPORT = {"service": "cart", "instance_id": "cart-1", "what": "connection refused"}


async def test_a_reported_instance_that_does_not_answer_is_suspect_until_its_next_heartbeat(
    shop: Shop,
) -> None:
    lease = (await register(shop))["lease"]
    reply = await ask(shop, "POST", "/reports", REPORT)
    assert reply.status == 202
    assert reply.json["state"] == "suspect"
    assert reply.json["reason"] == "does not answer; reported: connection refused"
    assert (await beat(shop, lease)).json["state"] == "up"


async def test_a_reported_instance_that_answers_stays_up(shop: Shop) -> None:
    await shop.start("cart")
    reply = await ask(shop, "POST", "/reports", REPORT)
    assert (reply.status, reply.json["state"]) == (202, "up")


@pytest.mark.parametrize("status", [500, 404, 302])
async def test_an_instance_that_answers_a_probe_with_anything_but_200_is_suspect(
    shop: Shop, status: int
) -> None:
    async def answer(request: web.Request) -> web.Response:
        assert "X-API-Key" not in request.headers
        return web.Response(status=status, headers={"Location": "/livez?again"})

    await shop.stand_in("cart", answer)
    assert (await ask(shop, "POST", "/reports", REPORT)).json["state"] == "suspect"


async def test_a_probe_has_a_deadline(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "PROBE_SECONDS", 0.02)
    go_on = asyncio.Event()

    async def stall(_request: web.Request) -> web.Response:
        await go_on.wait()
        return web.Response()

    await shop.stand_in("cart", stall)
    assert (await ask(shop, "POST", "/reports", REPORT)).json["state"] == "suspect"
    go_on.set()


async def test_many_reports_at_once_cause_one_probe(shop: Shop) -> None:
    looks = 0

    async def answer(_request: web.Request) -> web.Response:
        nonlocal looks
        looks += 1
        await until(lambda: looks)
        return web.Response()

    await shop.stand_in("cart", answer)
    replies = await asyncio.gather(*(ask(shop, "POST", "/reports", REPORT) for _ in range(20)))
    assert {reply.status for reply in replies} == {202}
    assert looks < 20


async def test_a_thousand_reports_do_not_fill_history(shop: Shop) -> None:
    await register(shop)
    for number in range(20):
        await ask(shop, "POST", "/reports", {**REPORT, "what": f"trouble {number}"})
    assert await happened(shop) == [("registered", "cart-1"), ("suspect", "cart-1")]


async def test_a_probe_of_an_instance_that_was_replaced_meanwhile_changes_nothing(
    shop: Shop,
) -> None:
    looked, go_on = asyncio.Event(), asyncio.Event()

    async def fail_late(_request: web.Request) -> web.Response:
        looked.set()
        await go_on.wait()
        return web.Response(status=500)

    await shop.stand_in("cart", fail_late)
    [known] = (await ask(shop, "GET", "/services/cart")).json["instances"]
    report = asyncio.create_task(ask(shop, "POST", "/reports", REPORT))
    await looked.wait()
    await until(lambda: utc_now() > known["registered_at"])
    await register(shop, url=known["url"])
    go_on.set()
    assert (await report).json["state"] == "up"


async def test_a_report_of_an_unknown_instance_is_404(shop: Shop) -> None:
    assert_problem(await ask(shop, "POST", "/reports", REPORT), 404, "unknown_instance")


async def test_history_lists_events_newest_first_in_pages(shop: Shop) -> None:
    for number in range(1, 6):
        await register(shop, f"/services/cart/cart-{number}", f"http://127.0.0.1:{number}")
    shown: list[str] = []
    path: str | None = "/history?limit=2"
    while path:
        reply = await ask(shop, "GET", path)
        shown += [event["instance_id"] for event in reply.json]
        link = re.match(r'<(/history\?.*)>; rel="next"', reply.headers.get("Link", ""))
        path = link and link[1]
    assert shown == [f"cart-{number}" for number in (5, 4, 3, 2, 1)]


async def test_a_page_of_history_that_is_long_enough_ends_early_and_leads_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "PAGE_BYTES", 400)
    for number in range(1, 6):
        await register(shop, f"/services/cart/cart-{number}", f"http://127.0.0.1:{number}")
    reply = await ask(shop, "GET", "/history?limit=1000")
    assert len(reply.body) <= 400
    assert 1 <= len(reply.json) < 5
    assert 'rel="next"' in reply.headers["Link"]


async def test_an_event_has_its_kind_instance_time_and_reason(shop: Shop) -> None:
    await register(shop)
    [event] = (await ask(shop, "GET", "/history")).json
    assert event.keys() == {"what", "service", "instance_id", "at", "detail"}
    assert event["what"] == "registered"
    assert URL in event["detail"]
