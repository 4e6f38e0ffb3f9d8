"""Operator keys: which are refused where other machines reach the shop."""

import re
import secrets
from pathlib import Path

import pytest

from services.common.core.arguments import SettingsError
from services.common.core.operator_key import fresh_key, why_guessable
from services.common.core.settings import DEVELOPMENT_KEY, Settings


def start(key: str, host: str = "0.0.0.0") -> Settings:
    advertise = "shop.example" if host == "0.0.0.0" else None
    return Settings(service="cart", data_dir=Path(), host=host, advertise=advertise, api_key=key)


GUESSABLE = {
    "a": "well known|short",
    "secret": "well known",
    DEVELOPMENT_KEY: "still the development key",
    "secret-key-123456789": "well known",
    "Password": "well known",
    "PASSWORD_2026_2026": "well known",
    "passwordpassword": "well known",
    "changeme": "well known",
    "change-me-please-1": "well known",
    "your_secret_key_here": "well known",
    "admin": "well known",
    "test": "well known",
    "hunter2": "well known",
    "V3ry-S3cr3t!": r"short \(12 of at least 16 characters\)",
    "fifteen letters": "short",
    "a" * 40: "easily guessed",
    "ab" * 20: "easily guessed",
    "abcdefghijklmnopqrstuvwxyz": "easily guessed",
    "0123456789abcdef": "easily guessed",
    "1234-5678-9012-3456": "easily guessed",
    "zyxwvutsrqponmlkjihg": "easily guessed",
    "aabbccddeeffgghhii": "easily guessed",
    "abcabcabcabcabcabc": "easily guessed",
}


@pytest.mark.parametrize(("key", "reason"), GUESSABLE.items(), ids=GUESSABLE)
def test_a_key_that_others_would_guess_is_refused_where_they_reach_the_shop(
    key: str, reason: str
) -> None:
    with pytest.raises(SettingsError, match=f"API_KEY is ({reason})") as refused:
        start(key)
    if len(key) > 4:
        assert key not in str(refused.value)
    assert start(key, "127.0.0.1").api_key == key  # and here it is nobody's business


@pytest.mark.parametrize(
    "key",
    [
        "a key of our own",
        "correct horse shop battery",
        "tuckshop-in-the-old-mill-7",
        "Wq3-9fKz-77tR-bb2p",
        "24619602df653d737183aee62b26116b",
        "3c321358cfd77f16",
        "ключ от лавки сладостей",
    ],
)
def test_a_key_of_one_s_own_is_taken(key: str) -> None:
    assert start(key).api_key == key


def test_who_is_refused_is_offered_a_good_key() -> None:
    offered = set()
    for _ in range(2):
        with pytest.raises(SettingsError) as refused:
            start("a")
        (key,) = re.findall(r"such as (\S{32}) ", str(refused.value))
        assert start(key).api_key == key
        offered.add(key)
    assert len(offered) == 2


def test_keys_that_are_offered_are_never_refused() -> None:
    assert [key for key in (fresh_key() for _ in range(2000)) if why_guessable(key)] == []


def test_a_key_without_end_is_judged_in_no_time() -> None:
    assert why_guessable("x" * 1_000_000) == "easily guessed"
    assert why_guessable(secrets.token_hex(500_000)) is None
