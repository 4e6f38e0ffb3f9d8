"""Services as processes: how they start, why they do not, and how they end."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from services.common.process.serve import StartupError
from tests.common.bakery import open_bakery
from tests.processes import ROOT, Process, call
from tests.shop import Shop

Start = Callable[..., Process]
NOWHERE = ("--registry", "http://127.0.0.1:9")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `python -m MODULE`, on a free port and without a registry unless a flag says so."""
    started: list[Process] = []

    def begin(module: str = "services.cart", *flags: str, **environ: str) -> Process:
        free = () if "--port" in flags else ("--port", "0")
        registry = () if module == "registry" else NOWHERE
        started.append(Process(module, tmp_path / "data", *free, *registry, *flags, **environ))
        return started[-1]

    yield begin
    for process in started:
        process.kill()


def only_error(process: Process) -> str:
    """The one line that a process which could not start has said."""
    code, lines = process.result()
    assert code == 1, lines
    assert [line["level"] for line in lines] == ["error"]
    message = str(lines[0]["message"])
    assert "Traceback" not in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("module", ["registry", "services.cart"])
def test_a_service_starts_alone_and_ends_when_asked(start: Start, module: str) -> None:
    process = start(module, API_KEY="correct-horse")
    url = process.url()
    assert call("GET", f"{url}/livez") == (200, {"status": "alive"})
    status, version = call("GET", f"{url}/version")
    assert (status, version["service"]) == (200, module.rpartition(".")[2])
    assert process.end() == 0
    assert process.lines[-1]["message"] == "stopped"
    assert {line["service"] for line in process.lines} == {module.rpartition(".")[2]}
    assert "correct-horse" not in str(process.lines)


def test_control_c_stops_a_service(start: Start) -> None:
    process = start()
    process.url()
    assert process.end(signal.SIGINT) == 0


def test_a_request_under_way_is_finished_after_sigterm(start: Start) -> None:
    """A registry that is asked to look at an instance waits a second for its answer."""
    process = start("registry")
    url = process.url()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        at = {"url": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        assert call("PUT", f"{url}/services/cart/cart-1", at)[0] == 201
        report = {"service": "cart", "instance_id": "cart-1", "what": "silence"}
        answers: list[Any] = []
        reporting = threading.Thread(
            target=lambda: answers.append(call("POST", f"{url}/reports", report))
        )
        reporting.start()
        with silent.accept()[0]:
            assert process.end() == 0
            reporting.join()
    assert answers[0][0] == 202
    assert answers[0][1]["state"] == "suspect"


def test_a_long_poll_does_not_keep_the_registry_from_ending(start: Start) -> None:
    process = start("registry")
    url = process.url()
    _, now = call("GET", f"{url}/services")
    watch = f"{url}/services?epoch={now['epoch']}&index={now['index']}&wait=60"
    answers: list[Any] = []

    def poll() -> None:
        with suppress(OSError):
            answers.append(call("GET", watch))

    polling = threading.Thread(target=poll)
    polling.start()
    began = time.monotonic()
    assert process.end() == 0
    polling.join()
    assert time.monotonic() - began < 5


def test_a_second_signal_ends_it_now(start: Start) -> None:
    process = start("registry")
    url = urlsplit(process.url())
    with socket.create_connection((url.hostname, url.port)) as connection:
        connection.sendall(
            b"PUT /services/cart/cart-1 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"X-API-Key: secret-key-123\r\n"
            b"Content-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
        )
        call("GET", f"{url.geturl()}/livez")
        process.tell(signal.SIGTERM)
        process.until("stopping")
        assert process.end() == 130


def test_a_busy_port_is_named(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = only_error(start("services.cart", "--port", str(port)))
    assert f"127.0.0.1:{port} is taken" in message
    assert "--port" in message


async def test_a_port_of_another_service_is_busy(shop: Shop) -> None:
    port = urlsplit(shop.urls["registry"]).port
    with pytest.raises(StartupError, match=f":{port} is taken"):
        await open_bakery(shop, [], port=port)


@pytest.mark.parametrize("host", ["203.0.113.1", "no.such.host.invalid"])
async def test_a_host_that_is_not_this_machine_s_is_named(shop: Shop, host: str) -> None:
    with pytest.raises(StartupError, match=f"Cannot listen on {host}:0: .*--host"):
        await open_bakery(shop, [], host=host, api_key="a key of our own")


async def test_a_failed_start_leaves_nothing_behind(shop: Shop) -> None:
    port = urlsplit(shop.urls["registry"]).port
    with pytest.raises(StartupError):
        await open_bakery(shop, [], port=port)
    await open_bakery(shop, [])


def test_a_data_folder_that_is_a_file_is_named(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    assert str(tmp_path / "data") in only_error(start())


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unwritable for the superuser")
def test_a_data_folder_that_cannot_be_written_is_named(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o500)
    assert str(tmp_path / "data") in only_error(start())


def test_a_second_process_on_the_same_data_names_the_first(start: Start) -> None:
    first = start()
    first.url()
    assert f"in use by process {first.pid}:" in only_error(start())
    assert first.end() == 0


def test_a_corrupt_database_is_left_as_it_is(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    file = tmp_path / "data" / "carts.db"
    file.write_bytes(b"no database" * 1000)
    message = only_error(start())
    assert "restore" in message
    assert file.read_bytes() == b"no database" * 1000


def test_a_wrong_variable_of_one_service_is_named(start: Start) -> None:
    message = only_error(start("services.order", SECONDS_TO_PAY="soon"))
    assert "--seconds-to-pay" in message
    assert "soon" in message


@pytest.mark.parametrize("value", ["many", "-1", "1.5", ""])
def test_a_bound_that_is_no_whole_number_is_named(start: Start, value: str) -> None:
    message = only_error(start("services.order", UNPAID_ORDERS=value))
    assert "--unpaid-orders" in message
    assert "whole number" in message


def test_a_child_ends_when_its_standard_input_closes(start: Start) -> None:
    child = start("services.cart", "--stop-with-parent")
    child.url()
    assert child.process.stdin is not None
    child.process.stdin.close()
    assert child.process.wait(10) == 0


PARENT = """
import subprocess, sys
child = subprocess.Popen(
    [sys.executable, "-m", "services.cart", "--port", "0", "--data-dir", sys.argv[1],
     "--registry", "http://127.0.0.1:9", "--stop-with-parent"],
    stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
)
for line in child.stderr:
    if "listening" in line:
        print(child.pid, flush=True)
child.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize("stopped", [False, True], ids=["running", "stopped"])
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path, stopped: bool) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        handle = os.pidfd_open(pid)
        if stopped:
            os.kill(pid, signal.SIGSTOP)
        parent.kill()
    try:
        assert _ends(handle)
    finally:
        os.close(handle)


def _ends(handle: int) -> bool:
    """Whether the process behind a pidfd ends soon: the descriptor becomes readable then."""
    readable, _, _ = select.select([handle], [], [], 10)
    return bool(readable)
