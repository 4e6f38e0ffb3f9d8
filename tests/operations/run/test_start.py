"""A whole start, from the locks to the last signal, as a process of its own with fake services."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import pytest

from tests.end_to_end.real_shop import free_base_port
from tests.operations.run.fake_shop import SERVICES

ROOT = Path(__file__).resolve().parents[3]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answered_by(port: int) -> int | None:
    """The process that answers on a port, if one does."""
    with (
        suppress(OSError, HTTPException),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer,
    ):
        pid: int = json.load(answer)["pid"]
        return pid
    return None


class Shop:
    """A started shop; what it writes is read as far as a test needs it."""

    def __init__(
        self, base_port: int, data_dir: Path, *, key: str | None, **settings: object
    ) -> None:
        self.base_port = base_port
        environ = {name: text for name, text in os.environ.items() if name != "API_KEY"}
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.operations.run.fake_shop",
                json.dumps({"base_port": base_port, "data_dir": str(data_dir), **settings}),
            ],
            cwd=ROOT,
            env=environ | ({} if key is None else {"API_KEY": key}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.seen = ""

    def until(self, text: str) -> str:
        """Everything that was written, as far as the line with this text."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.seen += line
            if text in line:
                return self.seen
        raise AssertionError(f"{text!r} was not said; but:\n{self.seen}")

    def ready(self) -> str:
        return self.until("stop  ")

    def pid(self, name: str) -> int:
        """The process of a service, as the table has it."""
        row = next(row.split() for row in self.seen.splitlines() if row.split()[:1] == [name])
        return int(row[2])

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Exit code, standard output from where it was read, standard error."""
        self.process.send_signal(number)
        return self.result()

    def result(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err

    def ports(self) -> list[int]:
        return [self.base_port + service.offset for service in SERVICES]


Start = Callable[..., Shop]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    shops: list[Shop] = []

    def begin(
        base_port: int = 0, folder: str = "data", *, key: str | None = None, **settings: object
    ) -> Shop:
        shops.append(Shop(base_port or free_base_port(), tmp_path / folder, key=key, **settings))
        return shops[-1]

    yield begin
    for shop in shops:
        with suppress(ProcessLookupError):
            shop.process.kill()
        shop.process.communicate()


def test_a_shop_says_where_everything_is_once_it_is_ready(start: Start, tmp_path: Path) -> None:
    shop = start()
    said = shop.ready()
    base = shop.base_port
    assert f"http://127.0.0.1:{base + 1} " in said
    assert f"shop       http://127.0.0.1:{base + 80}/" in said
    assert f"dashboard  http://127.0.0.1:{base}/#key=secret-key-123" in said
    assert "at /docs of each of these" in said
    assert "the development key" in said
    assert f"run.py import FILE.csv --registry http://127.0.0.1:{base}" in said
    assert f"run.py audit --data-dir {tmp_path / 'data'}" in said
    for service in SERVICES:
        assert answered_by(base + service.offset) == shop.pid(service.name)


def test_a_key_of_ones_own_is_never_shown(start: Start) -> None:
    shop = start(key="correct-horse")
    said = shop.ready()
    _, out, err = shop.end()
    assert "API_KEY" in said
    assert "correct-horse" not in said + out + err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything_and_the_exit_code_is_0(
    start: Start, number: signal.Signals
) -> None:
    shop = start()
    shop.ready()
    code, out, err = shop.end(number)
    assert (code, err) == (0, "")
    assert "stopped" in out.splitlines()[-1]
    assert not any(listens(port) for port in shop.ports())


def test_its_services_end_when_it_is_killed_and_the_next_start_succeeds(
    start: Start,
) -> None:
    shop = start()
    shop.ready()
    shop.process.kill()
    again = start(shop.base_port)
    again.ready()
    assert again.pid("cart") != shop.pid("cart")
    assert again.end()[0] == 0


def test_a_second_start_in_the_same_folder_names_the_first_and_disturbs_nothing(
    start: Start,
) -> None:
    shop = start()
    shop.ready()
    code, out, err = start().result()
    assert (code, out) == (1, "")
    assert f"is in use by process {shop.process.pid}:" in err
    assert err.count("\n") == 1
    assert all(listens(port) for port in shop.ports())


def test_a_busy_port_is_named_and_nothing_is_left_running(start: Start) -> None:
    base_port = free_base_port()
    with socket.create_server(("127.0.0.1", base_port + 1)):
        shop = start(base_port)
        code, out, err = shop.result()
        assert (code, out) == (1, "")
        assert f"Port {base_port + 1}, for cart, is taken" in err
        assert "--base-port" in err
        assert not listens(base_port)


def test_the_log_as_json_is_one_object_a_line_and_nothing_else(start: Start) -> None:
    shop = start(json_lines=True)
    said = shop.until('"message": "ready"')
    code, out, _ = shop.end()
    assert code == 0
    lines = [json.loads(line) for line in (said + out).splitlines()]
    ready = next(line for line in lines if line["message"] == "ready")
    assert ready["services"]["cart"] == f"http://127.0.0.1:{shop.base_port + 1}"
    assert {line["service"] for line in lines} == {"run", "registry", "cart", "storefront"}


def test_a_log_file_gets_the_log_and_standard_output_the_table(
    start: Start, tmp_path: Path
) -> None:
    path = tmp_path / "shop.log"
    shop = start(json_lines=True, log_file=str(path))
    said = shop.until("Ctrl-C")
    code, out, _ = shop.end()
    assert (code, out) == (0, "")
    assert "storefront" in said
    assert '"message"' not in said
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    messages = [line["message"] for line in lines if line["service"] == "run"]
    assert [*messages[:2], messages[-1]] == ["starting", "ready", "stopped"]
    assert {line["service"] for line in lines} == {"run", "registry", "cart", "storefront"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_log_file_that_takes_nothing_is_told_and_nothing_is_started(start: Start) -> None:
    shop = start(log_file="/dev/full")
    code, out, err = shop.result()
    assert (code, out) == (1, "")
    assert err == (
        "The log file /dev/full cannot be written (No space left on device): mend that, or give "
        "another with --log-file.\n"
    )


def test_a_reader_that_goes_away_does_not_stop_the_shop(start: Start) -> None:
    shop = start()
    shop.ready()
    assert shop.process.stdout is not None
    shop.process.stdout.close()
    os.kill(shop.pid("cart"), signal.SIGKILL)
    while answered_by(shop.base_port + 1) in (None, shop.pid("cart")):
        pass
    shop.process.terminate()
    assert shop.process.wait(20) == 0
