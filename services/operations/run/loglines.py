"""One line of a process's log: parses it, and renders it for a person or as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from unicodedata import category

_NAME_WIDTH = 10
_FIRST_YEAR, _LAST_YEAR = 1970, 9998
"""Every time of these is one in every time zone."""
_SERVICE_COLORS = ("36", "32", "35", "34", "33", "96", "92", "95")
_LEVEL_COLORS = {"warning": "33", "error": "31", "critical": "1;31", "debug": "2"}
_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})
"""Unicode's categories of what a terminal acts on and does not show: control and format characters
(those that turn the text around are among them), separators of lines, and half of a pair.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A log line of the process `service`; `time` is aware of its time zone."""

    service: str
    level: str
    message: str
    time: datetime
    fields: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_error(self) -> bool:
        return self.level in ("error", "critical")


def read_line(service: str, raw: bytes, *, now: datetime, plain_level: str) -> LogLine:
    """Parse a line of a process; if it is not a JSON object, it is a message at `plain_level`."""
    text = raw.decode(errors="replace").rstrip("\r\n")
    try:
        members = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        return LogLine(service=service, level=plain_level, message=text, time=now)
    members.pop("service", None)
    return LogLine(
        service=service,
        level=str(members.pop("level", "info")),
        message=str(members.pop("message", "")),
        time=_read_time(members.pop("time", None), now),
        fields=members,
    )


def as_json(line: LogLine) -> str:
    """The line as one JSON object."""
    return json.dumps(
        {
            "time": line.time.astimezone(UTC).isoformat(timespec="milliseconds"),
            "level": line.level,
            "service": line.service,
            "message": line.message,
            **line.fields,
        },
        ensure_ascii=False,
    )


def as_text(line: LogLine, *, colored: bool) -> str:
    """The line for a person: local time, service, level, message, fields; a traceback beneath.

    What a terminal would act on is escaped: what is logged may come from anybody.
    """
    fields = dict(line.fields)
    traceback = fields.pop("traceback", None)
    shown = " ".join(f"{name}={_field(value)}" for name, value in fields.items())

    def paint(text: str, color: str | None) -> str:
        return f"\x1b[{color}m{text}\x1b[0m" if colored and color and text else text

    text = " ".join(
        (
            paint(_clock(line.time), "2"),
            paint(f"{_visible(line.service):{_NAME_WIDTH}}", _service_color(line.service)),
            paint(f"{_visible(line.level):7}", _LEVEL_COLORS.get(line.level)),
            paint(_visible(line.message), "1" if line.is_error else None),
            paint(_visible(shown), "2"),
        )
    ).rstrip()
    if isinstance(traceback, str):
        text += "".join(f"\n    {_visible(row)}" for row in traceback.splitlines())
    return text


def _clock(moment: datetime) -> str:
    """The local time of day, with milliseconds."""
    return f"{_second(int(moment.timestamp()))}.{moment.microsecond // 1000:03}"


@lru_cache(maxsize=8)  # what time it is here takes longer to find out than all else about a line
def _second(since_1970: int) -> str:
    return datetime.fromtimestamp(since_1970).astimezone().strftime("%H:%M:%S")


def _service_color(service: str) -> str:
    # A sum, because hash() of a text differs between processes.
    return _SERVICE_COLORS[sum(service.encode()) % len(_SERVICE_COLORS)]


def _field(value: object) -> str:
    if isinstance(value, str) and value and not re.search(r'[\s"=]', value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _visible(text: str) -> str:
    if text.isprintable():  # as almost all is: it has nothing of these categories
        return text
    return "".join(_escaped(each) if category(each) in _HIDDEN else each for each in text)


def _escaped(character: str) -> str:
    if character == "\t":
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _read_time(text: object, otherwise: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return otherwise
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return otherwise
    return moment if moment.tzinfo else moment.astimezone()
