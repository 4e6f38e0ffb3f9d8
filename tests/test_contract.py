"""`services/contract.md` says what the code does, no more and no less."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

import msgspec

from registry.model import DEFAULT_TTL
from registry.store import MAX_EVENTS
from services.cart.model import MAX_LINES, MAX_UNITS
from services.catalog import messages as catalog
from services.common.core import wire
from services.common.core.currency import USD
from services.common.core.money import Money, Price
from services.common.core.settings import Settings
from services.common.web import paging
from services.common.web.codes import STATUSES
from services.common.web.idempotency_keys import LIFETIME_HOURS
from services.common.web.lifecycle import MAX_IN_FLIGHT
from services.common.web.openapi import alternatives
from services.common.web.parts import BATCH
from services.common.web.request import BODY_LIMIT
from services.common.web.routing import Access, Route
from services.common.web.unsent import MAX_UNSENT, PACE, STALLED_SECONDS
from services.operations.databases import DATABASES
from services.operations.run.deployment import SERVICES, Deployment
from services.order.app import OrderSettings
from services.order.messages import NewOrder
from services.storefront.app import StorefrontSettings

from .markdown import ROOT, in_backticks, rows, section
from .routes import RouteCase, every_route

PAGE = ROOT / "services" / "contract.md"
TEXT = PAGE.read_text()
COLUMNS = ("route", "who", "takes", "answers", "rejections")
NAMES = [service.name for service in SERVICES]
SHARED = "every service"
WHO = {Access.PUBLIC: "anyone", Access.CUSTOMER: "customer", Access.OPERATOR: "operator"}
HEADERS = {"Idempotency-Key", "If-Match", "If-None-Match"}
ABSTRACT = {"conflict"}
"""Codes of classes that are always raised with a code of their own."""

UNDECLARED = {"not_found"}
"""Codes that routes do not declare: there is no such file of a page."""


@dataclass(frozen=True)
class Row:
    """A route as the page has it: who may call, and the cells of what is taken, and so on."""

    who: str
    takes: str
    answers: str
    rejections: str


def _rows() -> Iterator[tuple[tuple[str, str, str], Row]]:
    for heading in (SHARED, *NAMES):
        text = section(TEXT, heading.capitalize())
        for route, *cells in rows(text, *COLUMNS):
            methods, _, path = route.strip("`").rpartition(" ")
            for method in methods.split(", "):
                for service in NAMES if heading == SHARED else [heading]:
                    yield (service, method, path), Row(*cells)


ROWS = list(_rows())
ON_THE_PAGE = dict(ROWS)
EVERY = [case for case in every_route() if case.route.path != BATCH]
"""But for what services ask one another for: README.md tells of it."""


def row_of(place: RouteCase) -> Row:
    return ON_THE_PAGE[place.service, place.method, place.route.path]


def test_every_route_is_on_the_page_once_and_nothing_else_is() -> None:
    routes = sorted((place.service, place.method, place.route.path) for place in EVERY)
    assert sorted(where for where, _ in ROWS) == routes


def test_who_may_call_and_how_a_success_is_answered() -> None:
    for place in EVERY:
        row = row_of(place)
        assert row.who == WHO[place.route.access], place
        if not place.route.raw:
            told = {int(status) for status in re.findall(r"\b(?:2\d\d|304|503)\b", row.answers)}
            assert told == {place.route.status, *place.route.also}, place


def test_an_idempotency_key_is_taken_where_the_page_says_so() -> None:
    told = [place for place in EVERY if "`Idempotency-Key`" in row_of(place).takes]
    assert told == [place for place in EVERY if place.route.idempotent]


def test_either_query_string_or_body_where_the_page_says_so() -> None:
    told = [place for place in EVERY if "in the query string or a JSON body" in row_of(place).takes]
    assert told == [place for place in EVERY if place.route.query_or_body]


def test_each_rejection_is_in_the_row_of_its_route() -> None:
    for place in EVERY:
        codes = codes_in(row_of(place))
        assert set(place.route.rejections) <= codes <= {*place.route.rejections, *UNDECLARED}, place


def codes_in(row: Row) -> set[str]:
    return set(re.findall(r"\d{3} `(\w+)`", row.rejections))


def told_codes() -> dict[str, set[int]]:
    """Every code that the page tells, and the statuses that it tells for it."""
    told: dict[str, set[int]] = defaultdict(set)
    for row in ON_THE_PAGE.values():
        for status, code in re.findall(r"(\d{3}) `(\w+)`", row.rejections):
            told[code].add(int(status))
    for status, codes, _ in rows(section(TEXT, "Errors"), "status", "code", "when"):
        for code in in_backticks(codes):
            told[code].add(int(status))
    return told


def test_the_page_tells_every_code_of_the_code_with_one_status() -> None:
    sources = [path for place in ("services", "registry") for path in (ROOT / place).rglob("*.py")]
    text = "".join(path.read_text() for path in sources)
    raised = set(re.findall(r'\bcode(?:: str)? ?= ?"(\w+)"', text)) - ABSTRACT
    told = told_codes()
    assert raised <= told.keys()
    assert {code for code in told if f'"{code}"' not in text} == set()
    assert {code: found for code, found in told.items() if len(found) > 1} == {}


def test_the_table_of_codes_has_the_statuses_of_the_page() -> None:
    told = told_codes()
    assert {code: {status} for code, status in STATUSES.items()} == {
        code: told[code] for code in STATUSES
    }


def schema_of(shape: Any) -> tuple[dict[str, Any], set[str]]:
    """The JSON Schemas of a type and of all that is in it, and the names of their fields."""
    hook = partial(wire.schema_of, currency=USD)
    _, components = msgspec.json.schema_components([shape], schema_hook=hook)
    schemas = json.loads(msgspec.json.encode(components))
    fields = {name for schema in schemas.values() for name in schema.get("properties", {})}
    return schemas, fields


def taken(route: Route) -> set[str]:
    """All that a row may name in what is taken: fields, and values that they have."""
    schemas, fields = schema_of(route.takes)
    literals = re.findall(r'"enum": ?\[([^\]]*)\]|"default": ?("[^"]*")', json.dumps(schemas))
    return fields | HEADERS | set(re.findall(r'"([^"]*)"', str(literals)))


def test_the_page_names_every_field_that_is_taken_and_no_other() -> None:
    for place in EVERY:
        if place.route.raw:
            continue
        named = set(in_backticks(row_of(place).takes))
        _, fields = schema_of(place.route.takes)
        assert fields <= named, place
        assert named <= taken(place.route), place


def test_the_page_names_every_field_that_is_answered() -> None:
    for place in EVERY:
        if place.route.gives in (None, dict, str):
            continue
        text = section(TEXT, place.service.capitalize())
        named = set(re.findall(r"\w+", " ".join(in_backticks(text))))
        for shape in alternatives(place.route.gives):
            assert schema_of(shape)[1] <= named, place


def test_ports_and_databases_are_those_of_a_deployment() -> None:
    files = {service: f"`{file}`" for file, service in DATABASES.items()}
    deployment = Deployment()
    assert rows(TEXT, "service", "default port", "database") == [
        [service.name, str(deployment.port(service)), files.get(service.name, "none")]
        for service in SERVICES
    ]


def limit(kind: Any, name: str) -> int:
    """A bound of an annotated type, `le` for one."""
    (found,) = (
        value
        for meta in get_args(kind)
        if isinstance(meta, msgspec.Meta) and (value := getattr(meta, name)) is not None
    )
    assert isinstance(found, int)
    return found


def power_of_ten(number: int) -> str:
    exponent = len(str(number)) - 1
    assert number == 10**exponent
    return f"10^{exponent}"


def test_the_bounds_are_those_of_the_code() -> None:
    characters = f"{limit(wire.Line, 'min_length')} to {limit(wire.Line, 'max_length')} characters"
    settings = Settings(service="cart", data_dir=ROOT)
    shop = StorefrontSettings(service="storefront", data_dir=ROOT)
    assert dict(rows(section(TEXT, "Bounds"), "what", "bound")) == {
        "units of a line": f"1 to {limit(wire.Quantity, 'le')}",
        "lines of a cart or an order": str(MAX_LINES),
        "price of a unit": f"0 to {power_of_ten(Price.most)} of the smallest unit",
        "amount, total": f"up to {power_of_ten(Money.most)} of the smallest unit",
        "stock of a new product, `delta` of a stock change": (
            f"up to {limit(catalog.Stock, 'le'):,}"
        ),
        "request body": f"{BODY_LIMIT // 1024} KiB",
        "`user_id`": wire.USER_ID,
        "`name`, `category`, `reason`": f"one line of {characters}, not only blanks",
        "`sku`": (
            f"one line of 1 to {limit(catalog.Sku, 'max_length')} characters, not only blanks"
        ),
        "`description`": f"up to {limit(catalog.Text, 'max_length')} characters",
        "`image`": (
            f"an address of 1 to {limit(catalog.Image, 'max_length')} characters, without spaces"
        ),
        "`q`, and `sku` and `category` as filters": (
            f"up to {limit(catalog.Search, 'max_length')} characters"
        ),
        "`ids`": "up to 200 product ids with commas between",
        "`limit`": f"1 to {limit(paging.Limit, 'le')}, {paging.Page().limit} unless given",
        "a page of a list": f"{paging.PAGE_BYTES // 1024} KiB",
        "`Idempotency-Key`": "1 to 255 printable ASCII characters",
        "time for a body to arrive": f"{settings.body_seconds:g} s, then 408",
        "time for an answer from then on": f"{settings.request_deadline:g} s",
        "requests in flight at a service": f"{MAX_IN_FLIGHT}, then 503 `overloaded`",
        "requests of a customer at once, at a service": f"{settings.customer_requests}, then 429",
        "requests of an address at once, at the storefront": f"{shop.address_requests}, then 429",
        "wrong keys of an address, at a service": (
            f"{settings.wrong_key_burst:g} at once, and {settings.wrong_key_rate:g} a second,"
            " then 429"
        ),
        "answers of a service that are not read yet": (
            f"{MAX_UNSENT // 2**20} MiB, then 503 `overloaded`"
        ),
        "time without progress while an answer is sent": (
            f"{STALLED_SECONDS:g} s, then the connection is closed"
        ),
        "time for an answer to be read": (
            f"{STALLED_SECONDS:g} s, and 1 s for each {PACE // 2**10} KiB,"
            " then the connection is closed"
        ),
    }


def test_lines_and_units_have_the_same_bounds_in_every_service() -> None:
    assert limit(wire.Quantity, "le") == MAX_UNITS
    schemas = [schema_of(shape)[0] for shape in (NewOrder, catalog.NewReservation)]
    most = re.findall(r'"maxItems": (\d+)', json.dumps(schemas))
    assert [int(each) for each in most] == [MAX_LINES, MAX_LINES]


def test_what_is_said_in_passing_is_so() -> None:
    shop = StorefrontSettings(service="storefront", data_dir=ROOT)
    order = OrderSettings(service="order", data_dir=ROOT)
    text = " ".join(TEXT.split())
    for sentence in (
        f"may make {shop.customer_rate:g} requests a second, and {shop.customer_burst:g} at once",
        f"have {shop.address_requests} requests in progress",
        f"begin {shop.session_rate:g} sessions a minute, and {shop.session_burst:g} at once",
        f"not paid within {order.seconds_to_pay / 60:g} minutes",
        f"may have {order.unpaid_orders} orders `CREATED` at once (`UNPAID_ORDERS`), with"
        f" {order.unpaid_units} units in them",
        f"came from one address may have {order.address_unpaid_orders}, with"
        f" {order.address_unpaid_units} units",
        f"lives for {LIFETIME_HOURS} hours",
        f"the last {MAX_EVENTS:,} events",
        f"`ttl` ({DEFAULT_TTL:g}; 0.001 to 86400)",
    ):
        assert sentence in text, sentence
