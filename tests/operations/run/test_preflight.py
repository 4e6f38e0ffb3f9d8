"""What is refused before anything is started, each in one sentence that says what to do."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from services.common.core.currency import USD
from services.operations import OperationError
from services.operations.run.deployment import SERVICES, Deployment, Service
from services.operations.run.preflight import data_folder_locked, shared_settings, wait_for_ports


def taken() -> tuple[socket.socket, Deployment, Service]:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    return listener, Deployment(base_port=port - 3), Service("order", "services.order", 3)


def test_a_busy_port_is_named_with_its_part_and_the_way_out() -> None:
    listener, deployment, service = taken()
    with listener, pytest.raises(OperationError, match=r"Port \d+, for order, .*--base-port N"):
        wait_for_ports(deployment, [service], patience=0.0)


def test_a_port_that_is_released_in_time_is_waited_for() -> None:
    listener, deployment, service = taken()
    with listener:
        closing = threading.Timer(0.05, listener.close)
        closing.start()
        wait_for_ports(deployment, [service], patience=30.0)
        closing.join()


def test_a_port_is_free_though_its_last_connection_is_fading_out() -> None:
    listener, deployment, service = taken()
    with listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
        server.close()  # the side that closes first keeps the port for a while
        client.close()
    wait_for_ports(deployment, [service], patience=0.0)


def test_an_address_that_is_not_this_machines_is_told_apart_from_a_busy_port() -> None:
    with pytest.raises(OperationError, match=r"192\.0\.2\.1 .*give another --host"):
        wait_for_ports(Deployment(host="192.0.2.1", base_port=20_000), SERVICES, patience=0.0)


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    deployment = Deployment(data_dir=tmp_path / "file" / "data")
    with (
        pytest.raises(OperationError, match=r"file/data cannot be written .*--data-dir"),
        data_folder_locked(deployment, USD),
    ):
        pass


def test_a_data_folder_is_free_again_once_its_shop_has_ended(tmp_path: Path) -> None:
    deployment = Deployment(data_dir=tmp_path)
    with data_folder_locked(deployment, USD):
        pass
    with data_folder_locked(deployment, USD):
        pass


def opened_in(path: Path, currency: str) -> sqlite3.Connection:
    """A database that a shop has opened in a currency; it is in the WAL until the close."""
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("CREATE TABLE opened_in (currency TEXT, decimals INTEGER)")
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.execute("INSERT INTO opened_in VALUES (?, 2)", (currency,))
    return conn


def test_a_shop_of_another_currency_is_refused_before_anything_starts(tmp_path: Path) -> None:
    opened_in(tmp_path / "orders.db", "EUR").close()
    with (
        pytest.raises(OperationError, match="opened in EUR, and CURRENCY is USD"),
        data_folder_locked(Deployment(data_dir=tmp_path), USD),
    ):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"orders.db", "run.lock"}


def test_the_currency_of_a_shop_that_was_killed_is_read_from_the_wal(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with closing(opened_in(tmp_path / "orders.db", "EUR")):
        for name in ("orders.db", "orders.db-wal"):
            shutil.copyfile(tmp_path / name, data / name)
    with (
        pytest.raises(OperationError, match="opened in EUR, and CURRENCY is USD"),
        data_folder_locked(Deployment(data_dir=data), USD),
    ):
        pass
    assert {path.name for path in data.iterdir()} == {"orders.db", "orders.db-wal", "run.lock"}


def test_a_database_that_cannot_be_read_is_left_to_its_service(tmp_path: Path) -> None:
    (tmp_path / "orders.db").write_bytes(b"no database" * 1000)
    with data_folder_locked(Deployment(data_dir=tmp_path), USD):
        pass


def test_the_operator_key_is_the_one_from_the_environment() -> None:
    assert shared_settings(Deployment(), {"API_KEY": "mine"}).api_key == "mine"
    assert shared_settings(Deployment(), {}).api_key == "secret-key-123"


def test_a_wrong_operator_key_is_reported_once(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="API_KEY is empty"):
        shared_settings(Deployment(), {"API_KEY": ""})
    with pytest.raises(OperationError, match="development key"):
        shared_settings(Deployment(host="192.0.2.1"), {})
    with pytest.raises(OperationError, match="--advertise"):
        shared_settings(Deployment(host="0.0.0.0"), {"API_KEY": "a key of our own"})
