"""Log lines: read from whatever a process wrote, and shown so that a person can trust them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from services.operations.run.loglines import LogLine, as_json, as_text, read_line

NOW = datetime(2026, 5, 4, 12, 30, 15, 250_000, tzinfo=UTC)
CLOCK = NOW.astimezone().strftime("%H:%M:%S.250")


def read(raw: bytes) -> LogLine:
    return read_line("cart", raw, now=NOW, plain_level="error")


def test_a_json_line_is_shown_as_time_service_level_message_and_fields() -> None:
    line = read(
        b'{"time": "2026-05-04T12:30:15.250+00:00", "level": "info", "service": "cart", '
        b'"message": "listening", "url": "http://127.0.0.1:8001", "pid": 7, "why": "as told"}'
    )
    assert as_text(line, colored=False) == (
        f'{CLOCK} cart       info    listening url=http://127.0.0.1:8001 pid=7 why="as told"'
    )


def test_a_line_that_is_not_json_is_its_own_message() -> None:
    line = read(b"Segmentation fault\r")
    assert (line.message, line.level, line.time) == ("Segmentation fault", "error", NOW)


def test_json_that_is_no_object_or_broken_is_a_message() -> None:
    for raw in (b"[1, 2]", b'{"level": ', b"{" * 100_000, b""):
        assert read(raw).message == raw.decode()


def test_bytes_that_are_not_utf8_are_shown_and_not_raised() -> None:
    assert read(b"\xff!").message == "\ufffd!"


def test_a_time_that_cannot_be_read_is_the_time_of_arrival() -> None:
    for time in ('"soon"', "null", '"0001-01-01T00:00:00+14:00"'):
        assert read(b'{"message": "x", "time": %s}' % time.encode()).time == NOW


def test_control_characters_are_shown_and_never_sent_to_the_terminal() -> None:
    line = read(b'{"message": "a\\u001b[2Jb", "level": "\\u0007", "user_id": "c\\rd"}')
    shown = as_text(line, colored=False)
    assert "a\\x1b[2Jb" in shown
    assert not any(ord(character) < 32 for character in shown)


def test_a_traceback_stands_beneath_its_line() -> None:
    line = read(b'{"level": "error", "message": "failed", "traceback": "Traceback:\\n  here"}')
    assert as_text(line, colored=False).splitlines()[1:] == ["    Traceback:", "      here"]


def test_colours_are_used_only_where_they_are_wanted() -> None:
    line = read(b'{"level": "error", "message": "failed"}')
    assert "\x1b[" in as_text(line, colored=True)
    assert "\x1b[" not in as_text(line, colored=False)


def test_as_json_every_line_is_one_object_with_its_service() -> None:
    for raw in (b"plain", b'{"message": "told", "service": "liar", "stock": 3}'):
        told = json.loads(as_json(read(raw)))
        assert told["service"] == "cart"
        assert told["message"] in ("plain", "told")
    assert told["stock"] == 3


def test_what_turns_text_around_or_breaks_its_line_is_shown_too() -> None:
    for character in "\u202e\u2066\u200f\u061c\u2028\u2029\ufeff\U000e0041":
        line = read(json.dumps({"message": f"a{character}b", "user_id": f"c{character}"}).encode())
        shown = as_text(line, colored=False)
        assert character not in shown
        assert shown.count(f"{ord(character):x}") == 2, shown


def test_a_character_of_a_message_is_shown_as_it_is() -> None:
    for text in ("Süßes", "糖果", "🍬", "לימון"):
        assert text in as_text(read(json.dumps({"message": text}).encode()), colored=False)
