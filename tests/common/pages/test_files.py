"""A page's files: how they are kept, packed and found again, on an application of their own."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from services.common.core.settings import Settings
from services.common.pages.files import POLICY, page_routes
from services.common.process.app import base_app
from services.common.process.serve import listen
from services.common.web.keys import BOUND

SCRIPT = 'export const goods = "pear drops";\n' * 100


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[tuple[Path, aiohttp.ClientSession]]:
    """A folder of files, and a session with the application that serves them as a page."""
    folder = tmp_path / "page"
    (folder / "parts").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Page</title>")
    (folder / "main.js").write_text('import { goods } from "./parts/goods.js";\ngoods;\n')
    (folder / "parts" / "goods.js").write_text(SCRIPT)
    (folder / "page.css").write_text("h1 { color: red }\n")
    (folder / "dot.png").write_bytes(b"\x89PNG" + bytes(2000))
    (folder / "notes.md").write_text("not for everyone")
    app = base_app(Settings(service="bakery", data_dir=tmp_path), page_routes(folder, ["/"]))
    runner = await listen(app)
    async with aiohttp.ClientSession(app[BOUND].result(), auto_decompress=False) as session:
        yield folder, session
    await runner.cleanup()


Page = tuple[Path, aiohttp.ClientSession]


async def test_a_file_that_is_known_is_not_sent_again_until_it_changes(page: Page) -> None:
    folder, session = page
    async with session.get("/assets/main.js") as first:
        etag = first.headers["ETag"]
        assert first.headers["Cache-Control"] == "no-cache"
    known = {"If-None-Match": f'"other", {etag}'}
    async with session.get("/assets/main.js", headers=known) as again:
        assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", etag)
        assert again.headers["Content-Security-Policy"] == POLICY
    (folder / "main.js").write_text("changed();\n")
    async with session.get("/assets/main.js", headers=known) as changed:
        assert (changed.status, await changed.text()) == (200, "changed();\n")


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0, br", False),
    ],
)
async def test_text_is_compressed_for_callers_that_accept_it(
    page: Page, accepted: str, packed: bool
) -> None:
    _, session = page
    headers = {"Accept-Encoding": accepted}
    async with session.get("/assets/parts/goods.js", headers=headers) as response:
        body = await response.read()
        assert response.headers["Vary"] == "Accept-Encoding"
        assert (response.headers.get("Content-Encoding") == "gzip") is packed
    assert (gzip.decompress(body) if packed else body) == SCRIPT.encode()
    assert len(body) < len(SCRIPT) or not packed


async def test_pictures_and_small_files_are_sent_as_they_are(page: Page) -> None:
    _, session = page
    for path, media_type in {
        "/assets/dot.png": "image/png",
        "/assets/page.css": "text/css; charset=utf-8",
        "/": "text/html; charset=utf-8",
    }.items():
        async with session.get(path, headers={"Accept-Encoding": "gzip"}) as response:
            assert "Content-Encoding" not in response.headers
            assert response.headers["Content-Type"] == media_type


async def test_a_file_of_another_kind_is_404(page: Page) -> None:
    _, session = page
    for path in ("/assets/notes.md", "/assets/parts", "/assets/nothing.js"):
        async with session.get(path) as response:
            assert response.status == 404


async def test_only_the_docs_page_may_set_styles(page: Page) -> None:
    _, session = page
    policies = {}
    for path in ("/docs", "/docs/start.js", "/docs/swagger-ui.css", "/vendor/swagger_ui/start.js"):
        async with session.get(path) as response:
            assert response.status == 200, path
            policies[path] = response.headers["Content-Security-Policy"]
    assert policies.pop("/docs").replace(" 'unsafe-inline'", "") == POLICY
    assert set(policies.values()) == {POLICY}
