"""Each OpenAPI document holds what spectral, which nobody here wrote, wants of one."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.markdown import ROOT
from tests.shop import MAKERS, open_shop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

SPECTRAL = ROOT / "node_modules" / ".bin" / "spectral"


@pytest.fixture
async def documents(tmp_path: Path) -> list[Path]:
    """The document of each service, as a file."""
    files = [tmp_path / f"{name}.json" for name in MAKERS]
    async with open_shop(tmp_path / "data") as shop:
        await shop.start_all()
        for file in files:
            reply = await shop.call(file.stem, "GET", "/openapi.json", key=None)
            file.write_bytes(reply.body)
    return files


@pytest.fixture
def wrong(documents: list[Path], tmp_path: Path) -> Path:
    """A document with an example that does not fit its schema."""
    document = json.loads(next(file for file in documents if file.stem == "payment").read_text())
    body = document["paths"]["/pay"]["post"]["requestBody"]["content"]["application/json"]
    body["example"] = {"order_id": "7"}
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(document))
    return file


async def lint(*documents: Path) -> tuple[int | None, str]:
    """The exit code of spectral, and what it said."""
    assert SPECTRAL.exists(), "spectral is not here: run `npm ci`"
    process = await asyncio.create_subprocess_exec(
        *map(str, (SPECTRAL, "lint", "--ruleset", ROOT / ".spectral.yaml", *documents)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()


async def test_spectral_finds_nothing_wrong(documents: list[Path]) -> None:
    code, said = await lint(*documents)
    assert code == 0, said


async def test_spectral_sees_a_wrong_example(wrong: Path) -> None:
    code, said = await lint(wrong)
    assert code == 1
    assert "oas3-valid-media-example" in said
