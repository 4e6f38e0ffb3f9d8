"""What a service is told: flags, with a few defaults from the environment. Read once, at start."""

from __future__ import annotations

import argparse
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

DEVELOPMENT_KEY = "secret-key-123"
"""The operator key of a shop on a developer's own machine."""


_INSTANCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_HOST = re.compile(r"[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+")


class SettingsError(Exception):
    """A flag or an environment variable that cannot be used; the message says which and why."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every service is told.

    `advertise` is the host that others reach this one by. Times are in seconds: a request's body
    has to be there after `body_seconds`, and is answered within `request_deadline` from then on;
    a peer answers within `peer_deadline`; what was begun at the end has `grace`.
    """

    service: str
    data_dir: Path
    registry_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: int = 0
    advertise: str | None = None
    instance_id: str = ""
    api_key: str = DEVELOPMENT_KEY
    currency: str = "USD"
    stop_with_parent: bool = False
    body_seconds: float = 10.0
    request_deadline: float = 15.0
    peer_deadline: float = 3.0
    grace: float = 10.0

    def __post_init__(self) -> None:
        if not self.instance_id:
            object.__setattr__(self, "instance_id", f"{self.service}-1")
        if not _INSTANCE_ID.fullmatch(self.instance_id):
            raise SettingsError(
                f"--instance-id {self.instance_id!r} is not a name such as {self.service}-1."
            )
        if not self.api_key:
            raise SettingsError("API_KEY is empty; set it to the operator key or leave it unset.")
        if not self.api_key.isprintable() or self.api_key != self.api_key.strip():
            raise SettingsError(
                "API_KEY cannot be sent in a header: it has a line break, or a space at an end."
            )
        if self.api_key == DEVELOPMENT_KEY and not is_loopback(self.host):
            raise SettingsError(
                f"--host {self.host} can be reached by other machines, and API_KEY is still the "
                "development key; set API_KEY to a secret of your own first."
            )
        if self.host in ("", "0.0.0.0", "::") and not self.advertise:  # noqa: S104  compared
            raise SettingsError(
                f"--host {self.host!r} is every address of this machine; "
                "say with --advertise which host others reach it by."
            )
        if self.advertise and not _HOST.fullmatch(self.advertise):
            raise SettingsError(
                f"--advertise {self.advertise!r} is not a host alone, such as shop.example."
            )
        if not re.fullmatch(r"[A-Z]{3}", self.currency):
            raise SettingsError(f"CURRENCY {self.currency!r} is not an ISO 4217 code such as USD.")
        object.__setattr__(self, "registry_url", self.registry_url.rstrip("/"))
        if not _is_plain_url(self.registry_url):
            raise SettingsError(
                f"--registry {self.registry_url!r} is not a URL such as http://127.0.0.1:8000."
            )

    def url(self, port: int) -> str:
        """The URL that others reach this service by, listening on `port`."""
        host = self.advertise or self.host
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine's own loopback address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _is_plain_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    extras = (parts.query, parts.fragment, "@" in parts.netloc, port == 0)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(extras)


class OneSentenceParser(argparse.ArgumentParser):
    """Says what is wrong with a flag in one sentence, as a SettingsError."""

    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message[0].upper()}{message[1:]}; see --help.")


def flags(service: str, environ: Mapping[str, str], *, default_port: int) -> OneSentenceParser:
    """The flags that every service takes; a service adds its own. Their names are `Settings`'."""
    parser = OneSentenceParser(
        prog=f"python -m {'registry' if service == 'registry' else f'services.{service}'}",
        description=f"The {service} service of the shop.",
        allow_abbrev=False,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=port_number, default=default_port, help="0 takes a free one (%(default)s)"
    )
    parser.add_argument("--advertise", metavar="URL-HOST", help="the host that others reach it by")
    parser.add_argument(
        "--data-dir", type=Path, default=Path("data"), help="where its database is (%(default)s)"
    )
    parser.add_argument("--stop-with-parent", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--currency", default=environ.get("CURRENCY", "USD"), help="ISO 4217 code")
    if service != "registry":
        parser.add_argument(
            "--registry",
            dest="registry_url",
            metavar="URL",
            default=environ.get("REGISTRY_URL", "http://127.0.0.1:8000"),
            help="the registry (REGISTRY_URL, or %(default)s)",
        )
        parser.add_argument(
            "--instance-id", default=f"{service}-1", help="its own name (%(default)s)"
        )
    parser.set_defaults(service=service, api_key=environ.get("API_KEY", DEVELOPMENT_KEY))
    return parser


def port_number(text: str) -> int:
    """A TCP port from a flag. Raises argparse.ArgumentTypeError."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)


def seconds(text: str) -> float:
    """A time in seconds from a flag. Raises argparse.ArgumentTypeError."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return value
