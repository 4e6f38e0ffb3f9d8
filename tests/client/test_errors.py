"""The tree of errors: which error each answer becomes, and how it reads."""

import copy
import json

import pytest
from multidict import CIMultiDict

from client.errors import (
    AuthenticationError,
    Conflict,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    ShopError,
    Unavailable,
    error_from_answer,
)

PROBLEM = {
    "type": "about:blank",
    "title": "Conflict",
    "status": 409,
    "detail": "Only 3 of product 7 are left",
    "code": "insufficient_stock",
    "request_id": "r-1",
    "errors": [{"product_id": 7, "requested": 5, "available": 3}],
}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequest),
        (401, AuthenticationError),
        (403, PermissionDenied),
        (404, NotFound),
        (405, InvalidRequest),
        (409, Conflict),
        (412, Conflict),
        (413, InvalidRequest),
        (415, InvalidRequest),
        (421, Unavailable),
        (422, InvalidRequest),
        (429, RateLimited),
        (302, Unavailable),
        (500, Unavailable),
        (502, Unavailable),
        (503, Unavailable),
        (504, OutcomeUnknown),
        (507, Unavailable),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[ShopError]) -> None:
    assert type(error_from_answer(status, {}, b"")) is kind


def test_an_error_has_the_members_of_its_problem() -> None:
    error = error_from_answer(409, {}, json.dumps(PROBLEM).encode())
    assert (error.status, error.code, error.request_id) == (409, "insufficient_stock", "r-1")
    assert error.detail == "Only 3 of product 7 are left"
    assert error.errors == [{"product_id": 7, "requested": 5, "available": 3}]
    assert error.problem == PROBLEM


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff", b"[1]", b'{"code": 1, "errors": "x"}', b"[" * 100_000]
)
def test_a_body_that_is_no_problem_leaves_the_code_empty(body: bytes) -> None:
    error = error_from_answer(404, CIMultiDict({"x-request-id": "r-2"}), body)
    assert (error.code, error.errors, error.request_id) == ("", [], "r-2")
    assert error.detail == "Answered 404 with no reason"
    assert error.body == body


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("2", 2.0), ("0.5", 0.5), ("-1", None), ("nan", None), ("inf", None), ("soon", None)],
)
def test_retry_after_is_seconds_or_nothing(value: str, seconds: float | None) -> None:
    error = error_from_answer(503, CIMultiDict({"Retry-After": value}), b"")
    assert error.retry_after == seconds


def test_rejections_are_told_apart_from_other_errors() -> None:
    rejected = [error_from_answer(status, {}, b"") for status in (400, 404, 409, 412, 422)]
    failed = [error_from_answer(status, {}, b"") for status in (401, 403, 421, 429, 500, 503, 504)]
    assert all(error.is_rejection for error in rejected)
    assert not any(error.is_rejection for error in failed)
    assert not Conflict("Wait.", status=409, code="request_in_progress").is_rejection


def test_an_error_reads_as_a_sentence_that_finds_the_request() -> None:
    error = error_from_answer(409, {}, json.dumps(PROBLEM).encode())
    assert str(error) == "409 insufficient_stock: Only 3 of product 7 are left (request r-1)"
    assert repr(error) == (
        "Conflict(status=409, code='insufficient_stock', "
        "detail='Only 3 of product 7 are left', request_id='r-1')"
    )
    assert str(Unavailable("Nobody is there")) == "Nobody is there"


def test_an_error_survives_being_copied() -> None:
    error = error_from_answer(409, {}, json.dumps(PROBLEM).encode())
    assert copy.copy(error).__dict__ == error.__dict__
