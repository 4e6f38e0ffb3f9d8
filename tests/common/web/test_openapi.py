"""Each service's OpenAPI document, and the page that shows it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import pytest
import pytest_asyncio
from msgspec import structs
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.common.web.codes import STATUSES
from services.common.web.paging import encode_cursor
from services.common.web.routing import Access
from tests.patterns import patterns_of
from tests.routes import RouteCase, assert_problem, every_route
from tests.shop import MAKERS, Shop, open_shop

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROUTES = [case for case in every_route() if not case.route.raw]
Documents = dict[str, Any]
CREDENTIALS: list[dict[str, list[str]]] = [{"key": []}, {"bearer": []}]
NOT_ECMA_262 = re.compile(r"\\[AZ]|\(\?(?:P|#|>|[aiLmsux]+[):-])|[*+?}]\+")
"""What Python's regular expressions have, and those of JavaScript have not."""
WITH_OR_WITHOUT = {"/api/session", "/metrics"}
"""Public routes that look at a credential, and may reject it."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def documents(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """What each service says of itself, as an HTTP client reads it."""
    async with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        await shop.start_all()
        replies = {name: await shop.call(name, "GET", "/openapi.json", key=None) for name in MAKERS}
        assert {reply.status for reply in replies.values()} == {200}
        return {name: json.loads(reply.body) for name, reply in replies.items()}


def operation_of(documents: Documents, case: RouteCase) -> Any:
    path = re.sub(r"{(\w+):(?:[^{}]|{[^{}]*})*}", r"{\1}", case.route.path)
    return documents[case.service]["paths"][path][case.method.lower()]


async def test_every_document_is_openapi_3_1(
    documents: Documents, subtests: pytest.Subtests
) -> None:
    for service, document in documents.items():
        with subtests.test(service):
            assert document["openapi"].startswith("3.1")
            OpenAPIV31SpecValidator(document).validate()


async def test_every_route_is_in_the_document_of_its_service(
    documents: Documents, subtests: pytest.Subtests
) -> None:
    for case in ROUTES:
        with subtests.test(str(case)):
            operation = operation_of(documents, case)
            assert operation["summary"].endswith(".")
            successes = {str(status) for status in (case.route.status, *case.route.also)}
            problems = operation["responses"].keys() - successes
            assert successes < operation["responses"].keys()
            assert "default" not in operation["responses"]
            for status in problems:
                assert [*operation["responses"][status]["content"]] == ["application/problem+json"]


async def test_a_document_tells_how_a_route_rejects(
    documents: Documents, subtests: pytest.Subtests
) -> None:
    for case in ROUTES:
        with subtests.test(str(case)):
            told = operation_of(documents, case)["responses"].keys()
            assert {"400", "403", "404", "405", "413", "415", "421", "422", "429", "503"} <= told
            assert ("401" in told) is (not case.is_public or case.route.path in WITH_OR_WITHOUT)
            assert ("504" in told) is (case.method != "GET")
            assert "500" not in told


async def test_a_document_tells_each_code_under_its_own_status_alone(
    documents: Documents, subtests: pytest.Subtests
) -> None:
    for case in ROUTES:
        with subtests.test(str(case)):
            told = {
                (int(status), code)
                for status, response in operation_of(documents, case)["responses"].items()
                for code in re.findall(r"`(\w+)`", response["description"])
            }
            assert told >= {(STATUSES[code], code) for code in case.route.rejections}
            assert [each for each in told if STATUSES[each[1]] != each[0]] == []


async def test_a_status_of_things_is_told_where_there_is_a_code_for_it(
    documents: Documents,
) -> None:
    paths = documents["catalog"]["paths"]
    assert "409" not in paths["/products/{product_id}"]["get"]["responses"]
    assert "409" in paths["/products/{product_id}"]["patch"]["responses"]


async def test_a_202_says_that_it_is_not_final(documents: Documents) -> None:
    pay = documents["payment"]["paths"]["/pay"]["post"]["responses"]
    assert "Not final yet" in pay["202"]["description"]
    assert "Idempotency-Key" in pay["202"]["description"]
    assert pay["200"]["description"] == "Done."


async def test_a_pattern_is_one_that_every_language_reads(documents: Documents) -> None:
    patterns = patterns_of(documents)
    assert any(pattern.endswith("$") for pattern in patterns)
    assert [pattern for pattern in patterns if NOT_ECMA_262.search(pattern)] == []


@pytest.mark.parametrize(
    "pattern", [r"^a\Z", r"\Aa", "(?P<a>a)", "(?P=a)", "(?#a)", "(?i)a", "(?>a)", "a++", "a{2}+"]
)
async def test_a_pattern_that_python_alone_reads_is_found(pattern: str) -> None:
    assert NOT_ECMA_262.search(pattern)


async def test_a_part_of_a_path_has_its_type(documents: Documents) -> None:
    found = {
        parameter["name"]: parameter["schema"]
        for document in documents.values()
        for path in document["paths"].values()
        for operation in path.values()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "path"
    }
    assert found["product_id"]["type"] == "integer"
    assert found["order_id"]["format"] == found["payment_id"]["format"] == "uuid"
    assert found["user_id"]["type"] == "string"


async def test_each_part_of_a_path_and_each_text_header_has_a_pattern(
    documents: Documents, subtests: pytest.Subtests
) -> None:
    for case in ROUTES:
        for parameter in operation_of(documents, case).get("parameters", []):
            schema = parameter["schema"]
            if parameter["in"] != "query" and schema["type"] == "string":
                with subtests.test(f"{case}: {parameter['name']}"):
                    assert re.compile(schema["pattern"])


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("user_id", ["ada", "a@b.example"], ["", "a b", "a/b", "x" * 129]),
        ("order_id", [str(UUID(int=10))], ["7", str(UUID(int=7))[1:]]),
        ("payment_id", [str(UUID(int=10)).upper()], ["7", f"{UUID(int=7)}0"]),
        ("product_id", [1, 2**63 - 1], [0, 2**63, "pear"]),
        ("instance_id", ["cart-1"], ["", "-cart", "x" * 129]),
        ("kid", ["2026.11"], [".", "a b"]),
        ("file", ["start.js", "swagger-ui.css"], ["start.py", "../a.js"]),
        ("Idempotency-Key", ["k", "a b", "~" * 255], ["", " ", " k", "k ", "\u00e9", "k" * 256]),
        ("after", ["W10", encode_cursor(["a", 1])], ["", "W10=", "a b", "x" * 1001]),
    ],
)
async def test_a_parameter_has_its_bounds(
    documents: Documents, name: str, good: list[Any], bad: list[Any]
) -> None:
    schemas = [
        parameter["schema"]
        for case in ROUTES
        for parameter in operation_of(documents, case).get("parameters", [])
        if parameter["name"] == name
    ]
    assert schemas
    for schema in schemas:
        validator = OAS31Validator(schema)
        assert [value for value in good if not validator.is_valid(value)] == []
        assert [value for value in bad if validator.is_valid(value)] == []


async def test_a_body_is_required_where_a_field_of_it_is(
    documents: Documents, subtests: pytest.Subtests
) -> None:
    for case in ROUTES:
        if case.route.has_body:
            with subtests.test(str(case)):
                needs = any(field.required for field in structs.fields(case.route.takes))
                assert operation_of(documents, case)["requestBody"]["required"] is needs


async def test_a_generated_client_sends_the_body_where_the_query_string_would_do(
    documents: Documents,
) -> None:
    either = [case for case in ROUTES if case.route.query_or_body]
    assert {case.route.path for case in either} == {"/pay", "/cart/{user_id}/add"}
    for case in either:
        operation = operation_of(documents, case)
        assert operation["requestBody"]["required"]
        assert "query" not in {parameter["in"] for parameter in operation["parameters"]}
        assert "query string" in operation["description"]


async def test_each_body_has_an_example_that_fits_its_schema(
    documents: Documents, subtests: pytest.Subtests
) -> None:
    for service, document in documents.items():
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
                for media in (media for body in bodies for media in contents(body)):
                    with subtests.test(f"{service} {method} {path}"):
                        schema = {**media["schema"], "components": document["components"]}
                        OAS31Validator(schema).validate(example_in(media, document))


def contents(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from body.get("content", {}).values()


def example_in(media: dict[str, Any], document: dict[str, Any]) -> Any:
    if "example" in media:
        return media["example"]
    ((_, reference),) = media["examples"].items()
    return document["components"]["examples"][reference["$ref"].rpartition("/")[2]]["value"]


async def test_an_example_of_what_is_not_done_yet_says_so(documents: Documents) -> None:
    pay = documents["payment"]["paths"]["/pay"]["post"]["responses"]
    examples = {
        status: pay[status]["content"]["application/json"]["example"] for status in ("200", "202")
    }
    assert (examples["200"]["status"], examples["202"]["status"]) == ("COMPLETED", "PENDING")
    order = documents["order"]["paths"]["/orders"]["post"]["responses"]["202"]["content"]
    assert order["application/json"]["example"]["stock_state"] == "REQUESTED"


@pytest.mark.parametrize(
    ("place", "status", "shown"),
    [
        ("payment post /payments/{payment_id}/refund", "200", ["REFUNDED", 2.4]),
        ("payment post /payments/{payment_id}/refund", "202", ["REFUNDING", 0]),
        ("order post /orders/{order_id}/cancel", "200", ["CANCELLED", "RELEASE_DUE"]),
        ("order post /orders/{order_id}/refund", "200", ["REFUNDED", "RETURN_DUE"]),
        ("catalog post /reservations/{order_id}/commit", "200", ["COMMITTED"]),
        ("catalog post /reservations/{order_id}/release", "200", ["RELEASED"]),
        ("catalog post /reservations/{order_id}/return", "200", ["RETURNED"]),
        ("catalog get /readyz", "200", ["ready"]),
        ("catalog get /readyz", "503", ["not ready"]),
    ],
)
async def test_an_example_shows_what_its_route_has_done(
    documents: Documents, place: str, status: str, shown: list[Any]
) -> None:
    service, method, path = place.split(" ")
    answer = documents[service]["paths"][path][method]["responses"][status]
    example = answer["content"]["application/json"]["example"]
    names = ("status", "state", "stock_state", "refunded_amount")
    assert [example[name] for name in names if name in example] == shown


async def test_the_example_of_a_receipt_s_link_is_one_that_the_document_takes(
    documents: Documents,
) -> None:
    paths = documents["order"]["paths"]
    made = paths["/orders/{order_id}/receipt"]["post"]["responses"]["201"]
    token = made["content"]["application/json"]["example"]["token"]
    (parameter,) = paths["/receipts/{token}"]["get"]["parameters"]
    OAS31Validator(parameter["schema"]).validate(token)
    assert parameter["schema"]["maxLength"] == 128
    assert len(token) == 43


async def test_the_storefront_tells_the_routes_of_the_gateway_as_their_owners_do(
    documents: Documents, subtests: pytest.Subtests
) -> None:
    storefront = documents["storefront"]
    passed_on = {path for path in storefront["paths"] if path.startswith("/api/")}
    owned = {
        (service, path): operations
        for service in ("catalog", "cart", "order", "payment")
        for path, operations in documents[service]["paths"].items()
        if re.match(r"/(products|categories|cart|orders|receipts|pay|payments)(/|$)", path)
    }
    assert passed_on == {f"/api{path}" for _, path in owned} | {"/api/session"}
    for (service, path), operations in owned.items():
        for method, operation in operations.items():
            with subtests.test(f"{method} {path}"):
                told = storefront["paths"][f"/api{path}"][method]
                assert resolved(told, storefront) == resolved(operation, documents[service])


def resolved(part: Any, document: dict[str, Any]) -> Any:
    """The same with what its references refer to in their places, whatever that is called."""
    if isinstance(part, list):
        return [resolved(each, document) for each in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        for name in part["$ref"].split("/"):
            part = document if name == "#" else part[name]
    return {name: resolved(value, document) for name, value in part.items() if name != "title"}


async def test_a_document_says_who_may_call(
    documents: Documents, subtests: pytest.Subtests
) -> None:
    for case in ROUTES:
        with subtests.test(str(case)):
            operation = operation_of(documents, case)
            needed = operation.get("security", [{}])
            if case.is_public:
                is_read = case.route.path in WITH_OR_WITHOUT
                assert needed == [{}, *(CREDENTIALS if is_read else [])]
            else:
                assert needed == CREDENTIALS
                assert operation["x-access"] == case.route.access.value


async def test_a_document_names_what_a_route_takes(
    documents: Documents, subtests: pytest.Subtests
) -> None:
    for case in ROUTES:
        with subtests.test(str(case)):
            operation = operation_of(documents, case)
            parameters = {(one["name"], one["in"]) for one in operation.get("parameters", [])}
            assert {(name, "path") for name in case.names} <= parameters
            assert (("Idempotency-Key", "header") in parameters) is case.route.idempotent
            assert ("requestBody" in operation) is case.route.has_body
            fields = (
                {field.encode_name for field in structs.fields(case.route.takes)}
                if case.route.has_query and not case.route.has_body
                else set()
            )
            assert {name for name, where in parameters if where == "query"} == fields


async def test_no_two_operations_have_the_same_id(documents: Documents) -> None:
    for document in documents.values():
        ids = [
            operation["operationId"]
            for path in document["paths"].values()
            for operation in path.values()
        ]
        assert len(ids) == len(set(ids))


async def test_money_is_documented_as_in_the_contract(documents: Documents) -> None:
    price = documents["catalog"]["components"]["schemas"]["NewProduct"]["properties"]["price"]
    assert price["type"] == "number"
    assert (price["minimum"], price["maximum"]) == (0, 100_000_000)
    assert float(price["multipleOf"]) == 0.01


@pytest.fixture
async def page(shop: Shop) -> str:
    """The documentation page of a service."""
    reply = await shop.call("registry", "GET", "/docs", key=None)
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/html")
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    return reply.body.decode()


@pytest.mark.asyncio(loop_scope="function")
async def test_every_file_of_the_page_is_served(shop: Shop, page: str) -> None:
    files = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', page)
    assert len(files) >= 3
    for name in files:
        path = urljoin("/docs", name)
        reply = await shop.call("registry", "GET", path, key=None)
        assert reply.status == 200, path
        assert reply.headers["Content-Type"].split(";")[0] in ("text/javascript", "text/css")
        assert reply.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.asyncio(loop_scope="function")
async def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline(page: str) -> None:
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", page)
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"<style|\son\w+=", page)


@pytest.mark.asyncio(loop_scope="function")
@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2fapp.py", "%2e%2e/app.py", "index.html", "LICENSE", "start.js%00"]
)
async def test_no_other_file_of_its_folder_is_served(shop: Shop, name: str) -> None:
    reply = await shop.call("registry", "GET", f"/docs/{name}", key=None)
    assert_problem(reply, 404)


async def test_only_what_the_contract_names_is_public() -> None:
    public = {case.route.path for case in ROUTES if case.route.access is Access.PUBLIC}
    assert {path for path in public if not path.startswith("/docs")} == {
        *("/livez", "/readyz", "/metrics", "/openapi.json", "/version"),
    } | ({"/api/session", "/receipts/{token}"} & public)
