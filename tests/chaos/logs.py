"""Promise 9 of services/README.md, from the shop's log: each request ended in time. And nothing
failed unexpectedly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

REQUEST_SECONDS = 15.0 + 1.0
"""How long a service may take for a request, and what a machine this busy may add to it."""

_CRASH = ("Traceback (most recent call last)", "Fatal Python error")
"""How it begins that an interpreter tells of its own end, or of a thread's, without a logger."""
_SIGNALLED = re.compile(r"was ended by (?!(SIGKILL|SIGTERM)\b)")
"""By a signal that no attack sends. One told to end before it listens for that ends by SIGTERM."""


def violations(log: Path) -> Iterator[str]:
    """Every line of the log that tells of what should not have been."""
    with log.open(errors="replace") as lines:
        for text in lines:
            try:
                line = json.loads(text)
            except ValueError:  # it was killed in the middle of it
                continue
            if "traceback" in line:
                yield f"{line['service']}: {line['message']}: {line['traceback']}"
            message = line["message"]
            if any(sign in message for sign in _CRASH) or (
                line["service"] == "run" and _SIGNALLED.search(message)
            ):
                yield f"{line['service']}: {message}"
            if line.get("milliseconds", 0.0) > REQUEST_SECONDS * 1000:
                yield f"promise 9: {line['service']} took {line['milliseconds']} ms: {text}"
