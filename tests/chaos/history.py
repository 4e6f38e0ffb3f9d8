"""What the clients did and what came of it: written down before it is done, and again after."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

TOO_MANY_UNPAID = (
    "too_many_unpaid_orders",
    "too_many_unpaid_units",
    "too_many_unpaid_orders_at_address",
    "too_many_unpaid_units_at_address",
)
Outcome = Literal["begun", "ok", "fail", "unknown"]


class Record(msgspec.Struct, kw_only=True):
    """One call of a client.

    `ok` has been answered with a success (202 too), `fail` is one that certainly had no effect, or
    was rejected, and `unknown` may have had one. Times are monotonic seconds.
    """

    number: int
    client: str
    op: str
    method: str
    path: str
    key: str | None
    sent: Any
    note: dict[str, Any]
    began: float
    ended: float = 0.0
    outcome: Outcome = "begun"
    status: int | None = None
    code: str = ""
    body: bytes = b""

    @property
    def answer(self) -> Any:
        """The JSON of the answer, money as exact Decimals."""
        return msgspec.json.decode(self.body) if self.body else None

    @property
    def is_final(self) -> bool:
        """Whether the same key has to be answered the same for good."""
        passing = ("payment_in_progress", "request_in_progress", *TOO_MANY_UNPAID)
        if self.status is None or self.status == 202 or self.outcome == "unknown":
            return False
        return self.status < 300 or (self.status in (404, 409, 422) and self.code not in passing)


class History:
    """All records of a run, in memory and, as lines of JSON, in a file."""

    def __init__(self, path: Path) -> None:
        self.records: list[Record] = []
        self._file = path.open("ab", buffering=0)

    def begin(
        self,
        client: str,
        op: str,
        method: str,
        path: str,
        *,
        key: str | None,
        sent: Any,
        note: dict[str, Any],
    ) -> Record:
        """Write down what is about to be done."""
        record = Record(
            number=len(self.records),
            client=client,
            op=op,
            method=method,
            path=path,
            key=key,
            sent=sent,
            note=note,
            began=time.monotonic(),
        )
        self.records.append(record)
        self._write(record)
        return record

    def end(
        self,
        record: Record,
        outcome: Outcome,
        *,
        status: int | None = None,
        code: str = "",
        body: bytes = b"",
    ) -> Record:
        """Write down what came of it."""
        record.ended = time.monotonic()
        record.outcome, record.status, record.code, record.body = outcome, status, code, body
        self._write(record)
        return record

    def of(self, *ops: str) -> Iterator[Record]:
        """The records of these operations."""
        return (record for record in self.records if record.op in ops)

    def close(self) -> None:
        """End any record that has none: what came of it is not known."""
        for record in self.records:
            if record.outcome == "begun":
                self.end(record, "unknown")
        self._file.close()

    def _write(self, record: Record) -> None:
        line = msgspec.json.encode(msgspec.structs.replace(record, body=b"")) + b"\n"
        self._file.write(line)
