"""JavaScript reads each pattern of the documents, as JSON Schema wants (ECMA-262, with `u`)."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.patterns import patterns_of
from tests.shop import MAKERS, open_shop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PROGRAM = """
for (const pattern of JSON.parse(process.argv[1])) {
  try {
    new RegExp(pattern, "u");
  } catch (error) {
    console.log(error.message);
  }
}
"""


@pytest.fixture
async def patterns(tmp_path: Path) -> set[str]:
    """The patterns of each service's document, of schemas and of parameters."""
    async with open_shop(tmp_path / "data") as shop:
        await shop.start_all()
        replies = [await shop.call(name, "GET", "/openapi.json", key=None) for name in MAKERS]
    return patterns_of([json.loads(reply.body) for reply in replies])


async def wrong_of(patterns: set[str]) -> str:
    """What node says of the patterns that it cannot read."""
    process = await asyncio.create_subprocess_exec(
        *("node", "--eval", PROGRAM, json.dumps(sorted(patterns))), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said.decode()


async def test_javascript_reads_each_pattern(patterns: set[str]) -> None:
    assert len(patterns) > 5
    assert await wrong_of(patterns) == ""


async def test_a_pattern_that_javascript_does_not_read_is_found() -> None:
    assert "Invalid" in await wrong_of({r"^a\Z"})
