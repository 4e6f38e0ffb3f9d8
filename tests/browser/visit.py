"""Somebody at a page of the shop, and an eye on all that their browser does meanwhile."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    Route,
    WebError,
)

from tests.shop import OPERATOR

PATIENCE = 15_000
"""Milliseconds that a busy machine may take for what takes a few of them."""
_FAILED_REQUEST = re.compile(r"Failed to load resource: .*(status of (\d+)|net::(ERR_\w+))")


class Visit:
    """One browser's visit to one origin: its tabs, and what went wrong in them."""

    def __init__(self, context: BrowserContext, origin: str, *, holds_key: bool) -> None:
        self.context = context
        self.origin = origin
        self.requests: list[Request] = []
        self._holds_key = holds_key
        self._expected: set[str] = set()
        self._problems: list[str] = []
        context.on("request", self._sent)
        context.on("console", self._said)
        context.on("dialog", self._asked)
        context.on("weberror", self._failed)

    def expect_failures(self, *kinds: int | str) -> None:
        """Requests may fail from now on with these statuses or `ERR_…` of the network."""
        self._expected |= {str(kind) for kind in kinds}

    async def tab(self, path: str = "/") -> Page:
        """Open a path of the origin in a new tab."""
        page = await self.context.new_page()
        await page.goto(self.origin + path)
        return page

    async def withhold_answer_to(self, path: str) -> asyncio.Event:
        """The next call of a path is carried out and never answered. Returns what is set then."""
        done = asyncio.Event()

        async def carry_out(route: Route) -> None:
            await route.fetch()
            done.set()

        await self.context.route(self.origin + path, carry_out, times=1)
        return done

    async def lose_answer_to(self, path: str) -> None:
        """The next call of a path is carried out, and the connection is lost before the answer."""

        async def carry_out(route: Route) -> None:
            await route.fetch()
            await route.abort("internetdisconnected")

        await self.context.route(self.origin + path, carry_out, times=1)

    async def before_call_of(self, path: str, happens: Callable[[], Awaitable[object]]) -> None:
        """Have something happen while the next call of a path is under way."""

        async def let_happen(route: Route) -> None:
            await happens()
            await route.continue_()

        await self.context.route(self.origin + path, let_happen, times=1)

    def settle(self) -> None:
        """Fail with all that went wrong."""
        assert not self._problems, "\n".join(self._problems)

    def _sent(self, request: Request) -> None:
        self.requests.append(request)
        scheme, host, *_ = urlsplit(request.url)
        if scheme not in ("data", "blob") and f"{scheme}://{host}" != self.origin:
            self._problems.append(f"A request left the origin: {request.url}")
        told = {"URL": request.url, "body": request.post_data or ""}
        if not self._holds_key:
            told["headers"] = str(request.headers)
        for where, text in told.items():
            if OPERATOR in text:
                self._problems.append(f"The operator key is in the {where}: {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        failed = _FAILED_REQUEST.match(message.text)
        if failed and (failed[2] or failed[3]) in self._expected:
            return
        self._problems.append(f"{message.type}: {message.text} ({message.location['url']})")

    async def _asked(self, dialog: Dialog) -> None:
        self._problems.append(f"A dialog: {dialog.message}")
        await dialog.dismiss()

    def _failed(self, error: WebError) -> None:
        self._problems.append(f"An error that nobody caught: {error.error}")


@asynccontextmanager
async def visiting(
    browser: Browser, origin: str, *, holds_key: bool = False, width: int = 1280
) -> AsyncIterator[Visit]:
    """A visit in a browser profile of its own, `width` CSS pixels wide; on leaving, whatever went
    wrong in it is raised. `holds_key` where the operator key is the visitor's own.
    """
    context = await browser.new_context(
        viewport={"width": width, "height": 900}, locale="en-GB", reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    try:
        visit = Visit(context, origin, holds_key=holds_key)
        yield visit
        visit.settle()
    finally:
        await context.close()
