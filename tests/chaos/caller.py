"""How a client of the workload makes a call: written down first, and then what came of it."""

from __future__ import annotations

import asyncio
import random
import uuid
from contextlib import suppress
from decimal import Decimal
from typing import Any

from client.errors import ShopError
from client.transport import Answer, Transport

from .history import History, Record

DEADLINE = 8.0
"""Seconds that a call may take in all."""

PROBLEM = b'{"type":"urn:tuckshop:problem:'
SENT_AS_SUCCESS = "rejection_sent_as_success"
ATTEMPTS = 8
"""How often a call is repeated in the end, when nothing is in its way any more."""


class Caller:
    """Calls of one principal, whose `name` they are written down under."""

    via = ""
    """The service that passes the calls on, if one does."""

    def __init__(
        self, name: str, transport: Transport, history: History, rng: random.Random
    ) -> None:
        self.name = name
        self.rng = rng
        self.unsettled: list[tuple[str, Record]] = []
        """Calls with a key, and their service, of which it is not known what came of them."""
        self._transport = transport
        self._history = history

    def new_key(self) -> str:
        """A key that no other call has; the same ones for the same seed."""
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    async def call(
        self,
        op: str,
        service: str,
        method: str,
        path: str,
        *,
        sent: Any = None,
        key: str | None = None,
        params: dict[str, str] | None = None,
        request_id: str | None = None,
        **note: Any,
    ) -> Record:
        """Make a call, and return what is written down of it."""
        note = {"service": service, "via": self.via} | note
        record = self._history.begin(self.name, op, method, path, key=key, sent=sent, note=note)
        try:
            answer = await self._send(
                service,
                method,
                path,
                params=params,
                json=sent,
                idempotency_key=key,
                deadline=DEADLINE,
                headers={"X-Request-ID": request_id} if request_id else None,
            )
        except ShopError as error:
            unknown = error.may_have_been_done or error.code == "request_in_progress"
            self._history.end(
                record,
                "unknown" if unknown else "fail",
                status=error.status,
                code=error.code,
                body=error.body,
            )
        except asyncio.CancelledError:
            self._history.end(record, "unknown", code="client_gone")
            if key is not None:
                self.unsettled.append((service, record))
            raise
        else:
            rejected = answer.body.startswith(PROBLEM)
            self._history.end(
                record,
                "fail" if rejected else "ok",
                status=answer.status,
                code=SENT_AS_SUCCESS if rejected else "",
                body=answer.body,
            )
        if key is not None and (record.outcome == "unknown" or record.status == 202):
            self.unsettled.append((service, record))
        return record

    async def _send(self, service: str, method: str, path: str, **options: Any) -> Answer:
        return await self._transport.request(service, method, path, **options)

    async def insist(self, *args: Any, **options: Any) -> Record:
        """Make a call, and most often make it again with its key while it is not known."""
        record = await self.call(*args, **options)
        for _ in range(2):
            if record.outcome != "unknown" or record.key is None or self.rng.random() < 0.3:
                break
            record = await self.call(*args, **options)
        return record

    async def leave(self, *args: Any, after: float, **options: Any) -> None:
        """Make a call, and be gone before the answer is there, `after` seconds from now."""
        with suppress(TimeoutError):
            async with asyncio.timeout(after):
                await self.call(*args, **options)

    async def settle(self) -> list[Record]:
        """Repeat with its key whatever is not known until it is; returns what never was."""
        last = dict[str | None, Record]()
        for service, record in self.unsettled:
            for attempt in range(ATTEMPTS):
                if record.key in last and last[record.key].is_final:
                    break
                await asyncio.sleep(0.05 * 2**attempt if attempt else 0.0)
                last[record.key] = await self._again(service, record)
        return [record for record in last.values() if not record.is_final]

    async def _again(self, service: str, record: Record) -> Record:
        note = {name: value for name, value in record.note.items() if name != "service"}
        unsettled, self.unsettled = self.unsettled, []
        try:
            return await self.call(
                record.op,
                service,
                record.method,
                record.path,
                sent=record.sent,
                key=record.key,
                **note,
            )
        finally:
            self.unsettled = unsettled


def money(value: Any) -> Decimal:
    """An amount out of an answer, exact."""
    return Decimal(str(value))
