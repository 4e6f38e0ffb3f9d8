"""The registry's own page: public files without a secret, under a strict policy."""

import re

import pytest

from services.common.pages.files import POLICY
from tests.shop import OPERATOR, Shop

REFERENCE = re.compile(r"""(?:src|href)="([^"]+)"|from "([^"]+)"|import "([^"]+)";""")


def is_others(path: str) -> bool:
    """Whether a file was written by others, or holds what they have written."""
    return path.startswith(("/vendor/", "/assets/dist/"))


async def files_of_the_page(shop: Shop) -> dict[str, str]:
    """Every file that the page consists of, by path: what it names, and what that names."""
    found: dict[str, str] = {}
    wanted = ["/"]
    while wanted:
        path = wanted.pop()
        if path in found:
            continue
        reply = await shop.call("registry", "GET", path, key=None)
        assert reply.status == 200, path
        assert reply.headers["Content-Security-Policy"] == POLICY
        found[path] = reply.body.decode()
        folder = path.rpartition("/")[0]
        if path.startswith("/assets/dist/"):  # what it was built from is looked at instead
            wanted.append(path.replace("/dist/", "/", 1))
        for match in REFERENCE.finditer("" if is_others(path) else found[path]):
            name = next(filter(None, match.groups()))
            if name.startswith("../"):  # data that no page asks for: it is in what was built
                continue
            wanted.append(f"{folder}/{name[2:]}" if name.startswith("./") else name)
    return found


async def test_the_page_needs_no_key(shop: Shop) -> None:
    reply = await shop.call("registry", "GET", "/", key=None)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


async def test_every_file_that_the_page_names_is_served_under_the_policy(shop: Shop) -> None:
    files = await files_of_the_page(shop)
    assert {"/assets/main.js", "/assets/dashboard.js", "/shared/tokens.css"} <= files.keys()


async def test_no_file_of_the_page_holds_the_operator_key(shop: Shop) -> None:
    for path, text in (await files_of_the_page(shop)).items():
        assert OPERATOR not in text, path


async def test_the_page_runs_nothing_inline_and_names_no_other_host(shop: Shop) -> None:
    files = await files_of_the_page(shop)
    html = files["/"]
    assert not re.search(r"<style|\sstyle=|\son\w+=", html)
    assert all('src="' in script for script in re.findall(r"<script[^>]*>", html))
    own = {path: text for path, text in files.items() if not is_others(path)}
    for path, text in own.items():
        named = text.replace("http://www.w3.org/2000/svg", "")  # SVG's own name, never fetched
        assert not re.search(r"""["'(]\s*(?:https?:)?//\w""", named), path
        assert "innerHTML" not in text, path


async def test_the_data_of_the_page_needs_the_key(shop: Shop) -> None:
    for path in ("/services", "/history", "/events"):
        assert (await shop.call("registry", "GET", path, key=None)).status == 401


@pytest.mark.parametrize(
    "path", ["/assets/..%2fapp.py", "/assets/../app.py", "/assets/none.js", "/assets/"]
)
async def test_no_other_file_is_served(shop: Shop, path: str) -> None:
    reply = await shop.call("registry", "GET", path, key=None)
    assert reply.status == 404
