"""Checks before anything is started: the operator key, the data folder, the ports.

The services check these as well, but here an error is one sentence, and not one from each service.
"""

from __future__ import annotations

import errno
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from services.common.core.arguments import SettingsError
from services.common.core.currency import USD, currency_of
from services.common.core.settings import Settings
from services.common.storage.filelock import FileLock, LockHeld
from services.common.storage.restore_guard import require_whole

from .. import OperationError
from ..sentences import sentences
from .deployment import Deployment, Service

PATIENCE = 1.0
"""Seconds; a shop that was killed a moment ago may still hold its ports."""


def operator_key(deployment: Deployment, environ: Mapping[str, str]) -> str:
    """The operator key. Raises OperationError if the services would not start with the settings."""
    key = environ.get("API_KEY", Settings.api_key)
    try:
        Settings(
            service="run",
            data_dir=deployment.data_dir,
            host=deployment.host,
            advertise=deployment.advertise,
            api_key=key,
            currency=currency_of(environ.get("CURRENCY", USD.code)),
        )
    except SettingsError as error:
        raise OperationError(str(error)) from error
    return key


@contextmanager
def data_folder_locked(deployment: Deployment) -> Iterator[None]:
    """Hold the lock of the data folder, which is made if needed. Raises OperationError."""
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
        yield
    finally:
        lock.release()


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
