"""Recognises the databases of release 0.1.0, which had one script each and no series."""

from __future__ import annotations

from collections.abc import Mapping

COMBINED_CHECKSUMS: Mapping[str, str] = {
    "cart": "cb2c47736541352378ab9d2a28d6b0cf5dc27325078fbddc10d725d3f6965b5d",
    "catalog": "7814ba2051916509f0a1c9d6931ead630373346d133afd89af76cec3272698b6",
    "order": "abd830830493da6df6c46853737bef607ce14cf757ea3bf218e26743d394226d",
    "payment": "4fae787eabb6254608fd2a4ed40057f16c156217a801ee995d62445bfefb442e",
    "registry": "738d6f4e49db97656b1ca34961d68ef196cd88eefb33d8290d6aee0d65d3ae29",
}
"""The checksum of that one script, by service."""

SERIES = frozenset({"shop", "idempotency", *COMBINED_CHECKSUMS})
"""The series that this script held the first migrations of."""
