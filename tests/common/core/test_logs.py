"""Logging: one JSON object a line."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.common.core.logs import Batches, JsonLines, log_request, logger
from services.common.core.tracing import RequestContext, enter_request


def line(message: str, *args: Any, **extra: Any) -> dict[str, Any]:
    text = JsonLines("bakery").format(record(message, *args, **extra))
    assert "\n" not in text
    value = json.loads(text)
    assert isinstance(value, dict)
    return value


def record(message: str, *args: Any, exc_info: Any = None, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("tuckshop", logging.WARNING, __file__, 1, message, args, exc_info)
    vars(made).update(extra)
    return made


def test_a_line_says_when_and_who_and_what() -> None:
    said = line("%d loaves", 3)
    assert (said["level"], said["service"], said["message"]) == ("warning", "bakery", "3 loaves")
    moment = datetime.fromisoformat(said["time"])
    assert moment.utcoffset() is not None


def test_extra_fields_are_in_the_line() -> None:
    said = line("baked", loaf_id=7, folder=Path("oven"))
    assert (said["loaf_id"], said["folder"]) == (7, "oven")


async def test_a_line_names_the_request_it_belongs_to() -> None:
    enter_request(RequestContext("loaf-1", "0" * 32))
    assert line("baked")["request_id"] == "loaf-1"


def test_a_line_without_a_request_names_none() -> None:
    assert "request_id" not in line("baked")


def test_a_failure_is_one_line_with_its_trace() -> None:
    with pytest.raises(RuntimeError) as failure:
        raise RuntimeError("burnt")
    said = line("failed", exc_info=(failure.type, failure.value, failure.tb))
    assert "RuntimeError: burnt" in said["traceback"]


@pytest.mark.parametrize("text", ["two\nlines", "\N{CANDY}", "\x00", '"quoted"', "\udcff"])
def test_line_breaks_in_a_message_are_escaped(text: str) -> None:
    assert line(text)["message"] == text


class Pipe(io.StringIO):
    """Keeps each write as one text, and says that there was one."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []
        self.written = threading.Event()

    def write(self, text: str) -> int:
        self.writes.append(text)
        self.written.set()
        return len(text)

    def told(self) -> list[list[str]]:
        """The messages of the lines of each write."""
        return [[json.loads(line)["message"] for line in text.splitlines()] for text in self.writes]


def said_at(level: int, message: str) -> logging.LogRecord:
    return logging.LogRecord("tuckshop", level, __file__, 1, message, (), None)


def test_the_lines_of_a_moment_are_written_together() -> None:
    pipe = Pipe()
    handler = Batches(pipe, JsonLines("bakery"), seconds=0.3)
    for loaf in ("rye", "spelt", "oat"):
        handler.handle(said_at(logging.INFO, loaf))
    assert pipe.written.wait(10)
    assert pipe.told() == [["rye", "spelt", "oat"]]


@pytest.mark.parametrize("level", [logging.WARNING, logging.ERROR])
def test_a_warning_is_written_at_once_and_after_what_came_before(level: int) -> None:
    pipe = Pipe()
    handler = Batches(pipe, JsonLines("bakery"), seconds=3600)
    handler.handle(said_at(logging.INFO, "baked"))
    handler.handle(said_at(level, "burnt"))
    assert pipe.told() == [["baked", "burnt"]]


def test_what_was_said_before_the_end_of_the_process_is_written() -> None:
    program = (
        "import sys, logging; from services.common.core.logs import log_to_stderr, logger;"
        "log_to_stderr('bakery'); logger.info('the last loaf')"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert b"the last loaf" in ended.stderr


def test_a_stream_that_is_closed_harms_nobody() -> None:
    pipe = Pipe()
    handler = Batches(pipe, JsonLines("bakery"), seconds=3600)
    pipe.close()
    handler.handle(said_at(logging.ERROR, "burnt"))


def test_a_request_is_one_line_with_its_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe()
    monkeypatch.setattr(
        logging.getLogger(), "handlers", [Batches(pipe, JsonLines("bakery"), seconds=3600)]
    )
    log_request(logging.WARNING, 'GET /loaves/"rye" 503', 0.01234)
    (line,) = pipe.writes
    time = datetime.fromisoformat(json.loads(line)["time"])
    assert abs(datetime.now(UTC) - time) < timedelta(minutes=1)
    assert json.loads(line) | {"time": ""} == {
        "time": "",
        "level": "warning",
        "service": "bakery",
        "message": 'GET /loaves/"rye" 503',
        "milliseconds": 12.3,
    }


def test_a_request_below_the_level_of_the_log_is_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = Pipe()
    handler = Batches(pipe, JsonLines("bakery"), seconds=3600)
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    before = logger.level
    logger.setLevel(logging.ERROR)
    log_request(logging.INFO, "GET /loaves 200", 0.01)
    logger.setLevel(before)
    handler.flush()
    assert "".join(pipe.writes) == ""
