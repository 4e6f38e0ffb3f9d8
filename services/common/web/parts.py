"""What goes over the wire between two services when calls go together: `POST /batch`.

A batch is one JSON object of parts, each of which is a call. Its answer is a line of JSON for each
part, in whatever order they end, with the part's place in the batch.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

BATCH = "/batch"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""Of its parts."""
MOST_PARTS = 32
MOST_BYTES = 2**20
"""Of a batch, as it is sent."""

_NOTHING = msgspec.Raw()
"""No body. What is not this very object would be encoded, as no JSON."""


class Part(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One call. `path` is percent-encoded and may have a query; `body` is JSON as it was written;
    `key` is its Idempotency-Key. `deadline` is in seconds from now.
    """

    method: Annotated[str, msgspec.Meta(pattern=rf"^({'|'.join(METHODS)})\Z")]
    path: Annotated[str, msgspec.Meta(pattern=r"^/[!-~]*\Z")]
    deadline: Annotated[float, msgspec.Meta(gt=0)]
    body: msgspec.Raw = _NOTHING
    key: str | None = None
    request_id: str = ""
    traceparent: str = ""


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The calls that go together."""

    parts: Annotated[list[Part], msgspec.Meta(min_length=1, max_length=MOST_PARTS)]


class PartAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a part, which is told by its place in the batch, from 0."""

    part: int
    status: int
    headers: dict[str, str]
    body: msgspec.Raw = _NOTHING


_encoder = msgspec.json.Encoder()
decode_batch = msgspec.json.Decoder(Batch).decode
decode_answer = msgspec.json.Decoder(PartAnswer).decode


def as_body(text: bytes | None) -> msgspec.Raw:
    """The JSON of a body as it stands; it may be empty."""
    return msgspec.Raw(text) if text else _NOTHING


def encode_part(part: Part) -> bytes:
    """A part as JSON."""
    return _encoder.encode(part)


def joined(parts: list[bytes]) -> bytes:
    """A batch of these parts, as it is sent."""
    return b'{"parts":[' + b",".join(parts) + b"]}"


def encode_line(answer: PartAnswer) -> bytes:
    """The line that tells an answer. In JSON, line breaks are only between values."""
    return _encoder.encode(answer).replace(b"\n", b" ") + b"\n"
