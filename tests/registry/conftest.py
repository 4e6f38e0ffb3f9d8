"""Fixtures for the registry's tests."""

import pytest

from registry import hub
from tests.shop import Shop


@pytest.fixture
async def leases_end_on_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry looks at its leases all the time, so that short ones end on time."""
    monkeypatch.setattr(hub, "LONGEST_PAUSE", 0.01)
    await shop.restart("registry")
