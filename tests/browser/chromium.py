"""Finding a Chromium on this machine, and starting it for pages that are watched."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW_TO_GET_ONE = (
    "There is no Chromium here: install one (Debian: `apt-get install chromium`), or say with"
    " CHROMIUM where it is."
)
ARGUMENTS = (
    "--no-sandbox",  # Chromium refuses to start as root with its own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium(environ: Mapping[str, str] = os.environ) -> str | None:
    """The path of a Chromium: the one that CHROMIUM names, or the first on the PATH."""
    for name in (environ["CHROMIUM"],) if environ.get("CHROMIUM") else NAMES:
        if path := shutil.which(name):
            return path
    return None


@asynccontextmanager
async def chromium(path: str) -> AsyncIterator[Browser]:
    """A Chromium without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()
