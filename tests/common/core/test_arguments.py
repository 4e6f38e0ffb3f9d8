"""Flags: what is given, and what stands if it is not."""

from __future__ import annotations

import pytest

from services.common.core.arguments import ArgumentParser


@pytest.mark.parametrize("default", [["of-the-variable"], []])
def test_a_flag_that_may_be_given_again_takes_the_place_of_its_default(default: list[str]) -> None:
    parser = ArgumentParser("shop", description="")
    parser.add_argument("--host", dest="hosts", action="append", default=default)
    for arguments, hosts in (
        ([], default),
        (["--host", "a"], ["a"]),
        (["--host", "a", "--host", "b"], ["a", "b"]),
    ):
        assert parser.parse_args(arguments).hosts == hosts
