"""Checks before anything is started: the settings, the data folder and its currency, the ports.

The services check these as well, but here an error is one sentence, and not one from each service.
"""

from __future__ import annotations

import errno
import shutil
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from services.common.core.currency import USD, Currency, currency_of
from services.common.core.settings import Settings
from services.common.storage.file import read_only_uri
from services.common.storage.filelock import FileLock, LockHeld
from services.common.storage.restore_guard import require_whole
from services.common.storage.shop_identity import require_currency

from .. import OperationError
from ..databases import AUDITED
from ..sentences import sentences
from .deployment import Deployment, Service

PATIENCE = 1.0
"""Seconds; a shop that was killed a moment ago may still hold its ports."""


def shared_settings(deployment: Deployment, environ: Mapping[str, str]) -> Settings:
    """What all services are told alike, such as the operator key and the currency.

    Raises OperationError if they would not start with it.
    """
    with sentences():
        return Settings(
            service="run",
            data_dir=deployment.data_dir,
            host=deployment.host,
            advertise=deployment.advertise,
            api_key=environ.get("API_KEY", Settings.api_key),
            currency=currency_of(environ.get("CURRENCY", USD.code)),
        )


@contextmanager
def data_folder_locked(deployment: Deployment, currency: Currency) -> Iterator[None]:
    """Hold the lock of the data folder, which is made if needed.

    Raises OperationError if the folder is in use or not whole, or of a shop that does not sell in
    `currency`; then nothing in it is changed.
    """
    lock = FileLock(deployment.data_dir / "run.lock")
    try:
        lock.acquire()
    except LockHeld as held:
        raise OperationError(
            f"The data folder {deployment.data_dir} is in use by {held.holder}: stop that one, or "
            "give another folder with --data-dir."
        ) from None
    except OSError as error:
        raise OperationError(
            f"The data folder {deployment.data_dir} cannot be written ({error.strerror}): mend "
            "that, or give another with --data-dir."
        ) from None
    try:
        with sentences():
            require_whole(deployment.data_dir)
            for name in AUDITED:
                _require_currency(deployment.data_dir / f"{name}.db", currency)
        yield
    finally:
        lock.release()


def _require_currency(path: Path, currency: Currency) -> None:
    """Raise SettingsError if a database was opened in another currency. All are looked at before
    any service starts: the first to start would migrate its own, and then the release that the shop
    has to go on with could not open it.
    """
    wal = path.with_name(f"{path.name}-wal")
    # A file that cannot be read is left to its service, which says so.
    with suppress(sqlite3.Error, OSError):
        found = _checked(path, currency)
        if found is None and wal.exists():  # the shop was killed soon after its first start
            with tempfile.TemporaryDirectory(prefix="currency-") as copies:
                for file in (path, wal):
                    shutil.copyfile(file, Path(copies) / file.name)
                _checked(Path(copies) / path.name, currency, in_wal=True)


def _checked(path: Path, currency: Currency, *, in_wal: bool = False) -> Currency | None:
    """The currency that a database was opened in, which has to be `currency`. Unless it may be
    `in_wal`, the file is read as immutable: SQLite would make others beside it.
    """
    uri = read_only_uri(path) if in_wal else f"{read_only_uri(path)}&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as conn:
        return require_currency(conn, currency)


def wait_for_ports(
    deployment: Deployment, services: Sequence[Service], *, patience: float = PATIENCE
) -> None:
    """Return as soon as every port is free to listen on.

    Raises OperationError, which names the first port that is not free after `patience` seconds.
    """
    give_up_at = time.monotonic() + patience
    for service in services:
        port = deployment.port(service)
        while error := _why_not_bound(deployment.host, port):
            if error.errno != errno.EADDRINUSE:
                raise OperationError(
                    f"Nothing can listen on {deployment.host} port {port}, for {service.name} "
                    f"({error.strerror}): give another --host or --base-port."
                )
            if time.monotonic() >= give_up_at:
                raise OperationError(
                    f"Port {port}, for {service.name}, is taken by another program: end "
                    "that one, or move the whole shop with --base-port N."
                )
            time.sleep(0.02)


def _why_not_bound(host: str, port: int) -> OSError | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            if sys.platform != "win32":
                # As the services do: a port is free despite old connections (TIME_WAIT).
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        return error
    return None
