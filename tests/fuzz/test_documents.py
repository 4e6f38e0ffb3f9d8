"""Each service answers as its OpenAPI document says, whatever it is asked: schemathesis, which
nobody here wrote, makes requests up from the document, and checks every answer against it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.shop import MAKERS, OPERATOR, Shop, open_shop

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(180)]

# A request that is valid by its document may be rejected still, for what it is about.
CHECKS = ("--exclude-checks", "positive_data_acceptance")
EFFORT = ("--phases", "coverage,fuzzing,stateful", "-n", "15", "--max-time", "30", "-w", "1")
READ_ONLY = {"registry": ("--include-method", "GET")}
"""Whoever registers and takes out what it likes in the registry has no shop to ask any more."""


@pytest.fixture
async def whole_shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A whole shop with a product, an order and a payment."""
    async with open_shop(tmp_path / "data") as shop:
        await shop.start(*(name for name in MAKERS if name != "storefront"))
        await shop.start("storefront", session_rate=60_000.0, session_burst=1000.0)
        await shop.pay(await shop.order(await shop.product()))
        yield shop


@pytest.mark.parametrize("service", MAKERS)
async def test_a_service_answers_as_its_document_says(
    whole_shop: Shop, service: str, tmp_path: Path
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run"),
        f"{whole_shop.urls[service]}/openapi.json",
        *("-H", f"X-API-Key: {OPERATOR}", "--seed", "1"),
        *(*CHECKS, *EFFORT, *READ_ONLY.get(service, ())),
        cwd=tmp_path,  # it leaves a folder of what it has found
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
