"""The settings of a service, checked when they are made."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .arguments import SettingsError
from .currency import USD, Currency
from .operator_key import fresh_key, why_guessable

DEVELOPMENT_KEY = "secret-key-123"
"""The operator key of a shop on a developer's own machine."""


_INSTANCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_HOST = re.compile(r"[A-Za-z0-9.-]+|[0-9A-Fa-f:.]+")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings that every service has. Raises SettingsError for one that cannot be used.

    `advertise` is the host by which others reach this service. Times are in seconds: a request's
    body must arrive within `body_seconds`, and the response follows within `request_deadline` after
    that; a peer must answer within `peer_deadline`; at the end, requests in flight have `grace`.
    A customer may have `customer_requests` at once. An address may come with `wrong_key_burst`
    wrong keys, and with `wrong_key_rate` a second from then on.
    """

    service: str
    data_dir: Path
    registry_url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: int = 0
    advertise: str | None = None
    instance_id: str = ""
    api_key: str = DEVELOPMENT_KEY
    currency: Currency = USD
    stop_with_parent: bool = False
    body_seconds: float = 10.0
    request_deadline: float = 15.0
    peer_deadline: float = 3.0
    grace: float = 10.0
    customer_requests: int = 16
    wrong_key_burst: float = 30.0
    wrong_key_rate: float = 1.0

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
        reason = why_guessable(self.api_key)
        if self.uses_development_key:
            reason = "still the development key"
        if reason and not is_loopback(self.host):
            raise SettingsError(
                f"--host {self.host} can be reached by other machines, and API_KEY is {reason}; "
                f"set it to a random one, such as {fresh_key()} (made just now)."
            )
        if self.uses_development_key and self.advertise and not is_loopback(self.advertise):
            raise SettingsError(
                f"--advertise {self.advertise} is a name that the development key is not for; "
                "set API_KEY to a secret of your own first."
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
        object.__setattr__(self, "registry_url", self.registry_url.rstrip("/"))
        if not _is_plain_url(self.registry_url):
            raise SettingsError(
                f"--registry {self.registry_url!r} is not a URL such as http://127.0.0.1:8000."
            )

    def url(self, port: int) -> str:
        """The URL by which others reach this service when it listens on `port`."""
        host = self.advertise or self.host
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def advance_deadline(self) -> float:
        """Seconds that a request waits for the steps of its entity before it responds with the
        current state: enough for one call to a peer and the work before and after it.
        """
        return self.peer_deadline + 1.0

    @property
    def nested_deadline(self) -> float:
        """Seconds that a request of a peer may spend on calls of its own: the peer waits for no
        longer than its own `peer_deadline`.
        """
        return self.peer_deadline / 2

    @property
    def uses_development_key(self) -> bool:
        """Whether anybody may know the operator key, so that only this machine may use it."""
        return self.api_key == DEVELOPMENT_KEY

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
