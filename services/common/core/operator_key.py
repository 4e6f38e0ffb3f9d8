"""Which operator keys somebody who reaches the shop from elsewhere would guess."""

from __future__ import annotations

import re
import secrets
from itertools import pairwise

MIN_LENGTH = 16
MIN_CHARACTERS = 6
"""Different ones in a key."""

_WELL_KNOWN = frozenset(
    """
    admin administrator apikey changeme changemeplease changethis correcthorsebatterystaple default
    development example guest hello hunter letmein mysecretkey mysupersecretkey operator password
    placeholder qwerty qwertyuiopasdfgh replaceme root secret secretkey supersecret supersecretkey
    test testkey thisisasecret thisisasecretkey topsecret tuckshop welcome yourapikey yourapikeyhere
    yoursecret yoursecretkey yoursecretkeyhere
    """.split()  # noqa: SIM905  a list of so many words is easier to read so
)
"""Without what stands between the letters, and without digits at the end."""


def why_guessable(key: str) -> str | None:
    """Why a key is no secret, to be read after "API_KEY is"; None if it may be one."""
    key = key[:200]  # more of it decides nothing
    letters = re.sub(r"[\W_]", "", key.casefold())
    words = letters.rstrip("0123456789")
    if words in _WELL_KNOWN or _whole_of(words) in _WELL_KNOWN:
        return "well known"
    if len(key) < MIN_LENGTH:
        return f"short ({len(key)} of at least {MIN_LENGTH} characters)"
    if len(set(key)) < MIN_CHARACTERS or len(_whole_of(key)) < MIN_LENGTH // 2 or _counts(letters):
        return "easily guessed"
    return None


def fresh_key() -> str:
    """A key that nobody can guess."""
    return secrets.token_urlsafe(24)


def _whole_of(text: str) -> str:
    """What a text repeats: `ab` for `ababab` and `ababa`. A text that repeats nothing is itself."""
    periods = (n for n in range(1, len(text)) if text[n:] == text[: len(text) - n])
    return text[: next(periods, len(text))]


def _counts(text: str) -> bool:
    """Whether a text goes on as it began for the most part: `abcdefgh`, `0123456789`, `987654`."""
    steps = [ord(b) - ord(a) for a, b in pairwise(text)]
    return sum(step in (-1, 0, 1) for step in steps) * 4 >= len(steps) * 3
