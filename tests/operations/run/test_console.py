"""The console: it writes in order, and a reader that stops or goes away stops nothing else."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from services.operations.run.console import Console, takes_colors
from services.operations.run.loglines import LogLine


def line(message: str) -> LogLine:
    return LogLine(service="cart", level="info", message=message, time=datetime.now(UTC))


@pytest.fixture
def pipe() -> Iterator[tuple[io.FileIO, io.FileIO]]:
    reading, writing = os.pipe()
    with io.FileIO(reading) as reader, io.FileIO(writing, "w") as writer:
        yield reader, writer


def test_everything_is_written_in_order_by_the_time_it_is_closed() -> None:
    stream = io.BytesIO()
    console = Console(stream)
    for number in range(1000):
        console.log(line(f"number {number}"))
    console.show("the end")
    console.close()
    rows = stream.getvalue().decode().splitlines()
    assert [row.split("number ")[1] for row in rows[:-1]] == [str(number) for number in range(1000)]
    assert rows[-1] == "the end"


def test_text_that_is_not_valid_unicode_is_written_all_the_same() -> None:
    stream = io.BytesIO()
    console = Console(stream)
    console.show("\ud800!")
    console.close()
    assert stream.getvalue() == b"\\ud800!\n"


def test_a_reader_that_stopped_reading_stops_nothing_and_sees_how_much_it_missed(
    pipe: tuple[io.FileIO, io.FileIO],
) -> None:
    reader, writer = pipe
    console = Console(writer)
    for _ in range(30_000):
        console.log(line("x" * 20))  # far more than a pipe and the queue hold
    read = bytearray()
    while b"lines were dropped" not in read[-2 * 65536 :]:
        read += os.read(reader.fileno(), 65536)
    while b"and now?" not in read[-2 * 65536 :]:
        console.show("and now?")
        read += os.read(reader.fileno(), 65536)
    console.close()


def test_a_reader_that_went_away_stops_nothing(pipe: tuple[io.FileIO, io.FileIO]) -> None:
    reader, writer = pipe
    reader.close()
    console = Console(writer)
    for _ in range(3):
        console.log(line("to nobody"))
    console.close()


def test_a_pipe_gets_no_colours(pipe: tuple[io.FileIO, io.FileIO]) -> None:
    assert not takes_colors(pipe[1])


def test_a_terminal_gets_colours_unless_they_are_declined(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    controller, terminal = os.openpty()
    with io.FileIO(controller), io.FileIO(terminal, "w") as stream:
        assert takes_colors(stream)
        monkeypatch.setenv("NO_COLOR", "1")
        assert not takes_colors(stream)
