"""The set of keys that tokens are signed with: which signs, which verify, and how sets meet."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.core.clock import seconds_after
from services.common.core.token_keys import (
    KEPT_LONGER_SECONDS,
    SIGNS_AFTER_SECONDS,
    TokenKey,
    TokenKeys,
    new_key,
)

NOON = "2026-05-01T12:00:00.000Z"
WEEK = 7 * 24 * 3600


def at(seconds: float) -> str:
    return seconds_after(NOON, seconds)


def key(kid: str, seconds: float = 0.0) -> TokenKey:
    return new_key(kid, now=at(seconds))


def names(keys: TokenKeys) -> list[str]:
    return [each.kid for each in keys.keys]


def signs(keys: TokenKeys, seconds: float) -> str | None:
    found = keys.signing_key(at(seconds))
    return found.kid if found else None


def test_no_two_keys_are_the_same() -> None:
    assert key("a").secret != key("a").secret


def test_the_only_key_signs_at_once() -> None:
    assert signs(TokenKeys(), 0) is None
    assert signs(TokenKeys(keys=(key("a"),)), 0) == "a"


def test_a_new_key_signs_once_everybody_has_heard_of_it() -> None:
    keys = TokenKeys(keys=(key("a"),)).with_key("b", now=at(60))
    assert signs(keys, 60 + SIGNS_AFTER_SECONDS - 0.001) == "a"
    assert signs(keys, 60 + SIGNS_AFTER_SECONDS) == "b"


def test_a_key_verifies_until_every_token_that_it_signed_has_ended() -> None:
    keys = TokenKeys(keys=(key("a"),), longest_token=WEEK).with_key("b", now=at(60))
    end = 60 + SIGNS_AFTER_SECONDS + WEEK + KEPT_LONGER_SECONDS
    assert keys.ends() == {"a": at(end), "b": None}
    assert names(keys.without_ended(at(end))) == ["a", "b"]
    assert names(keys.without_ended(at(end + 0.001))) == ["b"]
    assert names(keys.without_ended(at(100 * end))) == ["b"]


def test_a_key_that_was_retired_within_400_days_is_still_there() -> None:
    longest = (7 + 400) * 24 * 3600
    for days, kept in ((399, ["a", "b"]), (407, ["a", "b"]), (409, ["b"])):
        keys = TokenKeys(keys=(key("a"),), longest_token=longest).with_key("b", now=at(0.001))
        assert names(keys.without_ended(at(days * 24 * 3600))) == kept


def test_what_was_signed_before_can_be_ended_at_once() -> None:
    keys = TokenKeys(keys=(key("a"), key("b", 1)), longest_token=WEEK)
    ended = keys.with_key("c", now=at(60), end_older=True)
    assert (names(ended), ended.older_ended_at, signs(ended, 60)) == (["c"], at(60), "c")


def test_a_key_that_is_there_is_not_made_again() -> None:
    keys = TokenKeys(keys=(key("a"),)).with_key("b", now=at(60))
    assert keys.with_key("b", now=at(90)) == keys
    assert names(keys.with_key("b", now=at(90), end_older=True)) == ["b"]


def test_a_new_key_is_newer_than_all_although_the_clock_went_back() -> None:
    keys = TokenKeys(keys=(key("a", 3600),)).with_key("b", now=at(0), end_older=True)
    assert names(keys) == ["b"]
    assert keys.keys[0].created_at == at(3600.001)


def test_what_has_ended_does_not_come_back_from_one_who_was_away() -> None:
    before = TokenKeys(keys=(key("a"),), longest_token=WEEK)
    rotated = before.with_key("b", now=at(60))
    ended = rotated.with_key("c", now=at(120), end_older=True)
    assert names(before.merged(rotated)) == ["a", "b"]
    for away in (before, rotated):
        assert ended.merged(away) == away.merged(ended) == ended


def test_a_key_that_has_gone_and_is_given_back_is_gone_by_the_same_moment() -> None:
    before = TokenKeys(keys=(key("a"),), longest_token=WEEK)
    now = at(WEEK * 3)
    rotated = before.with_key("b", now=at(60)).with_key("c", now=at(70)).without_ended(now)
    assert names(rotated) == ["c"]
    assert rotated.merged(before).without_ended(now) == rotated


KEYS = [key(f"k{number}", number) for number in range(6)]


@st.composite
def sets(draw: st.DrawFn) -> TokenKeys:
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=4))
    ended = draw(st.sampled_from([None, *(each.created_at for each in keys)]))
    longest = draw(st.sampled_from([0, 60, WEEK]))
    return TokenKeys(longest_token=longest).merged(
        TokenKeys(keys=tuple(keys), older_ended_at=ended)
    )


@given(sets(), sets(), sets())
def test_in_which_order_sets_meet_does_not_matter(
    one: TokenKeys, two: TokenKeys, three: TokenKeys
) -> None:
    assert one.merged(two) == two.merged(one)
    assert one.merged(two).merged(three) == one.merged(two.merged(three))
    assert one.merged(one) == one


def test_sets_are_told_apart_by_their_version_and_it_has_no_secret_in_it() -> None:
    keys = TokenKeys(keys=(key("a"),))
    others = [keys.with_key("b", now=at(1)), TokenKeys(keys=(key("a"),)), TokenKeys()]
    assert len({each.version for each in (keys, *others)}) == 4
    assert keys.keys[0].secret not in keys.version


def test_only_a_set_of_new_keys_may_lack_one() -> None:
    keys = TokenKeys(keys=(key("a"),))
    assert not keys.is_complete(at(SIGNS_AFTER_SECONDS - 0.001))
    assert keys.is_complete(at(SIGNS_AFTER_SECONDS))
    assert keys.merged(TokenKeys(keys=(key("old", -60),))).is_complete(at(0))
    assert keys.with_key("b", now=at(1), end_older=True).is_complete(at(1))


GOOD = {"kid": "a", "secret": "x" * 43, "created_at": NOON}


@pytest.mark.parametrize(
    "bad",
    [
        {"keys": [GOOD | {"kid": ""}]},
        {"keys": [GOOD | {"kid": "../a"}]},
        {"keys": [GOOD | {"secret": "x" * 42}]},
        {"keys": [GOOD | {"secret": "=" * 43}]},
        {"keys": [GOOD | {"created_at": "2026-13-01T12:00:00.000Z"}]},
        {"keys": [GOOD | {"created_at": "9999-12-31T12:00:00.000Z"}]},
        {"keys": [GOOD | {"created_at": "yesterday"}]},
        {"keys": [GOOD | {"surprise": 1}]},
        {"keys": [GOOD] * 101},
        {"longest_token": -1},
        {"older_ended_at": NOON},
        {"older_ended_at": at(1), "keys": [GOOD]},
    ],
    ids=str,
)
def test_what_is_no_set_of_keys_is_refused(bad: Any) -> None:
    assert msgspec.convert({"keys": [GOOD], "older_ended_at": NOON}, TokenKeys).keys
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(bad, TokenKeys)
