"""The typed keys of what an application and a request hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta

from aiohttp import ClientSession, web

from client.discovery import Discovery
from client.transport import Transport

from ..core.settings import Settings
from ..storage.database import Database
from .auth import Keyring, Principal
from .parts import Part

SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
KEYRING: web.AppKey[Keyring] = web.AppKey("keyring", Keyring)
TOKEN_LIFETIME: web.AppKey[timedelta] = web.AppKey("token_lifetime", timedelta)
"""How long the tokens last that this service signs, if it signs any."""
TOKEN_RENEWAL: web.AppKey[timedelta] = web.AppKey("token_renewal", timedelta)
"""For how long after a token has expired a new one is signed for it."""
DATABASE: web.AppKey[Database] = web.AppKey("database", Database)
SESSION: web.AppKey[ClientSession] = web.AppKey("session", ClientSession)
DISCOVERY: web.AppKey[Discovery] = web.AppKey("discovery", Discovery)
TRANSPORT: web.AppKey[Transport] = web.AppKey("transport", Transport)
PEERS: web.AppKey[Sequence[str]] = web.AppKey("peers", Sequence)
BOUND: web.AppKey[asyncio.Future[str]] = web.AppKey("bound", asyncio.Future)
"""Resolves to the URL by which others reach this service, once it listens."""

HELD: web.RequestKey[ExitStack] = web.RequestKey("held", ExitStack)
"""What a request holds until its answer has been sent."""
PRINCIPAL: web.RequestKey[Principal] = web.RequestKey("principal", Principal)
PART: web.RequestKey[Part] = web.RequestKey("part", Part)
"""What a request is that came in a batch: whoever serves the batch sends its answer."""

Resource = Callable[[web.Application], AsyncIterator[None]]
"""A cleanup context of an application: it opens something, yields, and closes it."""
