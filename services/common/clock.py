"""Wall-clock times as they are stored and shown: RFC 3339 in UTC, with milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def utc_now() -> str:
    """Now, such as `2026-11-23T09:15:02.123Z`. Such texts sort as the times do."""
    return rfc3339(datetime.now(UTC))


def rfc3339(moment: datetime) -> str:
    """A moment as it is stored."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_after(moment: str, seconds: float) -> str:
    """The stored form of `seconds` after a stored moment."""
    return rfc3339(datetime.fromisoformat(moment) + timedelta(seconds=seconds))


def hours_before(moment: str, hours: float) -> str:
    """The stored form of `hours` before a stored moment."""
    return seconds_after(moment, -hours * 3600)
