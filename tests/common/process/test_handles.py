"""File handles: as many as the system allows, and a line in the log when they run short."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.processes import Process

if sys.platform == "win32":
    pytest.skip("Windows has no such limit", allow_module_level=True)
import resource


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Process]:
    """A catalog that is started with few handles, and may have a few more."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, before[1]))
    try:
        process = Process(
            "services.catalog", tmp_path, "--port", "0", "--registry", "http://127.0.0.1:9"
        )
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    yield process
    process.kill()


def test_a_service_may_open_as_much_as_the_system_allows(catalog: Process) -> None:
    catalog.url()
    soft, hard = resource.prlimit(catalog.pid, resource.RLIMIT_NOFILE)
    assert soft == hard > 64


def test_a_service_that_is_nearly_out_of_handles_says_so_once(catalog: Process) -> None:
    url = urlsplit(catalog.url())
    assert url.port is not None
    resource.prlimit(catalog.pid, resource.RLIMIT_NOFILE, (64, 64))
    with ExitStack() as connections:
        for _ in range(80):
            guest = socket.create_connection(
                ("127.0.0.1", url.port), source_address=("127.0.0.2", 0)
            )
            connections.enter_context(guest)
        said = catalog.until("nearly out of file handles")
    assert said["level"] == "warning"
    assert said["limit"] == 64
    assert catalog.end() == 0
    assert [line["message"] for line in catalog.lines].count(said["message"]) == 1
