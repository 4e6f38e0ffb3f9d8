"""Fixtures for tests against real services."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from services.common.web import serving
from tests.loop import new_loop
from tests.shop import Shop, open_shop

settings.register_profile("usual", deadline=None, print_blob=True)
settings.register_profile(
    "long", settings.get_profile("usual"), max_examples=5000, stateful_step_count=60
)
settings.load_profile("usual")


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The one loop that every test runs on."""
    return {"loop": new_loop}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have to tell beyond that they passed, their property `told`, a line each."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, told in getattr(report, "user_properties", ()):
                if name == "told" and report.when == "call":
                    terminalreporter.write_line(str(told))


@pytest.fixture(autouse=True)
def no_refusal_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a 429."""
    monkeypatch.setattr(serving, "REFUSAL_SECONDS", 0.0)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A shop of which only the registry runs."""
    async with open_shop(tmp_path) as shop:
        await shop.start("registry")
        yield shop


@pytest.fixture
async def four_services(shop: Shop) -> Shop:
    """A whole shop."""
    await shop.start("catalog", "cart", "order", "payment")
    return shop
