"""Wall-clock times as they are stored and shown: RFC 3339 in UTC, with milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def utc_now() -> str:
    """Now, such as `2026-11-23T09:15:02.123Z`. These texts sort in the order of the times."""
    return rfc3339(datetime.now(UTC))


def rfc3339(moment: datetime) -> str:
    """The stored form of a moment."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds_after(moment: str, seconds: float) -> str:
    """The moment `seconds` after `moment`, both in their stored form."""
    return rfc3339(datetime.fromisoformat(moment) + timedelta(seconds=seconds))


def hours_before(moment: str, hours: float) -> str:
    """The moment `hours` before `moment`, both in their stored form."""
    return seconds_after(moment, -hours * 3600)
