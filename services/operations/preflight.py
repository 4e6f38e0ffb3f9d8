"""What is looked at before anything is started: the key, the data folder, the ports.

Each of these is found by the services as well, but here it is one sentence and not one from each.
"""

from __future__ import annotations

import errno
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from services.common.filelock import FileLock, LockHeld
from services.common.restoring import require_whole
from services.common.settings import Settings, SettingsError

from . import OperationError
from .parts import Part, Place
from .sentences import sentences

PATIENCE = 1.0
"""Seconds; a shop that was killed a moment ago may still be letting go of its ports."""


def operator_key(place: Place, environ: Mapping[str, str]) -> str:
    """The operator key in force. Raises OperationError if the services would not start with it."""
    key = environ.get("API_KEY", Settings.api_key)
    try:
        Settings(
            service="run",
            data_dir=place.data_dir,
            host=place.host,
            advertise=place.advertise,
            api_key=key,
            currency=environ.get("CURRENCY", Settings.currency),
        )
    except SettingsError as error:
        raise OperationError(str(error)) from error
    return key


@contextmanager
def data_folder_locked(place: Place) -> Iterator[None]:
    """Hold the data folder, making it first if need be. Raises OperationError if that fails."""
    lock = FileLock(place.data_dir / "run.lock")
    try:
        lock.acquire()
    except LockHeld as held:
        raise OperationError(
            f"The data folder {place.data_dir} is in use by {held.holder}: stop that one, or give "
            "another folder with --data-dir."
        ) from None
    except OSError as error:
        raise OperationError(
            f"The data folder {place.data_dir} cannot be written ({error.strerror}): mend that, "
            "or give another with --data-dir."
        ) from None
    try:
        with sentences():
            require_whole(place.data_dir)
        yield
    finally:
        lock.release()


def wait_for_ports(place: Place, parts: Sequence[Part], *, patience: float = PATIENCE) -> None:
    """Return once every port can be listened on.

    Raises OperationError, naming the first that still cannot after `patience` seconds.
    """
    give_up_at = time.monotonic() + patience
    for part in parts:
        while error := _why_not_bound(place.host, place.port(part)):
            if error.errno != errno.EADDRINUSE:
                raise OperationError(
                    f"Nothing can listen on {place.host} port {place.port(part)}, for {part.name} "
                    f"({error.strerror}): give another --host or --base-port."
                )
            if time.monotonic() >= give_up_at:
                raise OperationError(
                    f"Port {place.port(part)}, for {part.name}, is taken by another program: end "
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
                # As the services do: a port is free though its last connections are fading out.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen()
    except OSError as error:
        return error
    return None
