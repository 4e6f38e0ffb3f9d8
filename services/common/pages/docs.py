"""The documentation of a service: its OpenAPI document, and the page that shows it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from aiohttp import web

from ..core import wire
from ..core.currency import Currency
from ..core.version import VERSION
from ..web.routing import Access, Route
from .files import POLICY, VENDOR, send_file

Document = dict[str, Any]
WHOLE_DOCUMENT: web.AppKey[Callable[[web.Request, Document], Awaitable[bytes]]] = web.AppKey(
    "whole_document"
)
"""Makes the whole document of a service's own, where it serves routes of others."""
DOCUMENT = {"openapi": "3.1.0", "info": {"title": "Tuckshop: cart", "version": VERSION}}
"""An example of one."""
SWAGGER_UI = VENDOR / "swagger_ui"
DOCS_POLICY = POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
"""Swagger UI sets styles on elements."""


def documentation_routes(service: str, routes: list[Route], currency: Currency) -> list[Route]:
    """The routes of `/openapi.json`, of `/docs` and of the files that the page needs."""

    @cache
    def own_document() -> tuple[Document, bytes]:
        from ..web.openapi import openapi_document  # by few who run a shop it is ever asked for

        document = openapi_document(service, all_routes, currency)
        return document, wire.encode(document)

    async def openapi_json(request: web.Request) -> web.Response:
        """This document."""
        document, body = own_document()
        if WHOLE_DOCUMENT in request.app:
            body = await request.app[WHOLE_DOCUMENT](request, document)
        return web.json_response(body=body)

    async def docs(request: web.Request) -> web.Response:
        """The page that shows this service's documentation and can try its routes."""
        return await send_file(request, SWAGGER_UI, "index.html", policy=DOCS_POLICY)

    async def docs_file(request: web.Request) -> web.Response:
        """A file of the documentation page."""
        return await send_file(request, SWAGGER_UI, request.match_info["file"])

    own = [
        Route(
            "GET",
            "/openapi.json",
            openapi_json,
            Access.PUBLIC,
            gives=dict,
            examples={200: DOCUMENT},
        ),
        Route("GET", "/docs", docs, Access.PUBLIC, also=(304,)),
        Route(
            "GET",
            r"/docs/{file:[a-z-]+\.(?:js|css)}",
            docs_file,
            Access.PUBLIC,
            also=(304,),
            rejections=("not_found",),
        ),
    ]
    all_routes = routes + own
    return own
