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

from tests.markdown import ROOT
from tests.shop import MAKERS, OPERATOR, Shop, open_shop

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(180)]

SETTINGS = """
[checks.positive_data_acceptance]
enabled = true
expected-statuses = ["2xx", "304", "404", "409", "412", "422", "429", "503", "504"]
"""
"""What is valid by the document succeeds, or is rejected for what it is about: tests/fuzz/hooks.py
holds a 422 to that. 429, 503 and 504 tell of the moment and not of the request.
"""
EFFORT = ("--phases", "coverage,fuzzing,stateful", "-n", "15", "--max-time", "30", "-w", "1")
LESS = {
    # Whoever registers and takes out what it likes in the registry has no shop to ask any more.
    "registry": ("--include-method", "GET"),
    # The gateway passes every method on: which there are is for the owner of a path to say.
    "storefront": ("--exclude-checks", "allow_header_conformance"),
}


@pytest.fixture
async def whole_shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A whole shop with a product, an order and a payment."""
    async with open_shop(tmp_path / "data") as shop:
        # What is too often for a person is not for these: they ask with wrong keys as well.
        often = {"wrong_key_burst": 1e6}
        await shop.start(*(name for name in MAKERS if name != "storefront"), **often)
        often |= dict.fromkeys(("session_rate", "session_burst"), 1e6)
        often |= dict.fromkeys(("customer_rate", "customer_burst"), 1e6)
        await shop.start("storefront", **often)
        await shop.pay(await shop.order(await shop.product()))
        yield shop


@pytest.mark.parametrize("service", MAKERS)
async def test_a_service_answers_as_its_document_says(
    whole_shop: Shop, service: str, tmp_path: Path
) -> None:
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(SETTINGS)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", settings, "run"),
        f"{whole_shop.urls[service]}/openapi.json",
        *("-H", f"X-API-Key: {OPERATOR}", "--seed", "1"),
        *(*EFFORT, *LESS.get(service, ())),
        cwd=tmp_path,  # it leaves a folder of what it has found
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
            "PYTHONPATH": str(ROOT),
            "NO_COLOR": "1",
            "COLUMNS": "120",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
