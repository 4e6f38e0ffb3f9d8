"""What the tests with a planted bug share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.planted.seams import Seams


@pytest.fixture
def seams() -> Iterator[Seams]:
    """Where a bug is planted; it is gone after the test."""
    with Seams() as seams:
        yield seams
